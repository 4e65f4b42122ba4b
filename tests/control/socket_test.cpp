// The door over real Unix sockets.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "control/caller.h"
#include "control/door.h"
#include "support/run.h"

namespace bb::control::test {
namespace {

using bb::test::RealLoop;
using bb::test::run_real;
using bb::test::TempDir;
using Kind = Reply::Kind;

Task<Report> echo(Command command) { co_return Report{0, "{}", command.who, false}; }

Handlers echoing() {
  Handlers handlers;
  handlers.self = {"service", static_cast<int>(::getpid())};
  handlers.carry_out = echo;
  handlers.counters = [] { return std::vector<Counter>{}; };
  return handlers;
}

Command a_command() {
  Command command;
  command.id = make_command_id();
  command.kind = CommandKind::manage;
  command.who = "somebody";
  return command;
}

/// A door in `directory`, open as long as the object lives.
struct Open {
  Open(RealLoop& loop, const std::string& directory)
      : stop(loop.clock),
        group(loop.io.get_executor()),
        door(Door::open(loop.io, loop.clock, log, directory, echoing())) {
    REQUIRE_MESSAGE(door, (door ? "" : door.error().text));
    group.spawn((*door)->run(stop));
  }
  Task<void> close() {
    stop.request();
    co_await group.join();
    door->reset();
  }
  Log log{LogLevel::error, null_sink()};
  Stop stop;
  TaskGroup group;
  Result<std::unique_ptr<Door>> door;
};

}  // namespace

namespace {

Task<Kind> ping_of(RealLoop& loop, std::string directory) {
  const auto reply = co_await ping(loop.io, loop.clock, std::move(directory));
  co_return reply.kind;
}

}  // namespace

TEST_CASE("a command through the socket is answered; after the door is gone there is no holder") {
  run_real([](RealLoop& loop) -> Task<void> {
    TempDir dir;
    const auto before = co_await hand_over(loop.io, loop.clock, dir.path(), a_command());
    CHECK(before.kind == Kind::no_holder);
    Open open(loop, dir.path());
    struct stat status{};
    REQUIRE(::stat(socket_path(dir.path()).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    const auto reply = co_await hand_over(loop.io, loop.clock, dir.path(), a_command());
    CHECK(reply.kind == Kind::answered);
    CHECK(reply.answer.report.text == "somebody");
    const auto kind1 = co_await ping_of(loop, dir.path());
    CHECK(kind1 == Kind::answered);
    co_await open.close();
    CHECK_FALSE(std::filesystem::exists(socket_path(dir.path())));
    const auto after = co_await hand_over(loop.io, loop.clock, dir.path(), a_command());
    CHECK(after.kind == Kind::no_holder);
  });
}

TEST_CASE("the socket of a dead holder is nobody, and is replaced") {
  run_real([](RealLoop& loop) -> Task<void> {
    TempDir dir;
    const std::string kept = dir.file("kept.sock");
    {
      Open dead(loop, dir.path());
      std::filesystem::rename(socket_path(dir.path()), kept);
      co_await dead.close();
    }
    std::filesystem::rename(kept, socket_path(dir.path()));
    const auto kind2 = co_await ping_of(loop, dir.path());
    CHECK(kind2 == Kind::no_holder);
    Open open(loop, dir.path());
    const auto kind3 = co_await ping_of(loop, dir.path());
    CHECK(kind3 == Kind::answered);
    co_await open.close();
  });
}

TEST_CASE("a directory whose path is longer than a socket's may be works all the same") {
  run_real([](RealLoop& loop) -> Task<void> {
    TempDir dir;
    const std::string deep = dir.file(std::string(90, 'a')) + "/" + std::string(90, 'b');
    std::filesystem::create_directories(deep);
    Open open(loop, deep);
    CHECK(std::filesystem::exists(socket_path(deep)));
    const auto kind4 = co_await ping_of(loop, deep);
    CHECK(kind4 == Kind::answered);
    co_await open.close();
  });
}

TEST_CASE("more connections than the limit are refused, and later ones are served again") {
  run_real([](RealLoop& loop) -> Task<void> {
    TempDir dir;
    Open open(loop, dir.path());
    std::vector<Task<Reply>> many;
    for (int i = 0; i < 40; ++i)
      many.push_back(ping(loop.io, loop.clock, dir.path()));
    const auto replies = co_await gather(std::move(many));
    CHECK(replies.size() == 40);
    const auto kind5 = co_await ping_of(loop, dir.path());
    CHECK(kind5 == Kind::answered);
    co_await open.close();
  });
}

TEST_CASE("a directory that is not there has no holder, however long its path is") {
  run_real([](RealLoop& loop) -> Task<void> {
    TempDir dir;
    for (const std::string& name : {std::string("none"), std::string(150, 'a')}) {
      const auto kind = co_await ping_of(loop, dir.file(name));
      CHECK(kind == Kind::no_holder);
    }
  });
}

TEST_CASE("a door that cannot be asked refuses, and is silence for who wants to close") {
  run_real([](RealLoop& loop) -> Task<void> {
    TempDir dir;
    std::ofstream(dir.file("file")) << "no directory";
    const auto refused = co_await hand_over(loop.io, loop.clock, dir.file("file"), a_command());
    CHECK(refused.kind == Kind::refused);
    auto flatten = a_command();
    flatten.kind = CommandKind::flatten;
    bool withdrawn = false;
    const auto silent = co_await hand_over(loop.io, loop.clock, dir.file("file"), flatten,
                                           [&withdrawn] { withdrawn = true; });
    CHECK(silent.kind == Kind::silent);
    CHECK(withdrawn);
  });
}

}  // namespace bb::control::test
