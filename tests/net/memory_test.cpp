#include "net/memory.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>

#include "net/world.h"

namespace bb::net::test {
namespace {

/// Reads until an error; `trace` gets "<bytes>@<arrival in ms>" per read, then the error's name.
Task<void> read_all(const AnyStream& stream, Clock& clock, std::string& trace) {
  std::array<char, 4096> buffer;
  for (;;) {
    const auto read = co_await read_some(stream, boost::asio::buffer(buffer));
    const auto at = clock.steady_now().time_since_epoch() / Millis(1);
    if (read.error) {
      trace += read.error == boost::asio::error::eof ? "eof" : "aborted";
      trace += "@" + std::to_string(at);
      co_return;
    }
    trace += std::string(buffer.data(), read.bytes) + "@" + std::to_string(at) + " ";
  }
}

Task<void> close_after(const AnyStream& stream, Clock& clock, Micros span) {
  co_await sleep_for(clock, span);
  stream.close();
}

TEST_CASE("memory: bytes arrive half a round trip later, then the end, in order") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const auto pair = make_memory_pair(loop.io.get_executor(), loop.clock, {Millis(20), {}});
    std::string trace;
    TaskGroup group(loop.io.get_executor());
    group.spawn(read_all(pair.far, loop.clock, trace));
    co_await write_all(pair.near, "a");
    co_await sleep_for(loop.clock, Millis(5));
    co_await write_all(pair.near, "b");
    pair.near.close();
    co_await group.join();
    CHECK(trace == "a@20 b@25 eof@25");
    CHECK_FALSE(pair.near.is_open());
    const auto refused = co_await write_all(pair.far, "x");
    CHECK(refused.error == boost::asio::error::broken_pipe);
    CHECK(refused.bytes == 0);
  });
}

TEST_CASE("memory: bytes that fit no single read are kept for the next ones") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const auto pair = make_memory_pair(loop.io.get_executor(), loop.clock, {});
    co_await write_all(pair.near, std::string(10'000, 'x'));
    co_await sleep_for(loop.clock, Seconds(1));
    std::string trace;
    pair.near.close();
    co_await read_all(pair.far, loop.clock, trace);
    CHECK(std::ranges::count(trace, 'x') == 10'000);
    CHECK(std::ranges::count(trace, '@') == 4);
  });
}

TEST_CASE("memory: closing ends the own pending read, and drops what is on its way") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const auto pair = make_memory_pair(loop.io.get_executor(), loop.clock, {Millis(20), {}});
    std::string trace;
    TaskGroup group(loop.io.get_executor());
    group.spawn(read_all(pair.near, loop.clock, trace));
    group.spawn(close_after(pair.near, loop.clock, Millis(10)));
    co_await write_all(pair.far, "late");
    co_await group.join();
    CHECK(trace == "aborted@10");
    const auto written = co_await write_all(pair.near, "x");
    CHECK(written.error == boost::asio::error::operation_aborted);
  });
}

TEST_CASE("memory: jitter delays but never reorders, and repeats with its seed") {
  const auto trace_of = [](std::uint64_t seed) {
    std::string trace;
    run_sim([&trace, seed](SimLoop& loop) -> Task<void> {
      Random random(seed);
      const Latency latency{Millis(10), Millis(100)};
      const auto pair = make_memory_pair(loop.io.get_executor(), loop.clock, latency, &random);
      TaskGroup group(loop.io.get_executor());
      group.spawn(read_all(pair.far, loop.clock, trace));
      for (const char* text : {"1", "2", "3", "4", "5", "6", "7", "8"}) {
        co_await write_all(pair.near, text);
        co_await sleep_for(loop.clock, Millis(3));
      }
      pair.near.close();
      co_await group.join();
    });
    return trace;
  };
  const auto trace = trace_of(7);
  CHECK(trace == trace_of(7));
  CHECK(trace != trace_of(8));
  std::string order;
  for (std::size_t i = 0; i < trace.size(); ++i)
    if (i == 0 || trace[i - 1] == ' ') order += trace.substr(i, trace.find('@', i) - i);
  CHECK(order == "12345678eof");
}

TEST_CASE("memory: a dialer asks its gate, and refuses after a round trip") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    server.dialer().set_gate([](const Endpoint& endpoint) -> Status {
      return fail(ErrorKind::unreachable, endpoint.host + ": connection refused");
    });
    const auto refused =
        co_await server.dialer().connect(some_endpoint(), loop.clock.after(Seconds(1)));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().text == "exchange.test: connection refused");
    CHECK(loop.clock.steady_now() == SteadyTime(Millis(50)));
    CHECK(server.connections() == 0);
  });
}

TEST_CASE("memory: a connection that takes longer than its deadline fails at the deadline") {
  run_sim([](SimLoop& loop) -> Task<void> {
    MemoryServer server(loop, echo);
    const auto late =
        co_await server.dialer().connect(some_endpoint(), loop.clock.after(Millis(49)));
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().kind == ErrorKind::unreachable);
    CHECK(loop.clock.steady_now() == SteadyTime(Millis(49)));
    CHECK(server.connections() == 0);
  });
}

}  // namespace
}  // namespace bb::net::test
