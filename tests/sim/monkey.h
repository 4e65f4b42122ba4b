// A client that knows the rules about as well as a monkey, and the truths that it must not break.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exchange_world.h"

namespace bb::sim::test {

constexpr int kMonkeySymbols = 4;
constexpr int kMonkeyActs = 24;

/// A wild day; worlds are expensive to make and never change.
const Market& monkey_market(std::uint64_t seed);

/// One request, made of plain numbers so that a failing sequence shrinks.
struct Step {
  int what = 0, symbol = 0, side = 0, size = 0, offset = 0, wait = 0, flags = 0;
};

/// A sequence that is a function of its seed.
std::vector<Step> random_steps(std::uint64_t seed, std::size_t count);

/// Three accounts: isolated, cross, and a hedge.
class Monkey {
 public:
  explicit Monkey(std::uint64_t market_seed);

  void act(const Step& step);
  /// A moment later: what the last act led to has happened.
  void settle();

  Exchange& exchange() { return exchange_; }
  const Market& market() const { return market_; }

 private:
  void order_something(int account, const SymbolRules& rule, const Step& step);
  void cancel_some(int account, const Step& step);
  void amend_some(int account, const SymbolRules& rule, const Step& step);
  OrderRequest request(int account, const SymbolRules& rules, const Step& step) const;
  OrderTerms terms(const OrderRequest& order, const Step& step) const;
  Price near(const SymbolRules& rules, const Step& step) const;

  const Market& market_;
  Exchange exchange_;
};

/// What is wrong with the exchange's books; empty = nothing.
std::string wrong_with_money(const Exchange& exchange);
std::string wrong_with_positions(const Exchange& exchange, const Market& market);
/// A margin balance below zero that was not liquidated.
std::string wrong_with_margin(const Exchange& exchange);

}  // namespace bb::sim::test
