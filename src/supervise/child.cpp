#include "supervise/impl/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include "supervise/text.h"

namespace bb::supervise {

namespace asio = boost::asio;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr Millis kPause{5};
constexpr Millis kReapLimit{2000};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

struct Spawned {
  pid_t pid = -1;
  int output = -1;  // the reading end
  int error = 0;    // errno
};

Spawned spawn(const std::string& program, std::vector<std::string> arguments,
              std::vector<std::string> environment) {
  Spawned out;
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    out.error = errno;
    return out;
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  arguments.insert(arguments.begin(), program);
  environment.insert(environment.end(), {"PATH=/usr/bin:/bin", "LANG=C.UTF-8"});
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  out.error =
      posix_spawn(&out.pid, program.c_str(), &actions, &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  out.output = pipe[0];
  if (out.error != 0) ::close(std::exchange(out.output, -1));
  return out;
}

Task<std::string> read_all(asio::posix::stream_descriptor& pipe, std::size_t bytes_max) {
  std::string out;
  std::array<char, 8192> buffer{};
  for (;;) {
    const auto [error, bytes] = co_await pipe.async_read_some(asio::buffer(buffer), kTuple);
    if (out.size() < bytes_max) out.append(buffer.data(), std::min(bytes, bytes_max - out.size()));
    if (error) co_return out;
  }
}

/// The status of waitpid, or nothing when it does not end.
Task<std::optional<int>> reap(Clock& clock, pid_t pid) {
  const auto limit = clock.after(kReapLimit);
  for (;;) {
    int status = 0;
    const auto ended = ::waitpid(pid, &status, WNOHANG);
    if (ended == pid) co_return status;
    if (ended < 0 || clock.steady_now() >= limit) co_return std::nullopt;
    co_await sleep_for(clock, kPause);
  }
}

}  // namespace

Task<Result<std::string>> run_child(asio::io_context& io, Clock& clock, std::string program,
                                    std::vector<std::string> arguments,
                                    std::vector<std::string> environment, SteadyTime deadline,
                                    std::size_t bytes_max) {
  const auto child = spawn(program, std::move(arguments), std::move(environment));
  if (child.error != 0)
    co_return fail(ErrorKind::configuration,
                   fmt::format("cannot run {}: {}", program, std::strerror(child.error)));
  asio::posix::stream_descriptor pipe(io, child.output);
  bool timed_out = false;
  const auto timer = clock.call_at(deadline, [&] {
    timed_out = true;
    ::kill(-child.pid, SIGKILL);
    pipe.close();
  });
  auto output = co_await read_all(pipe, bytes_max);
  if (!timed_out) clock.cancel(timer);
  auto status = co_await reap(clock, child.pid);
  if (!status) {  // it closed its output and goes on: it has nothing to say any more
    ::kill(-child.pid, SIGKILL);
    status = co_await reap(clock, child.pid);
  }
  if (timed_out)
    co_return fail(ErrorKind::unreachable, program + " did not end in time and was killed");
  if (!status || !WIFEXITED(*status) || WEXITSTATUS(*status) != 0)
    co_return fail(ErrorKind::rejected,
                   fmt::format("{} failed: {}", program, clean_text(last_lines(output, 1))));
  co_return output;
}

}  // namespace bb::supervise
