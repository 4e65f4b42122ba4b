#include "app/bot_strategies.h"

#include <doctest/doctest.h>

#include "notify/kinds.h"
#include "notify/text.h"
#include "support/run.h"

namespace bb::app::test {
namespace {

using supervise::Trouble;

TEST_CASE("alerts of strategies: what is wrong is critical until acknowledged, the rest is not") {
  const auto now = bb::test::some_day();
  std::vector<std::string> wrong{"gave_up"};
  for (const auto trouble :
       {Trouble::failed, Trouble::stopped, Trouble::crash_loop, Trouble::unhealthy,
        Trouble::stalled, Trouble::cpu, Trouble::memory, Trouble::vanished, Trouble::runner_down})
    wrong.emplace_back(str(trouble));
  for (const auto& kind : wrong) {
    const auto message = message_of(kind, "grid-btc: it is so", now);
    CHECK_MESSAGE(message.topic == "strategy_down", kind);
    CHECK(notify::kind_of(message.topic).is_repeated);
    CHECK_MESSAGE(notify::in_language(message.title, notify::Language::english) != message.title,
                  kind);
    CHECK(message.body == "grid-btc: it is so");
  }
  for (const char* kind : {"crashed", "recovered", "restarted", "heartbeat"})
    CHECK_MESSAGE(message_of(kind, "x", now).topic == "strategy", kind);
}

TEST_CASE("strategies without a file: CTRL_MODE shows, STRATEGIES allows, nothing is nothing") {
  const auto with = [](Environment environment) {
    const auto config = default_config(environment);
    REQUIRE(config.has_value());
    return has_strategies(**config);
  };
  CHECK_FALSE(with({}));
  CHECK(with({{"CTRL_MODE", "Docker"}}));
  CHECK(with({{"STRATEGIES", "namespace:live"}}));
  const auto wrong = default_config({{"CTRL_MODE", "kubernetes"}});
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().front().find("CTRL_MODE") != std::string::npos);
}

TEST_CASE("strategies: every key of the configuration is masked in their logs") {
  const auto config = default_config(
      {{"TELEGRAM_TOKEN", "1:first"},
       {"BINANCE_API_CONFIGS", R"({"alice":{"apiKey":"second","secret":"third"}})"}});
  REQUIRE(config.has_value());
  std::string all;
  for (const auto& secret : secrets_of(**config))
    all += std::string(secret.reveal()) + " ";
  for (const char* key : {"first", "second", "third"})
    CHECK_MESSAGE(all.find(key) != std::string::npos, key);
}

}  // namespace
}  // namespace bb::app::test
