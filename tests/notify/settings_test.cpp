#include "notify/settings.h"

#include <doctest/doctest.h>

namespace bb::notify {
namespace {

bool placeholder(const std::string& text) { return is_placeholder(Secret(text)); }

TEST_CASE("notify settings: keys of examples are placeholders, real ones are not") {
  CHECK(placeholder(""));
  CHECK(placeholder("YOUR_SERVERCHAN_SENDKEY"));
  CHECK(placeholder("your_sendkey_here"));
  CHECK(placeholder("SCTxxxxxxxxxxxxxxxxxxxx"));
  CHECK(placeholder("<paste the key here>"));
  CHECK(placeholder("SCT"));
  CHECK(!placeholder("SCT123456TAbCdEfGhIjKlMn"));
  CHECK(!placeholder("sctp4711tabcdefghijklmnop"));
}

TEST_CASE("notify settings: the rows fill the struct and never print the key") {
  NotifySettings settings;
  CHECK(settings.enabled);
  std::vector<SettingsSection> sections;
  sections.push_back(notify_section(settings));
  const auto file = parse_ini(
      "[notify]\nenabled = false\nserverchan_sendkey = SCT123456TAbCdEf\n"
      "http_proxy = http://127.0.0.1:8118\n",
      "config.ini");
  REQUIRE(file.has_value());
  const auto loaded = apply_settings(*file, {}, sections);
  REQUIRE(loaded.has_value());
  CHECK(!settings.enabled);
  CHECK(settings.serverchan_sendkey.reveal() == "SCT123456TAbCdEf");
  CHECK(settings.http_proxy == "http://127.0.0.1:8118");
  CHECK(print_settings(sections).find("SCT123456") == std::string::npos);
}

}  // namespace
}  // namespace bb::notify
