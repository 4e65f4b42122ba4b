#include "app/accounts.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "app/config.h"
#include "support/run.h"

namespace bb::app::test {
namespace {

using bb::test::TempDir;

std::expected<std::unique_ptr<Config>, Faults> load(const TempDir& dir, const std::string& text,
                                                    const Environment& environment = {}) {
  const std::string path = dir.file("config.ini");
  std::ofstream(path) << text;
  chmod(path.c_str(), 0600);
  return load_config(path, environment);
}

std::string faults_of(const std::string& text, const Environment& environment = {}) {
  const TempDir dir;
  const auto config = load(dir, text, environment);
  std::string all;
  for (const auto& fault : config ? Faults{} : config.error())
    all += fault + "\n";
  return all;
}

bool mentions(const std::string& all, const std::string& part) {
  return all.find(part) != std::string::npos;
}

TEST_CASE("accounts: sections, the variable and [binance] name them together") {
  const TempDir dir;
  std::ofstream(dir.file("bob.secret")) << "bob-word\n";
  chmod(dir.file("bob.secret").c_str(), 0600);
  const auto config =
      load(dir,
           "[binance]\napi_key = k0\napi_secret = s0\nbase_url = http://h:1\n"
           "[account.bob@mail.example]\napiKey = env:BOB_KEY\nsecret = file:" +
               dir.file("bob.secret") +
               "\ngroup = north, south\n"
               "[account.币圈 一号]\napi_key = k2\napi_secret = s2\n"
               "base_url = https://demo-fapi.binance.com/\nenvironment = testnet\n"
               "[strategy]\ntop_n = 7\n",
           {{"BOB_KEY", "k1"},
            {"BINANCE_API_CONFIGS", R"({"c.d":{"api_key":"k3","api_secret":"s3"}})"}});
  REQUIRE_MESSAGE(config.has_value(), config.error().front());
  CHECK(account_names(**config) ==
        std::vector<std::string>{"main", "bob@mail.example", "币圈 一号", "c.d"});
  CHECK(groups_of(**config, "bob@mail.example") == std::vector<std::string>{"north", "south"});
  const auto bob = config_of_account(**config, "bob@mail.example");
  REQUIRE(bob.has_value());
  CHECK((*bob)->binance.api_key.reveal() == "k1");
  CHECK((*bob)->binance.api_secret.reveal() == "bob-word");
  CHECK((*bob)->binance.base_url == "http://h:1");
  CHECK((*bob)->strategy.top_n == 7);
  CHECK((*bob)->runtime.db_path.empty());  // its last holder's
  const auto one = config_of_account(**config, "币圈 一号");
  REQUIRE(one.has_value());
  CHECK((*one)->binance.base_url == "https://demo-fapi.binance.com");
  CHECK((*one)->binance.environment == "testnet");
  const auto own = config_of_account(**config, "main");
  REQUIRE(own.has_value());
  CHECK((*own)->runtime.db_path == (*config)->runtime.db_path);
  const auto none = config_of_account(**config, "bob@mail.exampel");
  REQUIRE_FALSE(none.has_value());
  CHECK(mentions(none.error().text, "did you mean 'bob@mail.example'?"));
}

TEST_CASE("accounts: words choose them by name, group and all, and none is guessed") {
  const TempDir dir;
  const auto config = load(dir,
                           "[account.alice]\napi_key = k1\napi_secret = s1\ngroup = north\n"
                           "[account.bob]\napi_key = k2\napi_secret = s2\ngroup = north, south\n"
                           "[account.carl]\napi_key = k3\napi_secret = s3\n");
  REQUIRE_MESSAGE(config.has_value(), config.error().front());
  const auto find = [&](const std::vector<std::string>& words) {
    return find_accounts(**config, words).value_or(std::vector<std::string>{"nobody"});
  };
  CHECK(find({"all"}) == std::vector<std::string>{"alice", "bob", "carl"});
  CHECK(find({"carl", "alice", "carl"}) == std::vector<std::string>{"alice", "carl"});
  CHECK(find({"group:south"}) == std::vector<std::string>{"bob"});
  CHECK(find({"group:north", "carl"}).size() == 3);
  for (const char* word : {"dora", "group:east", "group:", "ALL", ""})
    CHECK_FALSE_MESSAGE(find_accounts(**config, {"alice", word}).has_value(), word);
  CHECK(mentions(find_accounts(**config, {"alise"}).error().text, "did you mean 'alice'?"));
  CHECK(folder_of_account("../a/b") == "_.._a_b");
  CHECK((*config_of_account(**config, "bob"))->runtime.log_dir.ends_with("/bob"));
}

TEST_CASE("accounts: everything wrong is told at once, and no key or secret with it") {
  const auto all = faults_of(
      "[account.a]\napi_key = KEY-A\n"
      "[account.b]\napi_key = KEY-A\napi_secret = WORD-B\n"
      "[account.c]\napi_key = env:NO_SUCH\napi_secret = YOUR_SECRET\n"
      "[account.d]\napikee = KEY-D\n",
      {{"BINANCE_API_CONFIGS",
        R"({"all":{"apiKey":"KEY-E","secret":"WORD-E"},"f":{"apiKey":5,"more":"x"},"g":1})"}});
  for (const char* part :
       {"account 'a': it has no api_secret", "accounts 'a' and 'b' have the same api_key",
        "the environment has no variable NO_SUCH", "api_secret is the example's text",
        "unknown key; did you mean 'apikey'?", "'all' means every account", "unknown key",
        "it must be a text in quotes", "account 'g' is not an object"})
    CHECK_MESSAGE(mentions(all, part), part, " in\n", all);
  for (const char* secret : {"KEY-A", "WORD-B", "KEY-D", "KEY-E", "WORD-E"})
    CHECK_FALSE_MESSAGE(mentions(all, secret), secret);
  CHECK(mentions(faults_of("", {{"BINANCE_API_CONFIGS", "{\"a\":{\"apiKey\":\"KEY-Z\""}}),
                 "BINANCE_API_CONFIGS: it is not a JSON object"));
  CHECK_FALSE(mentions(faults_of("", {{"BINANCE_API_CONFIGS", "[\"KEY-Z\"]"}}), "KEY-Z"));
}

TEST_CASE("accounts: names are what a person can type and tell apart") {
  for (const char* name : {"alice", "a@b.c", "我的账户", "my own", "50", "ünï", "🦊"})
    CHECK_MESSAGE(complaint_of_account_name(name).empty(), name);
  std::string long_name;
  for (int i = 0; i < 64; ++i)
    long_name += "账";
  CHECK(complaint_of_account_name(long_name).empty());
  CHECK_FALSE(complaint_of_account_name(long_name + "账").empty());
  for (const char* name : {"", "all", " a", "a ", "a\nb", "a\tb", "a\"b", "a,b", "group:x",
                           "a\xE2\x80\xAE", "a\xE2\x80\x8B", "\xFF", "\xC0\x80", "\xED\xA0\x80"})
    CHECK_FALSE_MESSAGE(complaint_of_account_name(name).empty(), name);
}

TEST_CASE("accounts: the variable completes a section of the same name and wins over it") {
  const TempDir dir;
  const auto config = load(dir, "[account.a]\napi_key = old\napi_secret = old\ngroup = g\n",
                           {{"BINANCE_API_CONFIGS", R"({"a":{"apiKey":"new","secret":"word"}})"}});
  REQUIRE(config.has_value());
  REQUIRE((*config)->accounts.size() == 1);
  CHECK((*config)->accounts.front().api_key.reveal() == "new");
  CHECK((*config)->accounts.front().groups == std::vector<std::string>{"g"});
}

TEST_CASE("accounts: users, roles and languages of the bot stand in the same file") {
  const TempDir dir;
  const auto config = load(dir,
                           "[account.a]\napi_key = k\napi_secret = s\ngroup = g\n"
                           "[bot]\nusers = 5\n[user.7]\nviewer = a\noperator = group:g\n",
                           {{"ENABLED_USERS", "1, 2"}});
  REQUIRE_MESSAGE(config.has_value(), config.error().front());
  CHECK((*config)->bot.users == std::vector<std::int64_t>{1, 2});
  REQUIRE((*config)->bot.sections.size() == 1);
  CHECK((*config)->bot.sections.front().operates == std::vector<std::string>{"group:g"});
  const auto all = faults_of("[user.x]\nviewer = *\n[user.8]\nviewer = nobody\n[user.9]\n",
                             {{"ENABLED_USERS", "1;2"}});
  for (const char* part : {"[user.x]", "there is no account 'nobody'", "[user.9]: this person may",
                           "ENABLED_USERS: '1;2' is not a number"})
    CHECK_MESSAGE(mentions(all, part), part, " in\n", all);
}

TEST_CASE("accounts: one's configuration is whole, and its addresses fit together") {
  const TempDir dir;
  const auto config = load(dir,
                           "[account.a]\napi_key = k\napi_secret = s\n"
                           "base_url = https://demo-fapi.binance.com\nenvironment = live\n");
  REQUIRE(config.has_value());
  const auto own = config_of_account(**config, "a");
  REQUIRE_FALSE(own.has_value());
  CHECK(mentions(own.error().text, "it says live, but base_url"));
}

TEST_CASE("accounts: testnet needs no address, and never leads to the live exchange") {
  const std::string keys = "[account.a]\napi_key = k\napi_secret = s\n";
  const auto own = [&](const std::string& text) {
    const TempDir dir;
    const auto config = load(dir, text);
    REQUIRE_MESSAGE(config.has_value(), config.error().front());
    return config_of_account(**config, "a");
  };
  for (const auto& text :
       {keys + "environment = testnet\n", "[binance]\nenvironment = testnet\n" + keys,
        "[binance]\nbase_url = http://h:1\n" + keys + "environment = testnet\n"}) {
    const auto one = own(text);
    REQUIRE_MESSAGE(one.has_value(), text);
    CHECK((*one)->binance.base_url == "https://demo-fapi.binance.com");
    CHECK((*one)->binance.stream_url.empty());
    CHECK(check_exchange(**one).empty());
  }
  // Its own spelling of the test network stays.
  const auto old_host = own("[binance]\nbase_url = https://testnet.binancefuture.com\n" + keys +
                            "environment = testnet\n");
  REQUIRE(old_host.has_value());
  CHECK((*old_host)->binance.base_url == "https://testnet.binancefuture.com");
  CHECK_FALSE(
      own("[binance]\nbase_url = http://h:1\n" + keys + "environment = live\n").has_value());
  CHECK(
      mentions(faults_of("[binance]\nbase_url = https://fapi.binance.com\nenvironment = testnet\n"),
               "it says testnet, but base_url"));
  CHECK(mentions(faults_of("[binance]\nenvironment = paper\n"), "it says paper, but base_url"));
}

TEST_CASE("accounts: a person's section without a role is a fault, also where he is listed") {
  for (const char* text :
       {"[bot]\nusers = 5\n[user.5]\n", "[bot]\nusers = 5\n[user.5]\nviewer =\noperator = ,\n",
        "[bot]\nusers = 5\n[user.5]\nname = Bob\nlanguage = zh\n"})
    CHECK_MESSAGE(mentions(faults_of(text), "[user.5]: this person may do nothing"), text);
  CHECK(mentions(faults_of("[user.5]\n", {{"ENABLED_USERS", "5"}}), "may do nothing"));
  CHECK(mentions(faults_of("[user.5]\nviewer = *\n[user.05]\nadmin = *\n"), "two sections"));
}

}  // namespace
}  // namespace bb::app::test
