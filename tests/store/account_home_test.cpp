#include "store/account_home.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/goodbye.h"
#include "support/run.h"

namespace bb::test {
namespace {

using store::AccountHome;
using store::FileLock;

constexpr const char* kAdvice = "give each instance its own lock_file";

Task<Result<FileLock>> lock(SimLoop& loop, std::string path, Micros wait = Micros(0)) {
  co_return co_await FileLock::acquire(std::move(path), "bubble-buster service", wait, loop.clock,
                                       kAdvice);
}

Task<Result<AccountHome>> home(SimLoop& loop, std::string state, std::string alias) {
  co_return co_await AccountHome::take(std::move(state), "paper", std::move(alias),
                                       "bubble-buster run", Micros(0), loop.clock);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("file lock: a busy one says who holds it, since when, and what to do") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("runtime.lock");
    const auto first = co_await lock(loop, path);
    REQUIRE(first.has_value());
    co_await sleep_for(loop.clock, Minutes(5));
    const auto second = co_await lock(loop, path);
    REQUIRE(!second.has_value());
    CHECK(second.error().kind == ErrorKind::busy);
    CHECK(second.error().text == "'" + path + "' is held by pid " + std::to_string(getpid()) +
                                     " (bubble-buster service) since 2025-10-10T00:00:00Z; give "
                                     "each instance its own lock_file");
  });
}

Task<void> release_later(SimLoop& loop, FileLock held) {
  co_await sleep_for(loop.clock, Seconds(7));
  const FileLock dies_here = std::move(held);
}

TEST_CASE("file lock: it waits for a holder that leaves, and not longer than told") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("runtime.lock");
    auto first = co_await lock(loop, path);
    REQUIRE(first.has_value());
    const auto impatient = co_await lock(loop, path, Millis(2500));
    CHECK(!impatient.has_value());
    CHECK(loop.clock.steady_now() == SteadyTime(Millis(2500)));

    TaskGroup group(loop.io.get_executor());
    group.spawn(release_later(loop, std::move(*first)));
    const auto patient = co_await lock(loop, path, Seconds(30));
    CHECK(patient.has_value());
    CHECK(loop.clock.steady_now() >= SteadyTime(Millis(9500)));
    CHECK(loop.clock.steady_now() <= SteadyTime(Millis(9900)));
    co_await group.join();
  });
}

TEST_CASE("file lock: the file holds one line, however often it is taken") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("runtime.lock");
    std::ofstream(path) << std::string(3000, 'x');
    for (int i = 0; i < 3; ++i) {
      const auto held = co_await lock(loop, path);
      CHECK(held.has_value());
    }
    CHECK(text_of(path) == "pid=" + std::to_string(getpid()) +
                               " since=2025-10-10T00:00:00Z command=bubble-buster service\n");
  });
}

TEST_CASE("file lock: a killed holder lets go") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("runtime.lock");
    int pipe_ends[2] = {};
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      run_sim([&path, &pipe_ends](SimLoop& inner) -> Task<void> {
        const auto held = co_await lock(inner, path);
        if (write(pipe_ends[1], held ? "y" : "n", 1) != 1) _exit(1);
        for (;;)
          pause();
      });
    }
    char answer = 0;
    REQUIRE(read(pipe_ends[0], &answer, 1) == 1);
    CHECK(answer == 'y');
    const auto refused = co_await lock(loop, path);
    REQUIRE(!refused.has_value());
    CHECK(refused.error().text.find("pid " + std::to_string(child)) != std::string::npos);
    kill(child, SIGKILL);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    const auto taken = co_await lock(loop, path);
    CHECK(taken.has_value());
    close(pipe_ends[0]);
    close(pipe_ends[1]);
  });
}

TEST_CASE("file lock: a file that was replaced meanwhile is locked anew") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("runtime.lock");
    const auto first = co_await lock(loop, path);
    REQUIRE(first.has_value());
    std::filesystem::remove(path);
    const auto second = co_await lock(loop, path);
    REQUIRE(second.has_value());
    const auto third = co_await lock(loop, path);
    CHECK(!third.has_value());
  });
}

TEST_CASE("file lock: a folder that is not there is named") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const auto refused = co_await lock(loop, dir.file("absent/runtime.lock"));
    REQUIRE(!refused.has_value());
    CHECK(refused.error().kind == ErrorKind::configuration);
    CHECK(refused.error().text.find("absent/runtime.lock") != std::string::npos);
  });
}

TEST_CASE("account home: one account has one home, whatever lock files its configs name") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const auto lock_a = co_await lock(loop, dir.file("a.lock"));
    const auto lock_b = co_await lock(loop, dir.file("b.lock"));
    CHECK(lock_a.has_value());
    CHECK(lock_b.has_value());
    const auto first = co_await home(loop, dir.path(), "main");
    REQUIRE(first.has_value());
    const auto second = co_await home(loop, dir.path(), "main");
    REQUIRE(!second.has_value());
    CHECK(second.error().kind == ErrorKind::busy);
    CHECK(second.error().text.find("(bubble-buster run)") != std::string::npos);
    const auto other = co_await home(loop, dir.path(), "second");
    CHECK(other.has_value());
  });
}

TEST_CASE("account home: the directory is private, and the same at every take") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    for (int take = 0; take < 3; ++take) {
      const auto taken = co_await home(loop, dir.path(), "main");
      REQUIRE(taken.has_value());
      CHECK(taken->path() == dir.path() + "/accounts/paper-main");
      struct stat info{};
      REQUIRE(stat(taken->path().c_str(), &info) == 0);
      CHECK((info.st_mode & 0777) == 0700);
    }
  });
}

TEST_CASE("account home: no alias leaves the directory, and no two aliases share one") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    std::vector<std::string> paths;
    for (const char* alias : {"../../etc", "..", "a/b", "a_b", "\u4ed3\u4f4d", "a b"}) {
      const auto taken = co_await home(loop, dir.path(), alias);
      REQUIRE(taken.has_value());
      CHECK(std::filesystem::path(taken->path()).parent_path() == dir.path() + "/accounts");
      for (const std::string& other : paths)
        CHECK(other != taken->path());
      paths.push_back(taken->path());
    }
  });
}

TEST_CASE("account home: a place that cannot be written is named, with the setting") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    std::ofstream(dir.file("file")) << "not a folder";
    const auto refused = co_await home(loop, dir.file("file"), "main");
    REQUIRE(!refused.has_value());
    CHECK(refused.error().kind == ErrorKind::configuration);
    CHECK(refused.error().text.find("state_dir") != std::string::npos);
  });
}

TEST_CASE(
    "account home: whoever acts past the holder takes its right to add risk, until it comes anew") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    {
      const auto taken = co_await home(loop, dir.path(), "main");
      REQUIRE(taken.has_value());
      CHECK(taken->is_fence_ours());
      CHECK(taken->path() == store::AccountHome::path_of(dir.path(), "paper", "main"));
      REQUIRE(store::AccountHome::advance_fence(taken->path()));
      CHECK(!taken->is_fence_ours());
    }
    const auto again = co_await home(loop, dir.path(), "main");
    REQUIRE(again.has_value());
    CHECK(again->is_fence_ours());
  });
}

TEST_CASE("account home: a holder takes back the right that it saw taken, and no later one") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    auto taken = co_await home(loop, dir.path(), "main");
    REQUIRE(taken.has_value());
    const auto seen = store::AccountHome::advance_fence(taken->path());
    REQUIRE(seen);
    CHECK(taken->fence().value() == *seen);
    const auto later = store::AccountHome::advance_fence(taken->path());
    REQUIRE(later);
    CHECK(*later != *seen);
    const auto refused = taken->retake_fence(*seen);
    REQUIRE(!refused);
    CHECK(refused.error().kind == ErrorKind::conflict);
    CHECK(!taken->is_fence_ours());
    REQUIRE(taken->retake_fence(*later));
    CHECK(taken->is_fence_ours());
  });
}

TEST_CASE("account home: a fence that cannot be read lets nobody add risk, and everybody close") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = store::AccountHome::path_of(dir.path(), "paper", "main");
    std::filesystem::create_directories(path);
    std::ofstream(path + "/fence") << "seven";
    const auto taken = co_await home(loop, dir.path(), "main");
    REQUIRE(taken.has_value());
    CHECK(!taken->is_fence_ours());
  });
}

TEST_CASE("goodbye: it is of the process that said it, since it took the account") {
  run_sim([](SimLoop& loop) -> Task<void> {
    const TempDir dir;
    const std::string path = dir.file("lock");
    CHECK_FALSE(store::inspect_lock(path).has_value());
    {
      const auto held = co_await lock(loop, path);
      REQUIRE(held.has_value());
      const auto facts = store::inspect_lock(path);
      REQUIRE(facts.has_value());
      CHECK(facts->is_held);
      CHECK(facts->holder.pid == getpid());
      CHECK(facts->holder.command == "bubble-buster service");
      CHECK_FALSE(store::has_said_goodbye(dir.path(), facts->holder));
      co_await sleep_for(loop.clock, Minutes(5));
      CHECK(store::say_goodbye(dir.path(), loop.clock).has_value());
      CHECK(store::has_said_goodbye(dir.path(), facts->holder));
      auto other = facts->holder;
      other.pid += 1;
      CHECK_FALSE(store::has_said_goodbye(dir.path(), other));
      other = facts->holder;
      other.since = loop.clock.utc_now() + Seconds(1);  // the same number, given again
      CHECK_FALSE(store::has_said_goodbye(dir.path(), other));
    }
    const auto facts = store::inspect_lock(path);
    REQUIRE(facts.has_value());
    CHECK_FALSE(facts->is_held);
    CHECK(facts->holder.pid == getpid());
    for (const char* text : {"", "pid=12", "pid=x since=2025-10-10T00:00:00Z command=a\n",
                             "pid=12 since=yesterday command=a\n", "pid=1 since=2025-10-10T00"}) {
      std::ofstream(path) << text;
      CHECK_MESSAGE(!store::inspect_lock(path).has_value(), text);
    }
  });
}

}  // namespace
}  // namespace bb::test
