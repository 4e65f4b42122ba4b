#include "app/terminal.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>

namespace bb::app {

namespace {

/// The terminal as it was comes back however this ends; a signal handler of the session ends the
/// process by returning through here.
class Silence {
 public:
  Silence() {
    if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_on_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~Silence() {
    if (!is_on_) return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputs("\n", stderr);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  termios before_{};
  bool is_on_ = false;
};

Result<std::string> next_line() {
  std::string line;
  if (!std::getline(std::cin, line))
    return fail(ErrorKind::invalid_input,
                "the input ended; give the answers as options, with --no-input");
  while (line.ends_with('\r') || line.ends_with(' '))
    line.pop_back();
  return line;
}

}  // namespace

bool is_terminal() { return isatty(STDIN_FILENO) != 0; }

Result<std::string> ask(const std::string& question, const std::string& fallback) {
  fmt::print(stderr, "{}{}: ", question, fallback.empty() ? "" : " [" + fallback + "]");
  auto line = next_line();
  if (line && line->empty()) return fallback;
  return line;
}

Result<Secret> ask_secret(const std::string& question) {
  fmt::print(stderr, "{}: ", question);
  const Silence silence;
  auto line = next_line();
  if (!line) return std::unexpected(line.error());
  return Secret(std::move(*line));
}

Result<Secret> read_secret_line(const std::string& path) {
  if (path == "-") {
    auto line = next_line();
    if (!line) return std::unexpected(line.error());
    return Secret(std::move(*line));
  }
  std::ifstream in(path);
  std::string line;
  if (!in || !std::getline(in, line))
    return fail(ErrorKind::configuration, fmt::format("cannot read the secret file '{}'", path));
  while (line.ends_with('\r') || line.ends_with(' '))
    line.pop_back();
  return Secret(std::move(line));
}

}  // namespace bb::app
