#include "paper/listen_keys.h"

#include <algorithm>
#include <utility>

#include "base/random.h"

namespace bb::paper {

namespace {

constexpr int kKeyLength = 64;

/// The same calls at the same times give the same keys.
std::string make_key(int account, TimePoint now, std::uint64_t number) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  Random random(static_cast<std::uint64_t>(to_ms(now)) * 1'000'003 + number * 7919 +
                static_cast<std::uint64_t>(account));
  std::string key;
  for (int i = 0; i < kKeyLength; ++i)
    key += kLetters[random.below(kLetters.size())];
  return key;
}

}  // namespace

const std::string& ListenKeys::start(int account, TimePoint now) {
  if (!extend(account, now)) {
    keys_[account] = {make_key(account, now, ++made_), now + kLife};
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
