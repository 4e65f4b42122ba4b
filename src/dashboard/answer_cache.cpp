#include "dashboard/impl/answer_cache.h"

namespace bb::dashboard {

namespace {

constexpr std::size_t kEntriesMax = 128;
constexpr std::size_t kBytesMax = 8u << 20;

}  // namespace

const net::HttpResponse* AnswerCache::find(const std::string& target,
                                           const std::string& version) const {
  const auto found = entries_.find(target);
  const bool is_fresh = found != entries_.end() && found->second.version == version &&
                        clock_.steady_now() < found->second.until;
  return is_fresh ? &found->second.response : nullptr;
}

void AnswerCache::keep(const std::string& target, std::string version,
                       const net::HttpResponse& response) {
  if (entries_.size() >= kEntriesMax || bytes_ + response.body.size() > kBytesMax) {
    entries_.clear();
    bytes_ = 0;
  }
  auto& entry = entries_[target];
  bytes_ += response.body.size();
  bytes_ -= entry.response.body.size();
  entry = {std::move(version), clock_.after(life_), response};
}

}  // namespace bb::dashboard
