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

TEST_CASE("notify settings: the original's variables fill what nothing else has said") {
  const Environment environment{{"TELEGRAM_TOKEN", "123456:AAbb"},
                                {"TELEGRAM_CHAT_ID", "42, -100123,42"},
                                {"PROXY_URL", "socks5://127.0.0.1:1080"}};
  NotifySettings settings;
  CHECK(take_environment(settings, environment).empty());
  CHECK(settings.telegram.token.reveal() == "123456:AAbb");
  CHECK(settings.telegram.chats == std::vector<std::int64_t>{42, -100123});
  CHECK(settings.telegram.proxy == "socks5://127.0.0.1:1080");
  CHECK(settings.https_proxy == "socks5://127.0.0.1:1080");
  CHECK(settings.http_proxy == "socks5://127.0.0.1:1080");

  NotifySettings said;
  said.telegram.chats = {7};
  said.https_proxy = said.http_proxy = "http://own:1";
  CHECK(take_environment(said, environment).empty());
  CHECK(said.telegram.chats == std::vector<std::int64_t>{7});
  CHECK(said.https_proxy == "http://own:1");
  CHECK(said.telegram.proxy == "socks5://127.0.0.1:1080");

  NotifySettings wrong;
  const auto faults = take_environment(wrong, {{"TELEGRAM_CHAT_ID", "@channel"}});
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("TELEGRAM_CHAT_ID: '@channel' is no chat id") != std::string::npos);
}

TEST_CASE("notify settings: alerts have a level each, and quiet hours may pass midnight") {
  NotifySettings settings;
  std::vector<SettingsSection> sections;
  sections.push_back(alerts_section(settings.alerts));
  sections.push_back(telegram_section(settings.telegram));
  auto file = parse_ini(
      "[alerts]\nquiet_hours = 23:00-07:30\npatrol = off\nentry = Silent\n"
      "[telegram]\nchat_id = 1,-2\n",
      "config.ini");
  REQUIRE(file.has_value());
  REQUIRE(apply_settings(*file, {}, sections).has_value());
  const auto& alerts = settings.alerts;
  CHECK(alerts.level_of("patrol") == Level::off);
  CHECK(alerts.level_of("entry") == Level::silent);
  CHECK(alerts.level_of("disk") == Level::on);
  CHECK(alerts.level_of("stop_moved") == Level::silent);
  CHECK(alerts.is_quiet(23 * 60));
  CHECK(alerts.is_quiet(7 * 60 + 29));
  CHECK(!alerts.is_quiet(7 * 60 + 30));
  CHECK(!alerts.is_quiet(12 * 60));
  CHECK(settings.telegram.chats == std::vector<std::int64_t>{1, -2});
  for (const char* bad : {"23-7", "25:00-01:00", "07:00-07:00", "07:00"}) {
    file = parse_ini(std::string("[alerts]\nquiet_hours = ") + bad + "\n", "config.ini");
    REQUIRE(file.has_value());
    CHECK(!apply_settings(*file, {}, sections).has_value());
  }
  CHECK(!AlertSettings{}.is_quiet(0));
}

TEST_CASE("notify settings: a token that cannot be one is a fault, an example's is not") {
  NotifySettings settings;
  CHECK(validate(settings).empty());
  settings.telegram.token = Secret("YOUR_BOT_TOKEN");
  CHECK(validate(settings).empty());
  settings.telegram.token = Secret("1234567890abcdef");
  CHECK(validate(settings).size() == 1);
  settings.telegram.token = Secret("123456:AAbbCCdd");
  CHECK(validate(settings).empty());
}

}  // namespace
}  // namespace bb::notify
