// Desk: the life of orders on one account. It turns wishes ("short this much", "protect with these
// prices", "close") into intents, commands, evidence and records; it knows no strategy.
//
// Per (account, symbol) one journey acts at a time: take a Turn first. After every await the world
// may have changed: nothing here trusts what it read before one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/log.h"
#include "base/plant.h"
#include "base/random.h"
#include "desk/book.h"
#include "desk/gate.h"
#include "desk/turns.h"
#include "exchange/trading_account.h"
#include "store/account_home.h"
#include "store/store.h"

namespace bb::desk {

struct Parts {
  exchange::TradingAccount& account;
  exchange::MarketData& market;
  store::Store& store;
  Clock& clock;
  const Log& log;
  exchange::AccountIdentity identity;
  exchange::AccountModes modes;
  const Stop* stop = nullptr;  // once requested, nothing that adds risk is sent any more
  /// Latch and fence, asked in the turn of every request that adds risk; none in simulations where
  /// nobody else exists.
  const store::AccountHome* home = nullptr;
  /// Where attempt numbers begin: for whoever acts past the holder and must share none with it.
  int first_attempt = 0;
};

/// One short to open. `reference_price` is what it was sized with.
struct EntryOrder {
  Symbol symbol;
  Qty qty;
  OrderKind kind = OrderKind::entry;
  std::string trade_day;  // "YYYY-MM-DD"
  int attempt = 0;
  std::string run_id;
  std::int64_t holding_id = 0;
};

struct EntryResult {
  enum class Kind { filled, refused, unknown } kind = Kind::unknown;
  Qty filled;
  std::int64_t order_id = 0;
  int code = 0;  // of a refusal
  std::string text;
};

/// Called once, in the turn in which a fill is known: by the answer, by the stream, or by a query,
/// whichever comes first. The short is protected in it.
using OnFill = std::function<Task<void>(EntryResult)>;

struct PlacedOrder {
  std::int64_t order_id = 0;
  ClientOrderId client_order_id;
  Price trigger;
};

/// What became of placing one protective order.
struct PlaceResult {
  enum class Kind {
    resting,        // it stands on the exchange
    would_trigger,  // the price is beyond the trigger already
    failed,         // it does not stand, or nobody can say; see text
  } kind = Kind::failed;
  PlacedOrder order;
  std::string text;
};

struct CloseResult {
  enum class Kind {
    flat,     // a read after the last action says so
    partial,  // something is left; see left and text
    unknown,  // no read could be had
  } kind = Kind::unknown;
  Qty before;  // signed, as first read
  Qty closed;
  Qty left;                   // signed
  TimePoint first_sent{};     // exchange time of our first order; epoch = nothing was sent
  Qty recorded;               // fills in the store since then
  std::int64_t order_id = 0;  // the last order of ours that executed, 0 = somebody else closed it
  std::string text;
  bool is_busy = false;  // partial or unknown, because the exchange takes nothing for now
  bool has_all_fills() const { return closed.is_positive() && recorded >= closed; }
};

struct Waiting;

class Desk {
 public:
  explicit Desk(Parts parts);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  Parts& parts() { return parts_; }
  Book& book() { return book_; }
  Turns& turns() { return turns_; }
  Gate& gate() { return gate_; }
  /// For the spread of pauses.
  Random& random() { return random_; }
  PositionSide short_side() const {
    const bool hedge = parts_.modes.hedge && !planted("no_position_side");
    return hedge ? PositionSide::short_ : PositionSide::both;
  }

  /// Intent, gate, order, evidence. Never sends an entry whose id was used before. What the gate
  /// refuses is not sent. The caller holds the symbol's turn.
  Task<EntryResult> enter_short(EntryOrder order, OnFill on_fill = {});
  /// An order's end, told by the stream, for whoever waits for its answer.
  void tell_waiting(const exchange::OrderView& order);

  /// Places one closePosition stop or take-profit of the holding (kind stop or take_profit), with
  /// the rules of design §3.4 for -4509, -2022, -4130, -2021 and Unknown. Never cancels anything.
  Task<PlaceResult> place_protection(const store::Holding& holding, OrderKind kind, Price trigger,
                                     WorkingType working_type);
  /// Moves the stop without a gap: Q at the new trigger, C away, C anew, Q away. Whatever fails in
  /// between leaves at least one stop standing.
  Task<PlaceResult> move_stop(const store::Holding& holding, Price trigger,
                              WorkingType working_type);

  /// Closes the whole position (reduce-only, split at the MARKET maximum) and proves it.
  Task<CloseResult> close_position(Symbol symbol, PositionSide side, OrderKind kind,
                                   std::string trade_day, Job job);

  /// Reads the fills of the symbol since `since` and records those that are new.
  Task<Result<std::vector<exchange::Fill>>> record_fills(Symbol symbol, TimePoint since,
                                                         std::int64_t holding_id);

  /// Cancels a live conditional order of ours; true when it is gone.
  Task<bool> cancel_order(exchange::OrderRef order);

  /// Settles every intent that a crash or a time-out left open, symbols in parallel. Returns the
  /// entries that turn out to have filled without a holding: the strategy adopts them.
  Task<std::vector<store::Intent>> settle_intents();

  /// Makes the id of the next order of that kind; a pure function of what the store has seen.
  ClientOrderId next_id(const std::string& trade_day, Job job, Symbol symbol, OrderKind kind,
                        int* attempt = nullptr) const;
  const ClientOrderIds& ids() const { return ids_; }

 private:
  Task<std::vector<store::Intent>> settle_symbol(std::vector<store::Intent> intents);
  Task<void> settle_intent(store::Intent intent, std::vector<store::Intent>& filled_entries);

  Parts parts_;
  Book book_;
  Turns turns_;
  Gate gate_;
  ClientOrderIds ids_;
  std::map<ClientOrderId, Waiting*> waiting_;
  Random random_{0xb0b};
};

}  // namespace bb::desk
