// A live market of two contracts and an exchange on it, fed by hand.
#pragma once

#include "exchange_world.h"
#include "sim/live_market.h"

namespace bb::sim::test {

class LiveWorld {
 public:
  LiveWorld();

  static LiveContract contract(const std::string& name);
  /// A new price (and mark) at `seconds`; the exchange is taken there.
  void say(double seconds, const std::string& last, const std::string& mark = "");
  void append(double seconds, LiveUpdate update);
  void list(double seconds, const std::vector<LiveContract>& contracts);
  void to(double seconds);
  static TimePoint at(double seconds);

  OrderView accepted(const OrderRequest& order, const OrderTerms& terms = {});
  OrderView order(const OrderView& placed) const;
  Exchange::PositionRow position() const;
  std::vector<JournalEntry> entries(JournalEntry::Kind kind) const;

  Symbol symbol{"ABCUSDT"};
  LiveMarket live;
  Market market;
  Exchange exchange;
  int account = 0;  // isolated, 10x, 10000 USDT, one-way

 private:
  /// As who follows a source does it: up to the instant before, the news, on.
  template <class Change>
  void grow(double seconds, Change change);
};

}  // namespace bb::sim::test
