#include "paper/listen_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bb::paper {

const std::string& ListenKeys::start(int account, TimePoint now) {
  if (!extend(account, now)) {
    const auto name = fmt::format("listen key {} {} {}", account, to_ms(now), ++made_);
    keys_[account] = {tokens_.make(name), now + kLife};
    if (on_change_) on_change_();
  }
  return keys_.at(account).text;
}

std::optional<std::string> ListenKeys::extend(int account, TimePoint now) {
  const auto found = keys_.find(account);
  if (found == keys_.end()) return std::nullopt;
  if (found->second.until <= now) {
    expired_.push_back(std::move(found->second.text));
    keys_.erase(found);
    if (on_change_) on_change_();
    return std::nullopt;
  }
  found->second.until = now + kLife;
  if (on_change_) on_change_();
  return found->second.text;
}

void ListenKeys::end(int account) {
  keys_.erase(account);
  if (on_change_) on_change_();
}

void ListenKeys::expire(int account) {
  const auto found = keys_.find(account);
  if (found == keys_.end()) return;
  expired_.push_back(std::move(found->second.text));
  keys_.erase(found);
  if (on_change_) on_change_();
}

std::optional<int> ListenKeys::account_of(std::string_view key, TimePoint now) const {
  for (const auto& [account, held] : keys_)
    if (held.text == key && now < held.until) return account;
  return std::nullopt;
}

std::string ListenKeys::key_of(int account, TimePoint now) const {
  const auto found = keys_.find(account);
  return found != keys_.end() && now < found->second.until ? found->second.text : std::string();
}

std::vector<std::string> ListenKeys::take_expired(TimePoint now) {
  auto dead = std::exchange(expired_, {});
  std::erase_if(keys_, [&](auto& item) {
    if (now < item.second.until) return false;
    dead.push_back(std::move(item.second.text));
    return true;
  });
  return dead;
}

std::optional<TimePoint> ListenKeys::next_expiry() const {
  if (!expired_.empty()) return TimePoint{};
  std::optional<TimePoint> next;
  for (const auto& [account, key] : keys_)
    if (!next || key.until < *next) next = key.until;
  return next;
}

}  // namespace bb::paper
