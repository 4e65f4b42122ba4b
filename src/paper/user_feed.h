// UserFeed: makes user data events of the exchange's journal, for accounts that somebody listens
// to. The entries of one act become events together, in the order in which the real exchange tells
// them (reference §17): of an order's fills TRADE_LITE first, then NEW, one ACCOUNT_UPDATE, and the
// trades.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "paper/user_events.h"

namespace bb::paper {

class UserFeed {
 public:
  struct Parts {
    Venue& venue;
    Clock& clock;
    std::function<TimePoint()> now;
    /// The listen key under which somebody hears of the account; "" = nobody does.
    std::function<std::string(int account)> heard_by;
    std::function<void(UserEvent)> deliver;
    std::function<void()> acted;  // after events were made: the exchange may have a new due time
  };
  /// Watches the exchange from now on; it outlives the exchange's last entry.
  explicit UserFeed(Parts parts);
  ~UserFeed();
  UserFeed(const UserFeed&) = delete;
  UserFeed& operator=(const UserFeed&) = delete;

  void on_journal(const sim::JournalEntry& entry);
  /// The account's multi-assets mode was switched: no entry of the journal says so.
  void on_multi_assets(int account, bool multi_assets);
  /// Tells at once what the journal has given so far.
  void flush();

 private:
  using Leg = std::tuple<int, Symbol, PositionSide>;
  /// An entry, and what was true when it was written.
  struct Moment {
    sim::JournalEntry entry;
    std::string key;
    user_event::AccountState account{};
    user_event::Resting resting{};
    std::optional<sim::Exchange::PositionRow> row{};
    int leverage = 0;
    bool told = false;
  };
  using Burst = std::vector<Moment>;

  Moment look(const sim::JournalEntry& entry, std::string key);
  user_event::Resting resting(int account, Symbol symbol) const;
  sim::Exchange::PositionRow row_of(int account, Symbol symbol, PositionSide side) const;
  Usdt realized(int account, Symbol symbol, PositionSide side);
  void tell(Burst& burst);
  void tell_order(Burst& burst, std::size_t at);
  void tell_fills(Burst& burst, std::size_t at, std::int64_t order_id, bool accepted);
  void tell_income(const Moment& moment);
  void tell_account(std::string_view reason, const Moment& moment);
  void send(const Moment& moment, std::string_view type, std::string text);

  Parts parts_;
  Burst pending_;
  std::map<Leg, Usdt> realized_;
  std::optional<TimerId> flush_;
};

}  // namespace bb::paper
