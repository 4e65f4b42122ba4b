// What of the configured runners is more open than strategies need: for `doctor`. It looks at files
// of this machine and changes nothing.
#pragma once

#include <string>
#include <vector>

#include "supervise/settings.h"

namespace bb::supervise {

struct Exposure {
  enum class Weight { fine, warning, fault };
  Weight weight = Weight::fine;
  std::string runner;
  std::string found;
  std::string advice;  // empty where all is well
};

/// A line or more per runner; none when nothing is declared or selected.
std::vector<Exposure> find_exposures(const SuperviseSettings& settings);

// The judgements, pure.

struct SocketFacts {
  unsigned mode = 0;
  unsigned owner = 0;
  bool may_write = false;  // this process
};
Exposure judge_docker_socket(const std::string& runner, const std::string& path,
                             const SocketFacts& facts);
Exposure judge_docker_tcp(const std::string& runner, const std::string& address, bool tls);
Exposure judge_pm2_socket(const std::string& runner, const std::string& home,
                          const SocketFacts& facts);
/// A polkit rule about units; `text` is the rule file's.
Exposure judge_polkit_rule(const std::string& runner, const std::string& path,
                           const std::string& text);

}  // namespace bb::supervise
