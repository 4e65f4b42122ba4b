// init and import: what they refuse, what they keep to themselves, whom they believe.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/import_config.h"
#include "app/telegram_hello.h"
#include "support/run.h"

namespace bb::app::test {
namespace {

namespace fs = std::filesystem;
using bb::test::TempDir;

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

int import(const ImportCommand& command) {
  Config config;
  return run_command(CommandContext{config, true}, command);
}

ImportCommand takeover(const TempDir& dir, const std::string& more) {
  fs::create_directory(dir.file("old"));
  std::ofstream(dir.file("old/config.ini"))
      << "[binance]\napi_key = k\napi_secret = s\nbase_url = http://127.0.0.1:1\n"
      << more;
  ImportCommand command;
  command.config_path = dir.file("config.ini");
  command.from = dir.file("old/config.ini");
  command.apply = true;
  return command;
}

TEST_CASE("import: a database that is not there is an error, unless none is wanted") {
  const TempDir dir;
  auto command = takeover(dir, "[runtime]\ndb_path = state.db\n");
  CHECK(import(command) == kConfiguration);
  CHECK_FALSE(fs::exists(command.config_path));
  fs::create_directory(dir.file("old/state.db"));  // nor is a folder one
  CHECK(import(command) == kConfiguration);
  CHECK_FALSE(fs::exists(command.config_path));
  command.from_db = dir.file("elsewhere.db");
  CHECK(import(command) == kConfiguration);
  CHECK_FALSE(fs::exists(command.config_path));
  command.from_db.clear();
  command.no_db = true;
  CHECK(import(command) == kDone);
  CHECK(fs::exists(command.config_path));
}

TEST_CASE("import: the old file that is kept beside the new one is private and the same") {
  const TempDir dir;
  auto command = takeover(dir, "");
  command.no_db = true;
  command.config_path = command.from;
  const auto before = read(command.from);
  REQUIRE(chmod(command.from.c_str(), 0644) == 0);
  REQUIRE(import(command) == kDone);
  const auto kept = command.from + ".python";
  CHECK(read(kept) == before);
  struct stat info{};
  REQUIRE(stat(kept.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("import: where the original never entered, nothing is entered, and the key is named") {
  const auto done = translate_config("[runtime]\nentry_catchup_enabled = off\n", "old.ini", {});
  REQUIRE(done.has_value());
  CHECK(done->keys.at({"runtime", "entry_enabled"}).value == "false");
  bool is_named = false;
  for (const auto& change : done->changes)
    is_named |= change.starts_with("[runtime] entry_enabled:") && change.contains("set it to true");
  CHECK(is_named);
  const auto on = translate_config("[runtime]\nentry_catchup_enabled = on\n", "old.ini", {});
  REQUIRE(on.has_value());
  CHECK_FALSE(on->keys.contains({"runtime", "entry_enabled"}));
}

TEST_CASE("import: who a proxy knows us as stands in no message and in no comment") {
  for (const char* text : {"[notify]\nhttp_proxy = http://me:hush%%1@proxy:1\n",
                           "[notify]\nhttps_proxy = http://me:hush%%1@proxy:1\n",
                           "[notify]\nhttp_proxy = http://me:hush%%1@proxy:1\n"
                           "https_proxy = http://other:1\n"}) {
    const auto done = translate_config(text, "old.ini", {});
    REQUIRE(done.has_value());
    for (const auto& change : done->changes)
      CHECK_FALSE(change.contains("hush"));
    std::istringstream lines(config_text({}, done->keys, done->more));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with('#')) CHECK_FALSE(line.contains("hush"));
  }
}

std::string update(const std::string& text, const std::string& type = "private") {
  const std::string chat = R"("chat":{"id":5,"type":")" + type + R"("})";
  return R"([{"update_id":7,"message":{"from":{"id":5,"first_name":"Ann"},)" + chat +
         R"(,"text":")" + text + R"("}}])";
}

TEST_CASE("init: only the code itself, in a private chat, says who the bot's owner is") {
  const auto code = make_hello_code();
  CHECK(code.size() == 12);
  CHECK(code != make_hello_code());
  for (const auto& text : {code, "/start " + code}) {
    const auto heard = read_hello(update(text), code);
    REQUIRE(heard.hello.has_value());
    CHECK(heard.hello->user == 5);
    CHECK(heard.next_offset == 8);
  }
  for (const auto& text : {"x" + code, code + "x", code + " ", "/start  " + code, "/Start " + code,
                           "/start@bot " + code, "it is " + code, code.substr(1)}) {
    CAPTURE(text);
    CHECK_FALSE(read_hello(update(text), code).hello.has_value());
  }
  CHECK_FALSE(read_hello(update(code, "group"), code).hello.has_value());
  CHECK(read_hello(update("000000000000"), code).wrong == 1);
  CHECK(read_hello(update("/start 000000000000"), code).wrong == 1);
  CHECK(read_hello(update("/start"), code).wrong == 0);  // as every first meeting begins
}

}  // namespace
}  // namespace bb::app::test
