// The door over streams in memory, in virtual time.
#include "control/door.h"

#include <doctest/doctest.h>

#include "control/caller.h"
#include "control/wire.h"
#include "net/memory.h"
#include "support/run.h"

namespace bb::control::test {
namespace {

using bb::test::run_sim;
using bb::test::SimLoop;
using Kind = Reply::Kind;

Command a_command(CommandKind kind = CommandKind::manage) {
  Command command;
  command.id = make_command_id();
  command.kind = kind;
  command.who = "test";
  return command;
}

/// A holder whose commands take as long as told.
struct Scene {
  explicit Scene(SimLoop& l) : loop(l), stop(l.clock), served(l.io.get_executor()) {
    handlers.self = {"service", 7};
    handlers.carry_out = [this](Command command) { return carry_out(std::move(command)); };
    handlers.counters = [this] { return counters; };
  }

  Task<Report> carry_out(Command command) {
    began.push_back(command.kind);
    co_await sleep_for(loop.clock, takes);
    if (throws) throw std::runtime_error("broken");
    ended.push_back(command.kind);
    co_return Report{3, "{\"ok\":true}\n", "done\n", false};
  }

  net::AnyStream connect() {
    auto pair = net::make_memory_pair(loop.io.get_executor(), loop.clock, {Micros(10), Micros(0)});
    served.spawn(serve_connection(std::move(pair.far), loop.clock, log, handlers, options, stop));
    return std::move(pair.near);
  }

  /// An end that nobody serves, as of a process that was stopped.
  net::AnyStream connect_to_nobody() {
    auto pair = net::make_memory_pair(loop.io.get_executor(), loop.clock, {Micros(10), Micros(0)});
    dead = std::move(pair.far);
    return std::move(pair.near);
  }

  Task<void> end() {
    stop.request();
    co_await served.join();
  }

  SimLoop& loop;
  Log log{LogLevel::error, null_sink()};
  Stop stop;
  TaskGroup served;
  Handlers handlers;
  DoorOptions options;
  Micros takes{0};
  bool throws = false;
  std::vector<CommandKind> began, ended;
  std::vector<Counter> counters;
  net::AnyStream dead;
};

Task<std::string> say(Scene& scene, std::string text) {
  const auto stream = scene.connect();
  (void)co_await net::write_all(stream, text);
  std::string all;
  std::array<char, 1024> chunk{};
  for (;;) {
    const auto got = co_await net::read_some(stream, boost::asio::buffer(chunk));
    all.append(chunk.data(), got.bytes);
    if (got.error) co_return all;
  }
}

}  // namespace

TEST_CASE("a command is carried out and its report comes back as it is") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    const auto reply = co_await hand_over(scene.connect(), loop.clock, a_command());
    CHECK(reply.kind == Kind::answered);
    CHECK(reply.answer.by.command == "service");
    CHECK(reply.answer.report == Report{3, "{\"ok\":true}\n", "done\n", false});
    co_await scene.end();
  });
}

TEST_CASE("a command that takes minutes is waited for, because the holder shows life") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    scene.takes = Minutes(3);
    const auto reply = co_await hand_over(scene.connect(), loop.clock, a_command());
    CHECK(reply.kind == Kind::answered);
    co_await scene.end();
  });
}

TEST_CASE("a holder that shows no life for two seconds is given up, not earlier and not later") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    const SteadyTime begun = loop.clock.steady_now();
    std::optional<SteadyTime> given_up;
    const auto reply = co_await hand_over(scene.connect_to_nobody(), loop.clock, a_command(),
                                          [&] { given_up = loop.clock.steady_now(); });
    CHECK(reply.kind == Kind::silent);
    REQUIRE(given_up);
    CHECK(*given_up - begun == Seconds(2));
    co_await scene.end();
  });
}

TEST_CASE("a holder that wakes up while it is given up has the command: nothing is done twice") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    auto stream = scene.connect_to_nobody();
    const auto wake = [&scene] {
      scene.served.spawn(serve_connection(std::move(scene.dead), scene.loop.clock, scene.log,
                                          scene.handlers, scene.options, scene.stop));
    };
    const auto reply = co_await hand_over(std::move(stream), loop.clock, a_command(), wake);
    CHECK(reply.kind == Kind::answered);
    CHECK(scene.ended.size() == 1);
    co_await scene.end();
  });
}

TEST_CASE("a holder that falls silent in the middle leaves the outcome unknown") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    auto stream = scene.connect_to_nobody();
    bool asked = false;
    (void)co_await net::write_all(scene.dead, write_message(Accepted{}));
    const auto reply =
        co_await hand_over(std::move(stream), loop.clock, a_command(), [&asked] { asked = true; });
    CHECK(reply.kind == Kind::lost);
    CHECK_FALSE(asked);
    co_await scene.end();
  });
}

TEST_CASE("a command whose caller hangs up is carried out to its end") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    scene.takes = Seconds(20);
    {
      const auto stream = scene.connect();
      (void)co_await net::write_all(stream, write_request(a_command()));
      co_await sleep_for(loop.clock, Seconds(1));
    }
    CHECK(scene.began.size() == 1);
    co_await scene.end();
    CHECK(scene.ended.size() == 1);
  });
}

TEST_CASE("a caller that is gone before the holder could answer gets nothing done") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    auto stream = scene.connect_to_nobody();
    (void)co_await net::write_all(stream, write_request(a_command(CommandKind::flatten)));
    stream.close();
    co_await sleep_for(loop.clock, Seconds(5));
    co_await serve_connection(std::move(scene.dead), loop.clock, scene.log, scene.handlers,
                              scene.options, scene.stop);
    CHECK(scene.began.empty());
    co_await scene.end();
  });
}

TEST_CASE("a handler that throws is told as a break, and the door stays open") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    scene.throws = true;
    const auto reply = co_await hand_over(scene.connect(), loop.clock, a_command());
    CHECK(reply.kind == Kind::lost);
    scene.throws = false;
    const auto next = co_await hand_over(scene.connect(), loop.clock, a_command());
    CHECK(next.kind == Kind::answered);
    co_await scene.end();
  });
}

TEST_CASE("garbage, a request without end and silence are answered or left, and do nothing") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    const auto garbage = co_await say(scene, "GET / HTTP/1.1\r\n");
    CHECK(garbage.find("error") != std::string::npos);
    const auto endless = co_await say(scene, std::string(70'000, 'x'));
    CHECK(endless.find("too long") != std::string::npos);
    const SteadyTime begun = loop.clock.steady_now();
    const auto half = co_await say(scene, "{\"v\":1");
    CHECK(half.empty());
    CHECK(loop.clock.steady_now() - begun < Seconds(6));
    CHECK(scene.began.empty());
    co_await scene.end();
  });
}

TEST_CASE("a peer that never reads is left after the limit") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    scene.counters = {{"orders", 1}};
    const auto stream = scene.connect();
    (void)co_await net::write_all(stream, write_request(Watch{}));
    co_await sleep_for(loop.clock, Minutes(1));
    co_await scene.end();  // it would never end if a write could hang
    CHECK(scene.began.empty());
  });
}

TEST_CASE("a watcher hears the counters at once and whenever they change") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Scene scene(loop);
    scene.counters = {{"orders", 1}};
    std::vector<std::vector<Counter>> heard;
    Stop listening(loop.clock);
    TaskGroup group(loop.io.get_executor());
    const auto listen = [](net::AnyStream stream, Clock& clock, Stop& stop,
                           std::vector<std::vector<Counter>>& all) -> Task<void> {
      (void)co_await watch(std::move(stream), clock, stop,
                           [&all](const auto& counters) { all.push_back(counters); });
    };
    group.spawn(listen(scene.connect(), loop.clock, listening, heard));
    co_await sleep_for(loop.clock, Seconds(10));
    CHECK(heard.size() == 1);
    scene.counters = {{"orders", 4}};
    co_await sleep_for(loop.clock, Seconds(1));
    CHECK(heard.size() == 2);
    CHECK(heard.back() == std::vector<Counter>{{"orders", 4}});
    listening.request();
    co_await group.join();
    co_await scene.end();
  });
}

}  // namespace bb::control::test
