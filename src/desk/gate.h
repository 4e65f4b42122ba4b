// Gate: may risk be added now? One function, asked in the same turn as the send of every order that
// opens or adds. It never stands in the way of what protects or closes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/async.h"
#include "exchange/trading_account.h"
#include "store/account_home.h"
#include "store/store.h"

namespace bb::desk {

struct Parts;

class Gate {
 public:
  /// Live conditional orders above which nothing is opened: the exchange allows 200 (design §3.6).
  static constexpr int kConditionalsMax = 180;

  /// `modes` are those that the strategy was started with.
  explicit Gate(const Parts& parts);

  /// Why nothing that adds risk may be sent in this turn; nothing = go. A stop was asked for; the
  /// database takes no records; the latch is set; the fence is not ours; the account is in doubt,
  /// in a mode that it was not started in, or holds a position that stands without a stop.
  std::optional<std::string> refusal() const;

  /// What we know of the account may be wrong until it has been read anew: at start-up, after a gap
  /// of the stream, a suspend, or a change of settings by somebody else.
  void doubt(std::string why);
  /// The doubts so far, as a number that grows.
  std::uint64_t doubts() const { return doubts_; }
  /// The account was read after `doubts` had reached this number: what came later stays.
  void settle(std::uint64_t doubts);
  bool in_doubt() const { return settled_ < doubts_; }

  void note_modes(const exchange::AccountModes& modes) { modes_ = modes; }
  void note_multi_assets(bool on) { modes_.multi_assets = on; }
  void note_naked(std::set<Symbol> naked) { naked_ = std::move(naked); }
  void note_conditionals(std::size_t live) { conditionals_ = live; }

  /// Sets the account's latch to halted; where there is none, halts this process.
  void halt(std::string why);

 private:
  const Parts& parts_;
  exchange::AccountModes started_with_;
  exchange::AccountModes modes_;
  std::uint64_t doubts_ = 0;
  std::uint64_t settled_ = 0;
  std::string doubt_;
  std::set<Symbol> naked_;
  std::size_t conditionals_ = 0;
  std::string halted_;
};

}  // namespace bb::desk
