#include "trading/plan.h"

#include <algorithm>

#include "base/plant.h"

namespace bb::trading {

namespace {

// What a market order may slip below its reference without loosening the first stop.
const Ratio kFillBelow(Decimal::from_raw(99'500'000));  // 0.995

Price floor_to_tick(Price price, const SymbolRules& rules) {
  return Price(price.value().floor_to(rules.tick.value()));
}

}  // namespace

Price plan_stop(const SymbolRules& rules, Price liquidation, const Settings& settings) {
  if (planted("stop_behind_liquidation"))
    return floor_to_tick(liquidation * (one() + percent(settings.sl_liq_buffer_pct)), rules);
  return floor_to_tick(liquidation * (one() - percent(settings.sl_liq_buffer_pct)), rules);
}

Price plan_take_profit(const SymbolRules& rules, Price entry, const Settings& settings) {
  return floor_to_tick(entry * (one() - percent(settings.tp_price_drop_pct)), rules);
}

std::optional<Price> plan_first_stop(const SymbolRules& rules, const Brackets& brackets, Qty qty,
                                     Price reference, Ratio fee, const Settings& settings) {
  const auto liquidation = expected_short_liquidation(brackets, qty, reference * kFillBelow,
                                                      static_cast<int>(settings.leverage), fee);
  if (!liquidation) return std::nullopt;
  const Price stop = plan_stop(rules, *liquidation, settings);
  return stop > reference ? std::optional(stop) : std::nullopt;
}

Usdt plan_notional(Usdt available, std::int64_t splits, const Settings& settings) {
  const Usdt effective = available * (one() - percent(settings.entry_fee_buffer_pct));
  return effective / splits * Ratio(Decimal::from_int(settings.leverage));
}

SizedQty plan_quantity(const SymbolRules& rules, const Brackets& brackets, Usdt notional,
                       Price price, const Settings& settings) {
  const Usdt most = max_notional_at(brackets, static_cast<int>(settings.leverage));
  if (most.is_zero())
    return {{}, "leverage " + std::to_string(settings.leverage) + " is not allowed here"};
  if (planted("market_lot_ignored")) {
    SymbolRules loose = rules;
    loose.market_lot.max = Qty();
    return size_market_entry(loose, std::min(notional, most), price);
  }
  return size_market_entry(rules, std::min(notional, most), price);
}

bool is_margin_refusal(int code, const std::string& text) {
  if (code == -2019 || code == -2027 || code == -2028) return true;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower.find("insufficient") != std::string::npos &&
         lower.find("margin") != std::string::npos;
}

}  // namespace bb::trading
