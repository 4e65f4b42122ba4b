// A market drawn by hand and an exchange on it, for tests that know every price.
#pragma once

#include <string>
#include <vector>

#include "sim/exchange.h"

namespace bb::sim::test {

inline Decimal dec(const std::string& text) { return Decimal::parse(text).value(); }
inline Price price(const std::string& text) { return Price(dec(text)); }
inline Qty qty(const std::string& text) { return Qty(dec(text)); }
inline Usdt usdt(const std::string& text) { return Usdt(dec(text)); }
inline Ratio ratio(const std::string& text) { return Ratio(dec(text)); }

/// One bar of a minute, in whole USDT; it is walked open, high, low, close.
struct Candle {
  double open, high, low, close;
};

/// A contract: price near 100, tick 0.01, step 0.1, minimum notional 5, one bracket up to a million
/// with 1 % maintenance at 20x, then one at 10x with 2 %.
struct Course {
  std::string symbol = "ABCUSDT";
  std::vector<Candle> candles;
  std::vector<Market::Funding> funding{};
  SymbolRules rules = default_rules();
  Brackets brackets = default_brackets();
  double volume = 1'000'000;    // base asset per bar
  std::vector<Candle> marks{};  // from the start on; none = the mark price is the path
  Millis mark_step{60'000};

  static SymbolRules default_rules();
  static Brackets default_brackets();
};

/// `count` bars at rest.
std::vector<Candle> rest(int count, double at = 100);
std::vector<Candle> operator+(std::vector<Candle> a, const std::vector<Candle>& b);

/// 2025-10-10T00:00Z, where hand-made markets begin.
TimePoint start();

class World {
 public:
  explicit World(std::vector<Course> courses, ExchangeOptions options = {});
  /// One contract, ABCUSDT.
  explicit World(std::vector<Candle> candles);

  int add(AccountOptions options);
  /// To `seconds` after the start.
  void to(double seconds);

  Answer<OrderView> place(const OrderRequest& order, const OrderTerms& terms = {}) {
    return exchange.place(account, order, terms);
  }
  /// The code of the refusal, or 0.
  int refused(const OrderRequest& order, const OrderTerms& terms = {});
  OrderView accepted(const OrderRequest& order, const OrderTerms& terms = {});
  OrderDetail detail(const OrderView& placed) const;
  Exchange::PositionRow position(PositionSide side = PositionSide::both) const;
  Qty held(PositionSide side = PositionSide::both) const { return position(side).position.qty; }
  OrderView order(const OrderView& placed) const;
  OrderView child(const OrderView& placed) const;
  std::vector<JournalEntry> entries(JournalEntry::Kind kind) const;
  std::vector<exchange::Income> income(const std::string& type) const;
  /// Wallet and rows agree.
  bool money_adds_up(int number) const;

  Symbol symbol{"ABCUSDT"};
  Market market;
  Exchange exchange;
  int account = 0;  // isolated, 10x, 10000 USDT, one-way

 private:
  void open_account();
};

OrderRequest market_order(Side side, const std::string& amount);
OrderRequest limit_order(Side side, const std::string& amount, const std::string& at,
                         TimeInForce tif = TimeInForce::gtc);
/// A stop or take-profit with quantity, not reduce-only.
OrderRequest conditional(OrderType type, Side side, const std::string& amount,
                         const std::string& trigger);
OrderRequest close_position(OrderType type, Side side, const std::string& trigger);
OrderRequest reduce_only(OrderRequest order);
/// Self-trade prevention; a price of the book; a good-till date so long after the start.
OrderTerms prevents(SelfTradePrevention mode);
OrderTerms matches(PriceMatch match);
OrderTerms until(double seconds);
/// A trailing stop: the callback rate as text (0.01 = 1 %), "0" = active at once.
OrderTerms trails(const std::string& rate, const std::string& activate = "0");
OrderRequest on(PositionSide side, OrderRequest order);
OrderRequest named(const std::string& id, OrderRequest order);
OrderRequest in(const std::string& symbol, OrderRequest order);

}  // namespace bb::sim::test
