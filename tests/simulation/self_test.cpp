#include "simulation/self_test.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "simulation/guard.h"

namespace bb::simulation {

namespace {

bool ends_a_child(const std::function<void()>& call) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    (void)std::freopen("/dev/null", "w", stderr);
    Random entropy(1);
    const Guard guard(entropy);
    call();
    _exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

int try_forbidden_calls() {
  boost::asio::io_context io;
  SystemClock clock(io);
  struct Case {
    const char* name;
    std::function<void()> call;
  };
  const Case cases[] = {
      {"the system clock", [&] { (void)clock.utc_now(); }},
      {"the steady clock", [&] { (void)clock.steady_now(); }},
      {"a thread", [] { std::thread([] {}).join(); }},
      {"a socket", [] { (void)::socket(AF_INET, SOCK_STREAM, 0); }},
  };
  int code = 0;
  for (const auto& [name, call] : cases) {
    if (ends_a_child(call)) continue;
    fmt::print("{} was used, and nobody minded\n", name);
    code = 1;
  }
  // Randomness is not forbidden, it is the seed's.
  Random entropy(7), same(7);
  const Guard guard(entropy);
  if (system_entropy() != same.next()) {
    fmt::print("system_entropy() does not draw from the seed\n");
    code = 1;
  }
  return code;
}

}  // namespace bb::simulation
