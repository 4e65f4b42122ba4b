// A source (a paper exchange, and what stands between it and its follower) and a paper exchange
// that follows it live, in one virtual time.
#pragma once

#include <doctest/doctest.h>

#include "net/crypto.h"
#include "net/websocket.h"
#include "paper/live_feed.h"
#include "paper/world.h"

namespace bb::paper::test {

class Source {
 public:
  explicit Source(SimLoop& loop)
      : world(loop),
        stop_(loop.clock),
        group_(loop.io.get_executor()),
        dialer_(loop.io.get_executor(), loop.clock, {.each_way = Millis(5)},
                [this, &loop](net::AnyStream stream) {
                  group_.spawn(net::serve_http(std::move(stream), loop.clock, handler_, {}, stop_));
                }) {
    handler_ = [this](net::HttpRequest request) { return handle(std::move(request)); };
  }

  net::Dialer& dialer() { return dialer_; }
  /// A price of the source from now on.
  void set(const char* symbol, const char* price) {
    world.server().advance();
    const TimePoint now = world.exchange().now();
    REQUIRE(world.sim_market().hold(Symbol(symbol), Price(*Decimal::parse(price)), now));
    world.exchange().reprice(Symbol(symbol));
  }
  void silence(bool silent) {
    StreamFaults faults;
    faults.market.silent = silent;
    world.server().set_stream_faults(faults);
  }
  /// A contract has changed, says !contractInfo.
  void tell_of_a_change() {
    for (const auto& weak : sockets)
      if (const auto socket = weak.lock())
        socket->send_text(R"({"e":"contractInfo","s":"AAAUSDT","cs":"TRADING"})");
  }
  /// How often something was asked for, by the beginning of its target.
  int asked(const std::string& begin) const {
    int count = 0;
    for (const auto& target : targets)
      count += target.starts_with(begin) ? 1 : 0;
    return count;
  }
  Task<void> close() {
    stop_.request();
    co_await group_.join();
    co_await world.close();
  }

  World world;
  bool is_down = false;   // connections close without an answer
  std::string instead;    // of exchangeInfo
  int limited_for_s = 0;  // every question is answered 429 with this Retry-After
  std::vector<std::string> targets;
  std::vector<std::weak_ptr<net::WsConnection>> sockets;  // by time

 private:
  Task<net::ServerReply> handle(net::HttpRequest request) {
    targets.push_back(request.target);
    net::ServerReply reply;
    if (is_down) {
      reply.delivery = net::ServerReply::Delivery::dropped;
      co_return reply;
    }
    if (limited_for_s > 0) {
      reply.response = {429, {{"Retry-After", std::to_string(limited_for_s)}}, "{}"};
      co_return reply;
    }
    if (!instead.empty() && request.target == "/fapi/v1/exchangeInfo") {
      reply.response = {200, {{"Content-Type", "application/json"}}, instead};
      co_return reply;
    }
    reply = co_await world.server().handle(std::move(request));
    if (reply.websocket)
      reply.websocket =
          [this, inner = std::move(reply.websocket)](std::shared_ptr<net::WsConnection> socket) {
            sockets.push_back(socket);
            return inner(std::move(socket));
          };
    co_return reply;
  }

  Stop stop_;
  TaskGroup group_;
  net::HttpHandler handler_;
  net::MemoryDialer dialer_;
};

class Follower {
 public:
  Follower(SimLoop& loop, Source& source)
      : log_(LogLevel::info, [this](LogLevel, std::string_view line) { lines.emplace_back(line); }),
        feed({source.dialer(), loop.clock, log_, ""}, live_source("http://source.test").value()),
        loop_(loop),
        stop_(loop.clock),
        group_(loop.io.get_executor()) {}

  Task<void> begin() {
    const auto loaded = co_await feed.load();
    INFO((loaded ? "" : loaded.error().text));
    REQUIRE(loaded.has_value());
    market.emplace(feed.market());
    auto options = default_options();
    options.timeline.offset = feed.clock_offset();
    server = std::make_unique<Server>(loop_.clock, *market, options);
    group_.spawn(feed.run(*server, stop_));
  }
  Task<void> end() {
    stop_.request();
    co_await group_.join();
  }
  Task<void> wait(Micros span) { co_await sleep_for(loop_.clock, span); }

  Task<Answer> call(net::Method method, std::string path, std::string params) {
    params += "&timestamp=" + std::to_string(to_ms(server->now()));
    params += "&signature=" + net::hmac_sha256_hex("secret-a", params);
    net::HttpRequest request;
    request.method = method;
    request.target = std::move(path) + "?" + params;
    request.headers = {{"X-MBX-APIKEY", "key-a"}};
    auto reply = co_await server->handle(std::move(request));
    Answer answer;
    answer.status = reply.response.status;
    answer.body = std::move(reply.response.body);
    co_return answer;
  }
  Task<Answer> market_order(std::string symbol, std::string side, std::string qty) {
    return call(net::Method::post, "/fapi/v1/order",
                "symbol=" + symbol + "&side=" + side + "&type=MARKET&quantity=" + qty);
  }
  Price last(const char* symbol) const {
    const auto point = market->last(Symbol(symbol), server->now());
    return point ? point->price : Price();
  }
  Qty held() const {
    Qty sum;
    for (const auto& row : server->exchange().positions(0))
      sum += row.position.qty;
    return sum;
  }
  int logged(std::string_view part) const {
    int count = 0;
    for (const auto& line : lines)
      count += line.find(part) != std::string::npos ? 1 : 0;
    return count;
  }
  std::string state() const {
    net::JsonWriter json;
    feed.describe(json);
    return json.take();
  }

  std::vector<std::string> lines;

 private:
  Log log_;

 public:
  LiveFeed feed;
  std::optional<sim::Market> market;
  std::unique_ptr<Server> server;

 private:
  SimLoop& loop_;
  Stop stop_;
  TaskGroup group_;
};

}  // namespace bb::paper::test
