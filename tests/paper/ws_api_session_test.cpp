// Sessions of the WebSocket API, over a stand-in for the rest of the server that knows one Ed25519
// key.
#include <doctest/doctest.h>

#include "paper/stream_client.h"
#include "paper/ws_api.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::ServerReply;

namespace {

struct Asked {
  std::string path;
  std::string key;
  bool by_session = false;
};

struct Office {
  explicit Office(SimLoop& l)
      : loop(l),
        timeline(l.clock, {}),
        api({.clock = l.clock,
             .exchange_time = timeline,
             .now = [] { return some_day(); },
             .limits = {},
             .perform = [this](net::HttpRequest request,
                               ApiContext& context) { return perform(request, context); },
             .order_counts = [](int) { return Limits::OrderCounts{1, 2}; },
             .charge_handshake = [](const net::HttpRequest&) -> std::optional<Limits::Refusal> {
               return std::nullopt;
             },
             .note_flood = [this](const std::string& address) { floods += address + " "; },
             .is_ed25519 = [](const std::string& key) { return key == "ed-key"; },
             .is_usable = [this](const std::string&, const std::string&) { return !revoked; }}) {}

  Task<ServerReply> perform(net::HttpRequest request, ApiContext& context) {
    asked.push_back({request.target.substr(0, request.target.find('?')),
                     std::string(net::find_header(request.headers, "X-MBX-APIKEY")),
                     context.session.has_value()});
    context.caller.account = context.session ? context.session->account : 3;
    ServerReply reply;
    reply.response = {200, {{"X-MBX-USED-WEIGHT-1M", "7"}}, "{}"};
    co_return reply;
  }

  SimLoop& loop;
  Timeline timeline;
  WsApi api;
  bool revoked = false;
  std::string floods;
  std::vector<Asked> asked;
};

Task<std::string> ask(std::shared_ptr<net::WsConnection> socket, std::string text) {
  socket->send_text(text);
  while (const auto event = co_await socket->receive())
    if (event->kind == net::WsEvent::Kind::text) co_return event->data;
  co_return "(ended)";
}

}  // namespace

TEST_CASE("ws api session: after a log-on, key and signature may be left out, until the log-out") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Office office(loop);
    Stop stop(loop.clock);
    TaskGroup group(loop.io.get_executor());
    const net::HttpHandler handler = [&](net::HttpRequest request) -> Task<ServerReply> {
      co_return *office.api.accept(request);
    };
    net::MemoryDialer dialer(loop.io.get_executor(), loop.clock, {}, [&](net::AnyStream stream) {
      group.spawn(net::serve_http(std::move(stream), loop.clock, handler, {}, stop));
    });
    net::WsRequest request{.endpoint = {"paper.test", 80, false}, .target = "/ws-fapi/v1"};
    request.mask_seed = 1;
    const auto connected =
        co_await net::connect_websocket(dialer, loop.clock, request, loop.clock.after(Seconds(5)));
    REQUIRE(connected.has_value());
    const auto socket = *connected;

    auto text =
        co_await ask(socket, R"({"id":1,"method":"session.logon","params":{"apiKey":"hmac-key"}})");
    CHECK(member(text, "error.code") == "-4056");
    text =
        co_await ask(socket, R"({"id":2,"method":"session.logon","params":{"apiKey":"ed-key"}})");
    CHECK(member(text, "result.apiKey") == "ed-key");
    CHECK(member(text, "result.authorizedSince") == std::to_string(to_ms(some_day())));

    text = co_await ask(socket, R"({"id":3,"method":"account.balance","params":{"timestamp":1}})");
    CHECK(member(text, "status") == "200");
    CHECK(office.asked.back().path == "/fapi/v2/balance");
    CHECK(office.asked.back().by_session);
    CHECK(office.asked.back().key == "ed-key");
    // A key and a signature of the request's own stand above the session.
    co_await ask(socket,
                 R"({"id":4,"method":"account.balance","params":{"apiKey":"k","signature":"s"}})");
    CHECK_FALSE(office.asked.back().by_session);
    CHECK(office.asked.back().key == "k");
    co_await ask(socket, R"({"id":5,"method":"userDataStream.start"})");
    CHECK(office.asked.back().key == "ed-key");

    // The key is revoked: the next request ends the session, and is not done.
    office.revoked = true;
    const auto done = office.asked.size();
    text = co_await ask(socket, R"({"id":50,"method":"account.balance","params":{"timestamp":1}})");
    CHECK(text == R"({"id":null,"status":401,"error":{"code":-2015,"msg":)"
                  R"("Invalid API-key, IP, or permissions for action."}})");
    CHECK(office.asked.size() == done);
    office.revoked = false;
    text = co_await ask(socket, R"({"id":51,"method":"session.status"})");
    CHECK(member(text, "result.apiKey") == "null");
    co_await ask(socket, R"({"id":52,"method":"session.logon","params":{"apiKey":"ed-key"}})");

    text = co_await ask(socket, R"({"id":6,"method":"session.logout"})");
    CHECK(member(text, "result.apiKey") == "null");
    co_await ask(socket, R"({"id":7,"method":"account.balance"})");
    CHECK_FALSE(office.asked.back().by_session);
    CHECK(office.asked.back().key.empty());
    socket->close(1000, {});
    co_await socket->receive();
    co_await group.join();
  });
}
