// SOCKS5 byte for byte, over memory.
#include <doctest/doctest.h>

#include "net/proxy_tunnel.h"
#include "net/world.h"

namespace bb::net::test {
namespace {

using namespace std::string_literals;

struct Step {
  std::string expected;  // from the client
  std::string answer;
};

/// Plays the proxy; `said` is what differed from the script, empty = nothing.
Task<void> play(const AnyStream& stream, std::vector<Step> steps, std::string& said) {
  for (const auto& step : steps) {
    std::string heard(step.expected.size(), '\0');
    std::size_t have = 0;
    while (have < heard.size()) {
      const auto read =
          co_await read_some(stream, boost::asio::buffer(heard.data() + have, heard.size() - have));
      have += read.bytes;
      if (read.error) break;
    }
    if (heard != step.expected) said = "unexpected: " + heard;
    co_await write_all(stream, step.answer);
  }
}

struct Outcome {
  std::string error;  // empty = a tunnel
  std::string said;
  std::string through;  // what came through it
};

Task<Outcome> tunnel(SimLoop& loop, std::vector<Step> steps, std::string user = "",
                     std::string host = "exchange.test") {
  auto pair = make_memory_pair(loop.io.get_executor(), loop.clock, {});
  ProxyOptions options;
  options.endpoint = {"proxy.test", 1080, false};
  options.user = std::move(user);
  options.password = Secret("word");
  options.kind = ProxyOptions::Kind::socks5;
  Outcome out;
  TaskGroup group(loop.io.get_executor());
  group.spawn(play(pair.far, std::move(steps), out.said));
  const Endpoint target{std::move(host), 443, false};
  auto made = co_await open_tunnel(std::move(pair.near), loop.clock, options, target,
                                   loop.clock.after(Seconds(5)));
  co_await group.join();
  if (!made) {
    out.error = made.error().text;
    co_return out;
  }
  co_await write_all(pair.far, "hello");
  std::string heard(5, '\0');
  co_await read_some(*made, boost::asio::buffer(heard));
  out.through = heard;
  co_return out;
}

const std::string kName = "\x0d" + "exchange.test"s;
const std::string kConnect = "\x05\x01\0\x03"s + kName + "\x01\xbb"s;
const std::string kGranted = "\x05\0\0\x01\x7f\0\0\x01\x12\x34"s;

TEST_CASE("socks5: without a login the name is left to the proxy, and the bytes are the target's") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const auto out = co_await tunnel(loop, {{"\x05\x01\0"s, "\x05\0"s}, {kConnect, kGranted}});
    CHECK(out.error.empty());
    CHECK(out.said.empty());
    CHECK(out.through == "hello");
  });
}

TEST_CASE("socks5: a login is given where it is asked for, and only there") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const std::string login = "\x01\x04" + "user"s + "\x04" + "word"s;
    const auto asked = co_await tunnel(
        loop, {{"\x05\x02\0\x02"s, "\x05\x02"s}, {login, "\x01\0"s}, {kConnect, kGranted}}, "user");
    CHECK(asked.error.empty());
    CHECK(asked.said.empty());
    const auto not_asked =
        co_await tunnel(loop, {{"\x05\x02\0\x02"s, "\x05\0"s}, {kConnect, kGranted}}, "user");
    CHECK(not_asked.error.empty());
    const auto refused =
        co_await tunnel(loop, {{"\x05\x02\0\x02"s, "\x05\x02"s}, {login, "\x01\x01"s}}, "user");
    CHECK(refused.error ==
          "exchange.test: the proxy proxy.test gave no tunnel: it refused the login; check the "
          "proxy's user and password");
  });
}

TEST_CASE("socks5: addresses are sent as addresses") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const auto v4 = co_await tunnel(
        loop, {{"\x05\x01\0"s, "\x05\0"s}, {"\x05\x01\0\x01\x0a\0\0\x07\x01\xbb"s, kGranted}}, "",
        "10.0.0.7");
    CHECK(v4.error.empty());
    CHECK(v4.said.empty());
    const std::string named =
        "\x05\0\0\x03\x03"
        "abc\0\x01"s;
    const auto v6 =
        co_await tunnel(loop,
                        {{"\x05\x01\0"s, "\x05\0"s},
                         {"\x05\x01\0\x04"s + std::string(15, '\0') + "\x01\x01\xbb"s, named}},
                        "", "::1");
    CHECK(v6.error.empty());
    CHECK(v6.said.empty());
    CHECK(v6.through == "hello");
  });
}

TEST_CASE("socks5: what goes wrong is said, and nothing hangs") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const Step hello{"\x05\x01\0"s, "\x05\0"s};
    const auto unreachable =
        co_await tunnel(loop, {hello, {kConnect, "\x05\x04\0\x01\0\0\0\0\0\0"s}});
    CHECK(unreachable.error.ends_with("gave no tunnel: the host is not reachable"));
    const auto wants_login = co_await tunnel(loop, {{"\x05\x01\0"s, "\x05\xff"s}});
    CHECK(wants_login.error.ends_with("it wants a login"));
    const auto http = co_await tunnel(loop, {{"\x05\x01\0"s, "HTTP/1.1 400\r\n"}});
    CHECK(http.error.ends_with("its answer is not SOCKS5"));
    const auto silent = co_await tunnel(loop, {hello, {kConnect, ""}});
    CHECK(silent.error.ends_with("no answer by the deadline"));
    const auto long_name = co_await tunnel(loop, {}, "", std::string(300, 'x'));
    CHECK(long_name.error.find("longer than SOCKS5 can say") != std::string::npos);
  });
}

}  // namespace
}  // namespace bb::net::test
