#include "notify/bot_api.h"

#include <doctest/doctest.h>

#include <deque>

#include "net/json.h"
#include "net/world.h"

namespace bb::notify {
namespace {

using net::HttpRequest;
using net::ServerReply;
using net::test::MemoryServer;
using net::test::reply;
using test::run_sim;
using test::SimLoop;

constexpr const char* kToken = "123456:AAbb-cc_dd";
constexpr std::string_view kWord = "AAbb-cc_dd";

struct Script {
  std::deque<ServerReply> answers;
  Micros delay{0};
  std::vector<HttpRequest> seen;
};

Task<ServerReply> play(Script& script, Clock& clock, HttpRequest request) {
  script.seen.push_back(std::move(request));
  auto answer = reply(200, R"({"ok":true,"result":{"message_id":7}})");
  if (!script.answers.empty()) {
    answer = std::move(script.answers.front());
    script.answers.pop_front();
  }
  co_await sleep_for(clock, script.delay);
  co_return answer;
}

// Telegram in memory, and a bot that talks to it.
struct Telegram {
  explicit Telegram(SimLoop& loop, std::string base_url = "http://telegram.test")
      : server(loop, [this, &loop](HttpRequest request) {
          return play(script, loop.clock, std::move(request));
        }) {
    BotApiOptions options;
    options.base_url = std::move(base_url);
    auto made = BotApi::make(Secret(kToken), options, server.dialer(), loop.clock);
    REQUIRE(made.has_value());
    bot = std::move(*made);
  }
  Task<void> close() {
    bot.reset();
    co_await server.join();
  }
  std::string body(std::size_t index = 0) const {
    REQUIRE(script.seen.size() > index);
    return script.seen[index].body;
  }

  Script script;
  MemoryServer server;
  std::unique_ptr<BotApi> bot;
};

template <class T>
T as(BotAnswer answer) {
  REQUIRE(std::holds_alternative<T>(answer));
  return std::get<T>(std::move(answer));
}

TEST_CASE("bot api: a call posts JSON to the token's path and hands back the result's text") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop, "http://telegram.test/prefix");
    telegram.script.answers.push_back(reply(200, R"({"ok":true,"result":{"id":1,"x":[2]}})"));
    const auto answer = co_await telegram.bot->get_me();
    CHECK(as<BotDone>(answer).result == R"({"id":1,"x":[2]})");
    REQUIRE(telegram.script.seen.size() == 1);
    CHECK(telegram.script.seen[0].target == std::string("/prefix/bot") + kToken + "/getMe");
    CHECK(telegram.script.seen[0].method == net::Method::post);
    CHECK(net::find_header(telegram.script.seen[0].headers, "content-type") == "application/json");
    co_await telegram.close();
  });
}

TEST_CASE("bot api: a message carries what was asked for, and its id comes back") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop);
    MessageOptions options;
    options.silent = options.protect = true;
    options.thread_id = 5;
    options.reply_to = 6;
    options.reply_markup = R"({"inline_keyboard":[]})";
    const auto answer = co_await telegram.bot->send_message(-100, "<b>\u4ed3</b>", options);
    CHECK(message_id_of(answer) == 7);
    CHECK(telegram.body() ==
          "{\"chat_id\":-100,\"text\":\"<b>\u4ed3</b>\",\"link_preview_options\":{\"is_disabled\":"
          "true},\"parse_mode\":\"HTML\",\"reply_markup\":{\"inline_keyboard\":[]},"
          "\"disable_notification\":true,\"protect_content\":true,\"message_thread_id\":5,"
          "\"reply_parameters\":{\"message_id\":6,\"allow_sending_without_reply\":true}}");
    co_await telegram.close();
  });
}

TEST_CASE("bot api: a refusal keeps code, words, pause and the group's new id") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop);
    auto& answers = telegram.script.answers;
    answers.push_back(reply(429, R"({"ok":false,"error_code":429,"description":"Too Many Requests:)"
                                 R"( retry after 35","parameters":{"retry_after":35}})"));
    auto refused = as<BotRefused>(co_await telegram.bot->send_message(1, "a"));
    CHECK(refused.code == 429);
    CHECK(refused.retry_after == Seconds(35));

    answers.push_back(reply(400, R"({"ok":false,"error_code":400,"description":"Bad Request: group)"
                                 R"( chat was upgraded to a supergroup chat","parameters":)"
                                 R"({"migrate_to_chat_id":-1001234567890}})"));
    refused = as<BotRefused>(co_await telegram.bot->send_message(1, "a"));
    CHECK(refused.migrate_to_chat_id == -1001234567890);
    CHECK(refused.says("upgraded to a supergroup"));
    CHECK(!refused.retry_after.has_value());

    auto bare = reply(429, R"({"ok":false,"error_code":429,"description":"slow down"})");
    answers.push_back(bare);
    refused = as<BotRefused>(co_await telegram.bot->send_message(1, "a"));
    CHECK(refused.retry_after == Seconds(5));
    bare.response.headers.emplace_back("Retry-After", "60");
    answers.push_back(bare);
    refused = as<BotRefused>(co_await telegram.bot->send_message(1, "a"));
    CHECK(refused.retry_after == Seconds(60));
    co_await telegram.close();
  });
}

TEST_CASE("bot api: a page of a proxy, a 5xx and a lost answer are no answers of Telegram's") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop);
    auto& answers = telegram.script.answers;
    answers.push_back(reply(502, "<html>Bad Gateway</html>"));
    auto lost = as<BotUnreachable>(co_await telegram.bot->send_message(1, "a"));
    CHECK(lost.may_have_acted);
    CHECK(lost.why == "Telegram sendMessage: HTTP 502");

    answers.push_back(
        reply(500, R"({"ok":false,"error_code":500,"description":"Internal Server Error"})"));
    lost = as<BotUnreachable>(co_await telegram.bot->send_message(1, "a"));
    CHECK(lost.may_have_acted);

    answers.push_back(reply(403, "<html>blocked by your provider</html>"));
    lost = as<BotUnreachable>(co_await telegram.bot->send_message(1, "a"));
    CHECK(!lost.may_have_acted);

    answers.push_back(reply(200, "[]"));
    lost = as<BotUnreachable>(co_await telegram.bot->send_message(1, "a"));
    CHECK(lost.may_have_acted);

    answers.push_back(reply(200, "{}"));
    answers.back().delivery = ServerReply::Delivery::dropped;
    lost = as<BotUnreachable>(co_await telegram.bot->send_message(1, "a"));
    CHECK(lost.may_have_acted);

    telegram.server.dialer().set_gate(
        [](const net::Endpoint&) -> Status { return fail(ErrorKind::unreachable, "no route"); });
    lost = as<BotUnreachable>(co_await telegram.bot->send_message(1, "a"));
    CHECK(!lost.may_have_acted);
    CHECK(lost.why.find("no route") != std::string::npos);
    co_await telegram.close();
  });
}

TEST_CASE("bot api: the token stands in no answer, whoever echoes it") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop);
    const std::string echo = std::string("no such path /bot") + kToken + "/x or " + kToken;
    auto& answers = telegram.script.answers;
    answers.push_back(
        reply(404, R"({"ok":false,"error_code":404,"description":")" + echo + R"("})"));
    answers.push_back(reply(200, R"({"ok":")" + echo + R"("})"));
    answers.push_back(reply(200, "{}"));
    answers.back().delivery = ServerReply::Delivery::truncated;
    for (int i = 0; i < 3; ++i) {
      const auto answer = co_await telegram.bot->send_message(1, "a");
      CHECK(str(answer).find(kWord) == std::string::npos);
      CHECK(!std::holds_alternative<BotDone>(answer));
    }
    telegram.server.dialer().set_gate([](const net::Endpoint&) -> Status {
      return fail(ErrorKind::unreachable, std::string("cannot reach ") + kToken);
    });
    telegram.script.delay = Seconds(0);
    const auto answer = co_await telegram.bot->send_message(1, "a");
    CHECK(str(answer).find(kWord) == std::string::npos);
    co_await telegram.close();
  });
}

TEST_CASE("bot api: markup that Telegram cannot parse goes out again as plain text") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop);
    telegram.script.answers.push_back(
        reply(400, R"({"ok":false,"error_code":400,"description":)"
                   R"("Bad Request: can't parse entities: Unmatched end tag at byte offset 3"})"));
    const auto answer = co_await telegram.bot->send_message(1, "<b>1 &lt; 2</b></i> &amp;");
    CHECK(message_id_of(answer) == 7);
    CHECK(telegram.body(1) ==
          R"({"chat_id":1,"text":"1 < 2 &","link_preview_options":{"is_disabled":true}})");
    co_await telegram.close();
  });
}

TEST_CASE("bot api: an edit that changes nothing is done") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop);
    telegram.script.answers.push_back(
        reply(400, R"({"ok":false,"error_code":400,"description":"Bad Request: message is not )"
                   R"(modified: specified new message content and reply markup are the same"})"));
    const auto answer = co_await telegram.bot->edit_message_text(1, 2, "same");
    CHECK(std::holds_alternative<BotDone>(answer));
    CHECK(!message_id_of(answer).has_value());
    telegram.script.answers.push_back(
        reply(400, R"({"ok":false,"error_code":400,"description":"message to edit not found"})"));
    const auto refused = as<BotRefused>(co_await telegram.bot->edit_message_text(1, 2, "other"));
    CHECK(refused.code == 400);
    co_await telegram.close();
  });
}

TEST_CASE("bot api: a long poll waits as long as it said and ten seconds, on its own connection") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop);
    telegram.script.delay = Seconds(300);
    const auto started = loop.clock.steady_now();
    const auto [polled, sent] =
        co_await both(telegram.bot->get_updates(41, Seconds(90), {"message", "callback_query"}),
                      telegram.bot->send_message(1, "a"));
    CHECK(as<BotUnreachable>(polled).may_have_acted);
    CHECK(loop.clock.steady_now() - started == Seconds(60));
    CHECK(telegram.server.connections() == 2);
    CHECK(telegram.body() ==
          R"({"offset":41,"timeout":50,"allowed_updates":["message","callback_query"]})");
    co_await telegram.close();
  });
}

Task<void> interrupt_after(Clock& clock, BotApi& bot, Micros span) {
  co_await sleep_for(clock, span);
  bot.interrupt_poll();
}

TEST_CASE("bot api: an interrupted poll ends at once, and the next one works") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop);
    telegram.script.delay = Seconds(40);
    TaskGroup group(loop.io.get_executor());
    group.spawn(interrupt_after(loop.clock, *telegram.bot, Seconds(3)));
    const auto ended = co_await telegram.bot->get_updates(1, Seconds(50), {});
    CHECK(std::holds_alternative<BotUnreachable>(ended));
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(3)));
    co_await group.join();

    // While it still connects, too.
    group.spawn(interrupt_after(loop.clock, *telegram.bot, Millis(10)));
    const auto early = as<BotUnreachable>(co_await telegram.bot->get_updates(1, Seconds(50), {}));
    CHECK(!early.may_have_acted);
    co_await group.join();

    const auto next = co_await telegram.bot->get_updates(1, Seconds(50), {});
    CHECK(std::holds_alternative<BotDone>(next));
    co_await telegram.close();
  });
}

TEST_CASE("bot api: a photo travels as a form whose boundary is not in its bytes") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Telegram telegram(loop);
    BotFile photo;
    photo.name = "equity \"1\"\r\n\u4ed3.png";
    photo.content_type = "image/png";
    photo.bytes = std::string("\x89PNG\r\n\0--bubble-buster-part--", 29);
    MessageOptions options;
    options.reply_markup = R"({"inline_keyboard":[]})";
    const auto answer = co_await telegram.bot->send_photo(9, photo, "<b>x</b>", options);
    CHECK(message_id_of(answer) == 7);
    const std::string edge = "--bubble-buster-part-x";
    CHECK(net::find_header(telegram.script.seen[0].headers, "content-type") ==
          "multipart/form-data; boundary=bubble-buster-part-x");
    const auto field = [&](const std::string& name, const std::string& value) {
      return edge + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value +
             "\r\n";
    };
    CHECK(telegram.body() ==
          field("chat_id", "9") + field("caption", "<b>x</b>") + field("parse_mode", "HTML") +
              field("reply_markup", R"({"inline_keyboard":[]})") + edge +
              "\r\nContent-Disposition: form-data; name=\"photo\"; "
              "filename=\"equity__1______.png\"\r\nContent-Type: image/png\r\n\r\n" +
              photo.bytes + "\r\n" + edge + "--\r\n");
    co_await telegram.close();
  });
}

TEST_CASE("bot api: what is no token, or no address, is refused with what to do") {
  run_sim([](SimLoop& loop) -> Task<void> {
    for (const char* text :
         {"", "123456", "123456:", ":AAbb", "12a:AAbb", "1:a/b", "1:a b", "<digits>:<letters>"})
      CHECK(!is_bot_token(Secret(text)));
    CHECK(is_bot_token(Secret(kToken)));
    MemoryServer server(loop, net::test::echo);
    const auto bad = BotApi::make(Secret("123:no no"), {}, server.dialer(), loop.clock);
    REQUIRE(!bad.has_value());
    CHECK(bad.error().text.find("@BotFather") != std::string::npos);
    CHECK(bad.error().text.find("no no") == std::string::npos);
    BotApiOptions options;
    options.base_url = "telegram.org";
    CHECK(!BotApi::make(Secret(kToken), options, server.dialer(), loop.clock).has_value());
    co_await server.join();
  });
}

TEST_CASE("bot api: values are escaped for HTML, and markup can be taken off again") {
  CHECK(escape_html("a<b>&\"c") == "a&lt;b&gt;&amp;\"c");
  CHECK(plain_of_html("<b>a&lt;b</b> &amp;lt; <i>&quot;") == "a<b &lt; \"");
  CHECK(plain_of_html("1 < 2") == "1 < 2");
}

}  // namespace
}  // namespace bb::notify
