// StreamWatch: notices a stream that is connected and deaf (reliability F43): what requests have
// seen of the account must be told by the stream too, within ten seconds. Pure state.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "exchange/types.h"

namespace bb::binance {

class StreamWatch {
 public:
  static constexpr Seconds kWithin{10};

  /// The stream told this order's state.
  void told(const exchange::OrderView& order, SteadyTime now);
  /// The stream told something of this symbol.
  void told(Symbol symbol, SteadyTime now);

  /// A request that left at `sent` was answered: the order exists, or (`ended`) is over.
  void expect(const exchange::OrderRef& order, bool ended, SteadyTime sent, SteadyTime now);
  /// All positions, as asked for at `asked`. What differs from the last time must be told.
  void witness(const std::vector<exchange::Position>& positions, SteadyTime asked, SteadyTime now);

  /// When the first expectation runs out.
  std::optional<SteadyTime> due() const;
  /// What the stream has kept to itself, once it is overdue, and since when it may be deaf.
  struct Deaf {
    std::string what;
    SteadyTime since;
  };
  std::optional<Deaf> overdue(SteadyTime now) const;
  /// A new connection: what was expected of the old one does not count.
  void reset();

 private:
  struct Awaited {
    std::string key;  // of an order; empty = anything of the symbol
    Symbol symbol;
    SteadyTime since;
    SteadyTime by;
  };
  using Positions = std::map<std::pair<Symbol, PositionSide>, Qty>;
  static std::string key_of(const exchange::OrderRef& order, bool ended);
  void forget_old(SteadyTime now);

  std::deque<Awaited> awaited_;
  std::deque<std::pair<std::string, SteadyTime>> told_;  // of the last minute
  std::map<Symbol, SteadyTime> symbols_;
  Positions positions_;
  std::optional<SteadyTime> witnessed_;
};

}  // namespace bb::binance
