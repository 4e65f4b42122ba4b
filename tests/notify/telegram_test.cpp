#include <doctest/doctest.h>

#include <deque>

#include "net/json.h"
#include "net/world.h"
#include "notify/notifier.h"

namespace bb::notify {
namespace {

using net::HttpRequest;
using net::ServerReply;
using net::test::MemoryServer;
using net::test::reply;
using test::run_sim;
using test::SimLoop;
using Fate = DeliveryResult::Fate;

constexpr const char* kToken = "123456:AAbb-cc_dd";

struct Script {
  std::deque<ServerReply> answers;
  std::vector<HttpRequest> seen;
};

Task<ServerReply> play(Script& script, HttpRequest request) {
  script.seen.push_back(std::move(request));
  auto answer = reply(200, R"({"ok":true,"result":{"message_id":7}})");
  if (!script.answers.empty()) {
    answer = std::move(script.answers.front());
    script.answers.pop_front();
  }
  co_return answer;
}

ServerReply refusal(int code, const std::string& description, const std::string& more = "{}") {
  return reply(code, R"({"ok":false,"error_code":)" + std::to_string(code) + R"(,"description":")" +
                         description + R"(","parameters":)" + more + "}");
}

struct Telegram {
  Telegram(SimLoop& loop, std::vector<std::int64_t> chats)
      : server(loop, [this](HttpRequest request) { return play(script, std::move(request)); }) {
    TelegramSettings settings;
    settings.token = Secret(kToken);
    settings.chats = std::move(chats);
    settings.api_url = "http://telegram.test";
    channels = make_telegram(settings, server.dialer(), loop.clock, log);
  }
  Task<void> close() {
    channels.clear();
    co_await server.join();
  }

  Script script;
  std::string lines;
  Log log{LogLevel::debug, [this](LogLevel, std::string_view line) { lines += line; }};
  MemoryServer server;
  Channels channels;
};

Letter a_letter() {
  Letter letter;
  letter.title = "no stop";
  letter.body = "| 合约 / symbol | BTCUSDT |\n";
  letter.kind = "protection";
  letter.urgency = Urgency::critical;
  return letter;
}

TEST_CASE("telegram: every chat is a channel, and a letter has its button and its silence") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop, {42, -1001234567890});
    REQUIRE(telegram.channels.size() == 2);
    CHECK(telegram.channels[0]->name() == "telegram:42");
    CHECK(telegram.channels[1]->name() == "telegram:-1001234567890");
    CHECK(telegram.channels[0]->gap() == Seconds(1));
    CHECK(telegram.channels[1]->gap() == Seconds(3));
    auto letter = a_letter();
    letter.acknowledgement = "ack:1:2";
    letter.is_silent = true;
    letter.language = Language::english;
    const auto result = co_await telegram.channels[0]->send(letter);
    CHECK(result.delivered());
    CHECK(result.reference == "7");
    REQUIRE(telegram.script.seen.size() == 1);
    const auto& body = telegram.script.seen[0].body;
    CHECK(body.find(R"("chat_id":42)") != std::string::npos);
    CHECK(body.find(R"([[{"text":"✅ Got it","callback_data":"ack:1:2"}]])") != std::string::npos);
    CHECK(body.find(R"("disable_notification":true)") != std::string::npos);
    co_await telegram.close();
  });
}

TEST_CASE("telegram: a chat's pause is its own; when two are told to wait, all wait") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop, {1, 2, 3});
    telegram.script.answers.push_back(refusal(429, "retry after 60", R"({"retry_after":60})"));
    auto result = co_await telegram.channels[0]->send(a_letter());
    CHECK(result.fate == Fate::later);
    CHECK(result.retry_after == Seconds(60));
    result = co_await telegram.channels[1]->send(a_letter());
    CHECK(result.delivered());
    result = co_await telegram.channels[0]->send(a_letter());
    CHECK(result.fate == Fate::later);
    CHECK(telegram.script.seen.size() == 2);

    telegram.script.answers.push_back(refusal(429, "retry after 30", R"({"retry_after":30})"));
    result = co_await telegram.channels[1]->send(a_letter());
    CHECK(result.fate == Fate::later);
    result = co_await telegram.channels[2]->send(a_letter());
    CHECK(result.fate == Fate::later);
    CHECK(telegram.script.seen.size() == 3);
    co_await sleep_for(loop.clock, Seconds(31));
    result = co_await telegram.channels[2]->send(a_letter());
    CHECK(result.delivered());
    co_await telegram.close();
  });
}

TEST_CASE("telegram: what a person must mend is broken, what passes by is not") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop, {42});
    auto& phone = *telegram.channels[0];
    for (const auto& [code, words] :
         std::vector<std::pair<int, std::string>>{{401, "Unauthorized"},
                                                  {403, "Forbidden: bot was blocked by the user"},
                                                  {400, "Bad Request: chat not found"}}) {
      telegram.script.answers.push_back(refusal(code, words));
      const auto result = co_await phone.send(a_letter());
      CHECK(result.fate == Fate::broken);
      CHECK(result.problem.find(words) != std::string::npos);
    }
    telegram.script.answers.push_back(refusal(400, "Bad Request: message text is empty"));
    auto result = co_await phone.send(a_letter());
    CHECK(result.fate == Fate::refused);
    telegram.script.answers.push_back(reply(502, "<html>"));
    result = co_await phone.send(a_letter());
    CHECK(result.fate == Fate::later);
    co_await telegram.close();
  });
}

TEST_CASE("telegram: a group that became a supergroup gets the letter under its new id") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop, {-77});
    telegram.script.answers.push_back(refusal(400, "upgraded", R"({"migrate_to_chat_id":-1009})"));
    const auto result = co_await telegram.channels[0]->send(a_letter());
    CHECK(result.delivered());
    CHECK(telegram.channels[0]->name() == "telegram:-77");
    CHECK(telegram.script.seen[1].body.find(R"("chat_id":-1009)") != std::string::npos);
    CHECK(telegram.lines.find("-1009") != std::string::npos);
    co_await telegram.close();
  });
}

TEST_CASE("telegram: a picture goes with its text below; the text goes alone when it is refused") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop, {42});
    auto letter = a_letter();
    letter.picture = "\x89PNG";
    auto result = co_await telegram.channels[0]->send(letter);
    CHECK(result.delivered());
    CHECK(telegram.script.seen[0].target.ends_with("/sendPhoto"));
    CHECK(telegram.script.seen[0].body.find("no stop") != std::string::npos);
    telegram.script.answers.push_back(refusal(400, "Bad Request: IMAGE_PROCESS_FAILED"));
    result = co_await telegram.channels[0]->send(letter);
    CHECK(result.delivered());
    CHECK(telegram.script.seen[2].target.ends_with("/sendMessage"));
    CHECK(telegram.lines.find("picture refused") != std::string::npos);
    CHECK(telegram.lines.find("AAbb") == std::string::npos);
    co_await telegram.close();
  });
}

TEST_CASE("telegram: a token that is none makes no channel, and is not shown") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, net::test::echo);
    std::string lines;
    const Log log{LogLevel::debug, [&](LogLevel, std::string_view line) { lines += line; }};
    TelegramSettings settings;
    settings.token = Secret("1234567890-no-colon");
    settings.chats = {42};
    CHECK(make_telegram(settings, server.dialer(), loop.clock, log).empty());
    CHECK(lines.find("@BotFather") != std::string::npos);
    CHECK(lines.find("no-colon") == std::string::npos);
    settings.token = Secret("YOUR_TOKEN_HERE");
    CHECK(make_telegram(settings, server.dialer(), loop.clock, log).empty());
    co_await server.join();
  });
}

}  // namespace
}  // namespace bb::notify
