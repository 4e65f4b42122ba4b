#include "base/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "support/run.h"

namespace bb {
namespace {

/// Standard output as a pipe, for as long as it lives.
class PipedOutput {
 public:
  PipedOutput() : kept_(dup(STDOUT_FILENO)) {
    REQUIRE(pipe(ends_.data()) == 0);
    REQUIRE(dup2(ends_[1], STDOUT_FILENO) >= 0);
    REQUIRE(fcntl(ends_[0], F_SETFL, O_NONBLOCK) == 0);
  }
  ~PipedOutput() {
    dup2(kept_, STDOUT_FILENO);
    for (const int fd : {kept_, ends_[0], ends_[1]})
      close(fd);
  }
  PipedOutput(const PipedOutput&) = delete;
  PipedOutput& operator=(const PipedOutput&) = delete;

  std::string read_all() {
    std::string all;
    std::array<char, 4096> part{};
    for (;;) {
      const auto got = read(ends_[0], part.data(), part.size());
      if (got <= 0) return all;
      all.append(part.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  int kept_;
  std::array<int, 2> ends_{};
};

TEST_CASE("log: an output that nobody reads holds nobody up, and what is left out is told") {
  const test::TempDir dir;
  std::string seen, later;
  {
    PipedOutput output;
    const auto sink = file_sink(dir.path(), true);
    if (sink) {
      const Log log(LogLevel::info, *sink);
      for (int i = 0; i < 5'000; ++i)
        log.info("a line of an output that nobody reads", {{"number", i}});
      seen = output.read_all();
      log.info("read again");
      later = output.read_all();
    }
  }
  CHECK(seen.find("number=0") != std::string::npos);
  CHECK(seen.find("number=4999") == std::string::npos);
  CHECK(later.find("lines left out)") != std::string::npos);
  CHECK(later.find("read again") != std::string::npos);
}

}  // namespace
}  // namespace bb
