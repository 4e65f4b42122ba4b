#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include "net/world.h"

namespace bb::net::test {
namespace {

Task<Answer> ask(HttpClient& client, Clock& clock, std::string target,
                 Micros patience = Seconds(1)) {
  co_return co_await client.send(get(std::move(target)), clock.after(patience));
}

TEST_CASE("http: requests and answers travel, and the connection is kept") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    const auto first = co_await ask(client, loop.clock, "/a?b=1");
    const auto second = co_await client.send(post("/c", "body"), loop.clock.after(Seconds(1)));
    CHECK(summary(first) == "200 GET /a?b=1 ");
    CHECK(summary(second) == "200 POST /c body");
    CHECK(server.connections() == 1);
    // One round trip to connect, one per request.
    CHECK(loop.clock.steady_now() == SteadyTime(Millis(150)));
    client.close_idle();
    co_await server.join();
  });
}

Task<ServerReply> show_headers(HttpRequest request) {
  std::string text;
  for (const auto& [name, value] : request.headers)
    text += name + "=" + value + ";";
  co_return reply(200, text);
}

TEST_CASE("http: the needed fields are added, and what the caller sets wins") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, show_headers);
    HttpClient client(server.dialer(), loop.clock, {"::1", 8080, false}, {});
    auto request = post("/", "abc");
    request.headers = {{"X-Key", "k"}, {"user-agent", "other"}, {"Content-Length", "999"}};
    const auto answer = co_await client.send(request, loop.clock.after(Seconds(1)));
    CHECK(summary(answer) ==
          "200 Host=[::1]:8080;Accept-Encoding=gzip;X-Key=k;user-agent=other;Content-Length=3;");
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: no connection by the deadline is a failure before sending") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    const auto late = co_await ask(client, loop.clock, "/order?signature=s", Millis(30));
    CHECK(summary(late) == "not sent: GET /order: exchange.test:80: no connection by the deadline");
    const auto just_late = co_await ask(client, loop.clock, "/order?signature=s", Millis(50));
    CHECK(summary(just_late) == "not sent: GET /order: the deadline passed before it was sent");
    server.dialer().set_gate(
        [](const Endpoint&) -> Status { return fail(ErrorKind::unreachable, "refused"); });
    client.close_idle();
    const auto refused = co_await ask(client, loop.clock, "/order?signature=s");
    CHECK(summary(refused) == "not sent: GET /order: refused");
    co_await server.join();
  });
}

Task<ServerReply> slow_first(Clock& clock, int& served, HttpRequest request) {
  if (++served == 1) co_await sleep_for(clock, Seconds(10));
  co_return co_await echo(std::move(request));
}

TEST_CASE("http: no answer by the deadline is a failure after sending; the next request works") {
  run_sim([](SimLoop& loop) -> Task<void> {
    int served = 0;
    MemoryServer server(
        loop, [&](HttpRequest r) { return slow_first(loop.clock, served, std::move(r)); });
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    const auto late = co_await ask(client, loop.clock, "/order?signature=s");
    CHECK(summary(late) == "sent: GET /order: no answer came by the deadline");
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(1)));
    const auto next = co_await ask(client, loop.clock, "/next");
    CHECK(summary(next) == "200 GET /next ");
    CHECK(server.connections() == 2);
    client.close_idle();
    co_await server.join();
  });
}

/// A body of 1000 bytes, one a second.
Task<void> trickle(AnyStream stream, Clock& clock) {
  std::array<char, 4096> buffer{};
  co_await read_some(stream, boost::asio::buffer(buffer));
  co_await write_all(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  for (int i = 0; i < 1000; ++i) {
    const auto written = co_await write_all(stream, "x");
    if (written.error) co_return;
    co_await sleep_for(clock, Seconds(1));
  }
}

TEST_CASE("F70: an answer of one byte a second ends at the deadline, however busy it looks") {
  run_sim([](SimLoop& loop) -> Task<void> {
    TaskGroup group(loop.io.get_executor());
    MemoryDialer dialer(loop.io.get_executor(), loop.clock, {}, [&](AnyStream stream) {
      group.spawn(trickle(std::move(stream), loop.clock));
    });
    HttpClient client(dialer, loop.clock, some_endpoint(), {});
    const auto answer = co_await client.send(get("/slow"), loop.clock.after(Seconds(10)));
    CHECK(summary(answer) == "sent: GET /slow: the answer broke off by the deadline");
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(10)));
    co_await group.join();
  });
}

TEST_CASE("http: a request is made when its connection is open, and again for another one") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo, {}, {.each_way = Millis(400)});
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    int made = 0;
    const HttpClient::RequestBuilder build = [&] {
      ++made;
      const auto ms = loop.clock.steady_now().time_since_epoch() / Millis(1);
      return get("/at/" + std::to_string(ms));
    };
    const auto first = co_await client.send("GET /at", build, loop.clock.after(Seconds(10)));
    CHECK(summary(first) == "200 GET /at/800 ");  // a round trip to connect
    const auto second = co_await client.send("GET /at", build, loop.clock.after(Seconds(10)));
    CHECK(summary(second) == "200 GET /at/1600 ");
    CHECK(made == 2);
    const HttpClient::RequestBuilder bad = [] { return get("no slash"); };
    const auto refused = co_await client.send("GET /at", bad, loop.clock.after(Seconds(10)));
    CHECK(summary(refused) == "not sent: GET /at: a control byte or blank in the request");
    client.close_idle();
    co_await server.join();
  });
}

Task<ServerReply> faulty(HttpRequest request) {
  auto answer = co_await echo(request);
  if (request.target == "/dropped") answer.delivery = ServerReply::Delivery::dropped;
  if (request.target == "/truncated") answer.delivery = ServerReply::Delivery::truncated;
  co_return answer;
}

TEST_CASE("http: a dropped or truncated answer is a failure after sending") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, faulty);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    const auto fine = co_await ask(client, loop.clock, "/fine");
    const auto dropped = co_await ask(client, loop.clock, "/dropped");
    const auto truncated = co_await ask(client, loop.clock, "/truncated");
    const auto again = co_await ask(client, loop.clock, "/again");
    CHECK(summary(fine) == "200 GET /fine ");
    CHECK(summary(dropped) == "sent: GET /dropped: no answer came (End of file)");
    CHECK(summary(truncated) == "sent: GET /truncated: the answer broke off (End of file)");
    CHECK(summary(again) == "200 GET /again ");
    CHECK(server.connections() == 3);
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: a connection that the server closed while idle is replaced, unnoticed") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo, {.idle_limit = Seconds(5)});
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    co_await ask(client, loop.clock, "/a");
    co_await sleep_for(loop.clock, Seconds(6));
    CHECK(server.open_connections() == 0);
    const auto answer = co_await ask(client, loop.clock, "/b");
    CHECK(summary(answer) == "200 GET /b ");
    CHECK(server.connections() == 2);
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: a request that crosses the server's close was sent, and is not repeated") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo, {.idle_limit = Seconds(5)});
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    co_await ask(client, loop.clock, "/a");
    // The server went idle 25 ms before its answer arrived here.
    co_await sleep_for(loop.clock, Seconds(5) - Millis(35));
    const auto crossed = co_await ask(client, loop.clock, "/b");
    CHECK(summary(crossed) == "sent: GET /b: no answer came (End of file)");
    CHECK(server.connections() == 1);
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: an idle connection older than the limit is not used again") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {.idle_limit = Seconds(30)});
    co_await ask(client, loop.clock, "/a");
    co_await sleep_for(loop.clock, Seconds(29));
    co_await ask(client, loop.clock, "/b");
    CHECK(server.connections() == 1);
    co_await sleep_for(loop.clock, Seconds(31));
    co_await ask(client, loop.clock, "/c");
    CHECK(server.connections() == 2);
    client.close_idle();
    co_await server.join();
  });
}

/// Answers the first `good` writes through `inner`; then takes `partly` bytes and fails.
class DyingLayer final : public StreamLayer {
 public:
  DyingLayer(AnyStream inner, int good, std::size_t partly)
      : inner_(std::move(inner)), good_(good), partly_(partly) {}
  boost::asio::any_io_executor executor() override { return inner_.layer().executor(); }
  void read_some(boost::asio::mutable_buffer into, IoHandler done) override {
    inner_.layer().read_some(into, std::move(done));
  }
  void write_some(boost::asio::const_buffer from, IoHandler done) override {
    if (good_-- > 0) return inner_.layer().write_some(from, std::move(done));
    const std::size_t bytes = std::exchange(partly_, 0);
    boost::system::error_code error;
    if (bytes == 0) error = boost::asio::error::connection_reset;
    boost::asio::post(executor(),
                      [call = std::move(done), error, bytes]() mutable { call(error, bytes); });
  }
  void close() override { inner_.close(); }
  bool is_open() const override { return inner_.is_open(); }

 private:
  AnyStream inner_;
  int good_;
  std::size_t partly_;
};

/// The first stream dies as told; the others live.
class DyingDialer final : public Dialer {
 public:
  DyingDialer(Dialer& inner, int good, std::size_t partly)
      : inner_(inner), good_(good), partly_(partly) {}
  Task<Result<AnyStream>> connect(Endpoint endpoint, SteadyTime deadline) override {
    auto stream = co_await inner_.connect(endpoint, deadline);
    if (std::exchange(first_, false) && stream)
      stream = AnyStream(std::make_unique<DyingLayer>(std::move(*stream), good_, partly_));
    co_return std::move(stream);
  }

 private:
  Dialer& inner_;
  int good_;
  std::size_t partly_;
  bool first_ = true;
};

TEST_CASE("http: a kept connection that takes no byte is replaced; a new one is not") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    DyingDialer reused(server.dialer(), 1, 0);
    HttpClient client(reused, loop.clock, some_endpoint(), {});
    co_await ask(client, loop.clock, "/a");
    const auto replaced = co_await ask(client, loop.clock, "/b");
    CHECK(summary(replaced) == "200 GET /b ");
    CHECK(server.connections() == 2);
    DyingDialer fresh(server.dialer(), 0, 0);
    HttpClient other(fresh, loop.clock, some_endpoint(), {});
    const auto failed = co_await ask(other, loop.clock, "/c");
    CHECK(summary(failed).starts_with("not sent: GET /c: the request was not written"));
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: a kept connection that fails after some bytes was sent on") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    DyingDialer dialer(server.dialer(), 1, 5);
    HttpClient client(dialer, loop.clock, some_endpoint(), {});
    co_await ask(client, loop.clock, "/a");
    const auto failed = co_await ask(client, loop.clock, "/b");
    CHECK(summary(failed).starts_with("sent: GET /b: the request was not written"));
    CHECK(server.connections() == 1);
    co_await server.join();
  });
}

Task<void> ask_into(HttpClient& client, Clock& clock, std::string target, Micros patience,
                    std::string& trace) {
  const auto answer = co_await ask(client, clock, std::move(target), patience);
  const auto at = clock.steady_now().time_since_epoch() / Millis(1);
  trace += summary(answer) + "@" + std::to_string(at) + "\n";
}

TEST_CASE("http: when all connections are in use, requests wait in the order they came") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {.max_connections = 1});
    std::string trace;
    TaskGroup group(loop.io.get_executor());
    for (const char* target : {"/1", "/2", "/3"})
      group.spawn(ask_into(client, loop.clock, target, Seconds(1), trace));
    group.spawn(ask_into(client, loop.clock, "/4", Millis(120), trace));
    group.spawn(ask_into(client, loop.clock, "/5", Seconds(1), trace));
    co_await group.join();
    CHECK(trace ==
          "200 GET /1 @100\n"
          "not sent: GET /4: every connection was in use until the deadline@120\n"
          "200 GET /2 @150\n"
          "200 GET /3 @200\n"
          "200 GET /5 @250\n");
    CHECK(server.connections() == 1);
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: a failed connection frees its place for the next in the queue") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, faulty);
    int dials = 0;
    server.dialer().set_gate([&](const Endpoint&) -> Status {
      if (++dials == 1) return fail(ErrorKind::unreachable, "refused");
      return {};
    });
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {.max_connections = 1});
    std::string trace;
    TaskGroup group(loop.io.get_executor());
    for (const char* target : {"/1", "/dropped", "/3"})
      group.spawn(ask_into(client, loop.clock, target, Seconds(1), trace));
    co_await group.join();
    CHECK(trace ==
          "not sent: GET /1: refused@50\n"
          "sent: GET /dropped: no answer came (End of file)@150\n"
          "200 GET /3 @250\n");
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: prewarmed connections spare the next requests the handshake") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {.max_connections = 3});
    const auto warm = co_await client.prewarm(5, loop.clock.after(Seconds(1)));
    CHECK(warm.has_value());
    CHECK(server.connections() == 3);
    CHECK(loop.clock.steady_now() == SteadyTime(Millis(50)));
    std::string trace;
    TaskGroup group(loop.io.get_executor());
    for (const char* target : {"/1", "/2", "/3"})
      group.spawn(ask_into(client, loop.clock, target, Seconds(1), trace));
    co_await group.join();
    CHECK(trace == "200 GET /1 @100\n200 GET /2 @100\n200 GET /3 @100\n");
    const auto again = co_await client.prewarm(2, loop.clock.after(Seconds(1)));
    CHECK(again.has_value());
    CHECK(server.connections() == 3);
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: prewarming says why a connection cannot be opened") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    server.dialer().set_gate(
        [](const Endpoint&) -> Status { return fail(ErrorKind::unreachable, "refused"); });
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {.max_connections = 1});
    const auto warm = co_await client.prewarm(1, loop.clock.after(Seconds(1)));
    REQUIRE_FALSE(warm.has_value());
    CHECK(warm.error().text == "refused");
    server.dialer().set_gate(nullptr);
    const auto answer = co_await ask(client, loop.clock, "/a");
    CHECK(summary(answer) == "200 GET /a ");
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: an abort fails what is in progress and what waits, and new requests work") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    HttpClientOptions options;
    options.max_connections = 1;
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), options);
    std::string trace;
    TaskGroup group(loop.io.get_executor());
    group.spawn(ask_into(client, loop.clock, "/a", Seconds(1), trace));
    group.spawn(ask_into(client, loop.clock, "/b", Seconds(1), trace));
    co_await sleep_for(loop.clock, Millis(60));
    client.abort();
    co_await group.join();
    CHECK(trace.find("sent: GET /a: ") == 0);
    CHECK(trace.find("not sent: GET /b: given up before it was sent") != std::string::npos);
    CHECK(trace.find("200") == std::string::npos);
    const auto answer = co_await client.send(get("/c"), loop.clock.after(Seconds(1)));
    CHECK(summary(answer) == "200 GET /c ");
    client.close_idle();
    co_await server.join();
  });
}

TEST_CASE("http: closing what is idle also closes what is in use, when its request has ended") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    std::string trace;
    TaskGroup group(loop.io.get_executor());
    group.spawn(ask_into(client, loop.clock, "/a", Seconds(1), trace));
    co_await sleep_for(loop.clock, Millis(60));
    client.close_idle();
    co_await group.join();
    CHECK(trace == "200 GET /a @100\n");
    co_await server.join();
    CHECK(loop.clock.steady_now() == SteadyTime(Millis(125)));
  });
}

TEST_CASE("http: a request that could break out of its line is refused before sending") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {});
    std::vector<HttpRequest> bad{get("/a b"), get("/a\r\nX: y"), get("a"), get(""),
                                 get("/a"),   get("/a"),         get("/a")};
    bad[4].headers = {{"X", "y\r\nZ: 1"}};
    bad[5].headers = {{"X:", "y"}};
    bad[6].headers = {{"", "y"}};
    for (auto& request : bad) {
      const auto answer = co_await client.send(std::move(request), loop.clock.after(Seconds(1)));
      CHECK(summary(answer).starts_with("not sent: "));
    }
    CHECK(server.connections() == 0);
  });
}

/// Random thinking times, so that the order of answers depends on the seed.
Task<ServerReply> thinking(Clock& clock, Random& random, HttpRequest request) {
  co_await sleep_for(clock, Millis(random.below(50)));
  co_return co_await echo(std::move(request));
}

std::string busy_trace(std::uint64_t seed) {
  std::string trace;
  run_sim([&trace, seed](SimLoop& loop) -> Task<void> {
    Random random(seed);
    const Latency latency{Millis(10), Millis(30)};
    MemoryServer server(
        loop, [&](HttpRequest r) { return thinking(loop.clock, random, std::move(r)); }, {},
        latency, seed);
    HttpClient client(server.dialer(), loop.clock, some_endpoint(), {.max_connections = 7});
    TaskGroup group(loop.io.get_executor());
    for (int i = 0; i < 100; ++i)
      group.spawn(ask_into(client, loop.clock, "/" + std::to_string(i), Millis(900), trace));
    co_await group.join();
    client.close_idle();
    co_await server.join();
  });
  return trace;
}

TEST_CASE("http: the same seed sees the same order and times") {
  const auto trace = busy_trace(1);
  CHECK(std::ranges::count(trace, '\n') == 100);
  CHECK(trace == busy_trace(1));
  CHECK(trace != busy_trace(2));
}

}  // namespace
}  // namespace bb::net::test
