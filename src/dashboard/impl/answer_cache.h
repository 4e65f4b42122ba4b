// AnswerCache: an answer that was just made is everybody's who asks the same. A change is pushed to
// all pages at once, and they all come back with the same questions.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/http.h"

namespace bb::dashboard {

class AnswerCache {
 public:
  explicit AnswerCache(Clock& clock, Micros life = Seconds(1)) : clock_(clock), life_(life) {}

  /// The answer to `target` where it is younger than `life` and nothing has changed since:
  /// `version` names everything that it was made from.
  const net::HttpResponse* find(const std::string& target, const std::string& version) const;
  void keep(const std::string& target, std::string version, const net::HttpResponse& response);

 private:
  struct Entry {
    std::string version;
    SteadyTime until{};
    net::HttpResponse response;
  };
  Clock& clock_;
  Micros life_;
  std::map<std::string, Entry> entries_;
  std::size_t bytes_ = 0;  // of the bodies
};

}  // namespace bb::dashboard
