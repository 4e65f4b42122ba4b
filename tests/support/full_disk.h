#pragma once

#include <signal.h>
#include <sys/resource.h>

#include <cstdint>

namespace bb::test {

/// Files of this process cannot grow past `bytes` while this lives, as on a full disk. What is
/// already reserved can still be written.
class FullDisk {
 public:
  explicit FullDisk(std::uintmax_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

}  // namespace bb::test
