#include <doctest/doctest.h>

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

constexpr const char* kTurboKey = "SCT123456TAbCdEfGhIjKl";
constexpr const char* kThirdKey = "sctp4711tabcdefghijkl";

Letter a_letter(std::string title, std::string body) {
  Letter letter;
  letter.title = std::move(title);
  letter.body = std::move(body);
  return letter;
}

struct Script {
  ServerReply answer = reply(200, R"({"code":0,"message":"","data":{}})");
  Micros delay{0};
  std::vector<HttpRequest> seen;
};

Task<ServerReply> play(Script& script, Clock& clock, HttpRequest request) {
  script.seen.push_back(std::move(request));
  co_await sleep_for(clock, script.delay);
  co_return script.answer;
}

// A vendor in memory, and a notifier with a key that talks to it.
struct Vendor {
  Vendor(SimLoop& loop, const std::string& key, std::string base_url = "http://vendor.test")
      : server(loop, [this, &loop](HttpRequest request) {
          return play(script, loop.clock, std::move(request));
        }) {
    server.dialer().set_gate([this](const net::Endpoint& endpoint) -> Status {
      hosts.push_back(endpoint.host + (endpoint.tls ? " with TLS" : ""));
      return {};
    });
    NotifySettings settings;
    settings.serverchan_sendkey = Secret(key);
    ServerChanOptions options;
    options.base_url = std::move(base_url);
    notifier = make_serverchan(settings, options, server.dialer(), loop.clock, log);
  }
  Task<void> close() {
    notifier.reset();
    co_await server.join();
  }

  Script script;
  std::vector<std::string> hosts;
  std::string lines;
  Log log{LogLevel::debug, [this](LogLevel, std::string_view line) { lines += line; }};
  MemoryServer server;
  std::unique_ptr<Notifier> notifier;
};

TEST_CASE("serverchan: an accepted message is delivered, as a form to the key's path") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Vendor vendor(loop, kTurboKey);
    REQUIRE(vendor.notifier != nullptr);
    const auto result = co_await vendor.notifier->send(a_letter("two words", "a=1&b\n\nc"));
    CHECK(result.delivered());
    CHECK(result.problem.empty());
    REQUIRE(vendor.script.seen.size() == 1);
    CHECK(vendor.script.seen[0].target == std::string("/") + kTurboKey + ".send");
    CHECK(vendor.script.seen[0].body == "title=two%20words&desp=a%3D1%26b%0A%0Ac");
    CHECK(net::find_header(vendor.script.seen[0].headers, "content-type") ==
          "application/x-www-form-urlencoded");
    co_await vendor.close();
  });
}

TEST_CASE("serverchan: the form of the key chooses host and path") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Vendor turbo(loop, kTurboKey, "");
    co_await turbo.notifier->send(a_letter("t", "b"));
    CHECK(turbo.hosts == std::vector<std::string>{"sctapi.ftqq.com with TLS"});
    co_await turbo.close();

    Vendor third(loop, kThirdKey, "");
    co_await third.notifier->send(a_letter("t", "b"));
    CHECK(third.hosts == std::vector<std::string>{"4711.push.ft07.com with TLS"});
    REQUIRE(third.script.seen.size() == 1);
    CHECK(third.script.seen[0].target == std::string("/send/") + kThirdKey + ".send");
    co_await third.close();
  });
}

TEST_CASE("serverchan: a title is cut to 32 characters and a body to 32 KB, never inside one") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Vendor vendor(loop, kTurboKey);
    std::string title, body = "x";
    for (int i = 0; i < 40; ++i)
      title += "\u4ed3";
    for (int i = 0; i < 20000; ++i)
      body += "\u4ed3";
    co_await vendor.notifier->send(a_letter(title, body));
    REQUIRE(vendor.script.seen.size() == 1);
    const std::string& form = vendor.script.seen[0].body;
    const auto split = form.find("&desp=");
    REQUIRE(split != std::string::npos);
    CHECK(net::percent_decode(form.substr(6, split - 6), true).value() == title.substr(0, 96));
    // As many whole characters as do not pass 32768 bytes.
    CHECK(net::percent_decode(form.substr(split + 6), true).value().size() == 1 + 3 * 10922);
    co_await vendor.close();
  });
}

TEST_CASE("serverchan: a code that is not 0 is not delivered, with the vendor's words") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Vendor vendor(loop, kTurboKey);
    vendor.script.answer = reply(200, R"({"code":40001,"message":"bad pushtoken"})");
    const auto result = co_await vendor.notifier->send(a_letter("t", "b"));
    CHECK(!result.delivered());
    CHECK(result.problem == "ServerChan: refused with code 40001: bad pushtoken");
    co_await vendor.close();
  });
}

TEST_CASE("serverchan: HTTP errors, text that is not JSON and lost answers are not delivered") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Vendor vendor(loop, kTurboKey);
    vendor.script.answer = reply(500, R"({"code":0})");
    auto result = co_await vendor.notifier->send(a_letter("t", "b"));
    CHECK(!result.delivered());
    CHECK(result.problem.find("HTTP 500") != std::string::npos);

    vendor.script.answer = reply(200, "<html>");
    result = co_await vendor.notifier->send(a_letter("t", "b"));
    CHECK(!result.delivered());

    vendor.script.answer = reply(200, R"({"errno":0})");
    result = co_await vendor.notifier->send(a_letter("t", "b"));
    CHECK(!result.delivered());

    vendor.script.answer.delivery = ServerReply::Delivery::dropped;
    result = co_await vendor.notifier->send(a_letter("t", "b"));
    CHECK(!result.delivered());
    co_await vendor.close();
  });
}

TEST_CASE("serverchan: a silent vendor costs ten seconds") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Vendor vendor(loop, kTurboKey);
    vendor.script.delay = Seconds(60);
    const auto result = co_await vendor.notifier->send(a_letter("t", "b"));
    CHECK(!result.delivered());
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(10)));
    co_await vendor.close();
  });
}

TEST_CASE("serverchan: the key stands in no error and no log line") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Vendor vendor(loop, kTurboKey);
    const std::string echo = std::string("no such key: ") + kTurboKey + " /" + kTurboKey + ".send";
    vendor.script.answer = reply(400, echo);
    const auto by_status = co_await vendor.notifier->send(a_letter("t", "b"));
    CHECK(by_status.problem.find(kTurboKey) == std::string::npos);
    CHECK(by_status.problem.find("no such key: (key) /(key).send") != std::string::npos);
    vendor.script.answer = reply(200, R"({"code":1,"message":")" + echo + R"("})");
    const auto by_code = co_await vendor.notifier->send(a_letter("t", "b"));
    CHECK(by_code.problem.find(kTurboKey) == std::string::npos);
    vendor.script.answer.delivery = ServerReply::Delivery::truncated;
    const auto cut_off = co_await vendor.notifier->send(a_letter("t", "b"));
    CHECK(!cut_off.problem.empty());
    CHECK(cut_off.problem.find(kTurboKey) == std::string::npos);
    CHECK(vendor.lines.find(kTurboKey) == std::string::npos);
    co_await vendor.close();
  });
}

TEST_CASE("serverchan: a placeholder makes no notifier") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Vendor vendor(loop, "YOUR_SERVERCHAN_SENDKEY");
    CHECK(vendor.notifier == nullptr);
    CHECK(vendor.hosts.empty());
    co_await vendor.close();
  });
}

}  // namespace
}  // namespace bb::notify
