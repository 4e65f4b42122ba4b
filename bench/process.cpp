#include "process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bb::bench {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

double rss_mb_of(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  throw std::runtime_error("the program died");
}

double cpu_seconds_of(pid_t pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  std::istringstream rest(text.substr(text.rfind(')') + 1));
  std::string field;
  double ticks = 0;
  for (int i = 3; i <= 15 && rest >> field; ++i)
    if (i >= 14) ticks += std::atof(field.c_str());
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Process::Process(const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment) {
  std::vector<std::string> all = environment;
  for (char** each = environ; *each != nullptr; ++each)
    all.emplace_back(*each);
  const auto argv = pointers(arguments);
  const auto envp = pointers(all);
  std::array<int, 2> out{};
  if (pipe(out.data()) != 0) throw std::runtime_error("no pipe");
  begun_ = Steady::now();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(out[1], STDOUT_FILENO);
    close_range(STDERR_FILENO + 1, ~0u, 0);  // sockets of this process end with it
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(out[1]);
  out_ = out[0];
}

Process::~Process() {
  if (pid_ > 0) end();
  close(out_);
}

Steady::time_point Process::wait_for(std::string_view text, std::chrono::seconds limit) {
  (void)wait_for_line(text, limit);
  return Steady::now();
}

std::string Process::wait_for_line(std::string_view text, std::chrono::seconds limit) {
  const auto until = Steady::now() + limit;
  for (;;) {
    for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
      const std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      if (line.find(text) != std::string::npos) return line;
    }
    if (!read_some(until))
      throw std::runtime_error(fmt::format("the program did not say '{}'", text));
  }
}

void Process::let_run(std::chrono::seconds span) {
  const auto until = Steady::now() + span;
  while (read_some(until))
    unread_.clear();
  if (Steady::now() < until) throw std::runtime_error("the program ended early");
}

int Process::end() {
  kill(pid_, SIGTERM);
  return join();
}

int Process::join() {
  while (read_some(Steady::now() + std::chrono::minutes(1)))
    unread_.clear();
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// False at the end of its output, and when the time is over.
bool Process::read_some(Steady::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now());
  if (left.count() <= 0) return false;
  pollfd ready{out_, POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(left.count())) <= 0) return false;
  std::array<char, 4096> chunk;
  const auto got = read(out_, chunk.data(), chunk.size());
  if (got <= 0) return false;
  unread_.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

}  // namespace bb::bench
