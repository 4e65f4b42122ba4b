// Listen keys: one per account at a time, 60 minutes from the last call that named it (reference
// §14.1). A dead key never comes back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "paper/tokens.h"

namespace bb::paper {

class ListenKeys {
 public:
  static constexpr Minutes kLife{60};

  explicit ListenKeys(Tokens tokens = Tokens()) : tokens_(std::move(tokens)) {}

  /// The account's living key, or a new one; either way it lives for 60 minutes more.
  const std::string& start(int account, TimePoint now);
  /// Nothing when the account has no living key.
  std::optional<std::string> extend(int account, TimePoint now);
  void end(int account);
  /// As if its 60 minutes were over.
  void expire(int account);
  /// Whose key it is; nothing for a dead one.
  std::optional<int> account_of(std::string_view key, TimePoint now) const;

  /// The account's living key, or "".
  std::string key_of(int account, TimePoint now) const;

  /// Keys that have died of age since the last call.
  std::vector<std::string> take_expired(TimePoint now);
  /// When the next key dies, if nobody extends it.
  std::optional<TimePoint> next_expiry() const;
  /// Called when next_expiry() may have changed.
  void on_change(std::function<void()> hook) { on_change_ = std::move(hook); }

 private:
  struct Key {
    std::string text;
    TimePoint until{};
  };
  Tokens tokens_;
  std::map<int, Key> keys_;  // by account
  std::vector<std::string> expired_;
  std::uint64_t made_ = 0;
  std::function<void()> on_change_;
};

}  // namespace bb::paper
