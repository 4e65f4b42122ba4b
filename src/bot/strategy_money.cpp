// What an account has at stake while its strategies stop: positions and resting orders.
#include <algorithm>

#include "bot/strategy_stops.h"

namespace bb::bot {

namespace {

constexpr std::size_t kRowsShown = 8;

constexpr Phrase kPositions{"{0} position{0:s}, {1} USDT, floating {2}",
                            "{0} 个持仓，{1} USDT，浮动盈亏 {2}"};
constexpr Phrase kOrders{"{0} resting order{0:s}, {1} of them may open",
                         "{0} 笔挂单，其中 {1} 笔可能开仓"};
constexpr Phrase kNothing{"no positions, no resting orders", "无持仓、无挂单"};
constexpr Phrase kNaked{" · ⚠️ NO STOP", " · ⚠️ 无止损"};

std::string position_line(Language in, const PositionRow& row) {
  return fmt::format("\n   {} {} · {} USDT · {}{}", shown(row.symbol.str()),
                     number(row.qty.value()), money(row.notional.value()),
                     signed_money(row.pnl.value()), row.has_stop ? "" : say(in, kNaked));
}

std::string order_line(const OrderRow& row) {
  const auto price = row.trigger.value().is_zero() ? row.price : row.trigger;
  return fmt::format("\n   {} {} {} {} @ {}", shown(row.symbol.str()), shown(row.type),
                     row.side == Side::buy ? "BUY" : "SELL", number(row.qty.value()),
                     number(price.value()));
}

}  // namespace

Task<std::string> exposure_words(Language in, AccountPort& account) {
  const auto [positions, orders] = co_await both(account.positions(), account.orders());
  std::string text = "💼 " + Screens::head(account) + " · ";
  if (positions && orders && positions->empty() && orders->empty())
    co_return text + say(in, kNothing);
  Person reader;
  reader.language = in;
  if (!positions) {
    text += excuse(reader, positions.error());
  } else {
    Usdt notional, floating;
    std::string rows;
    for (std::size_t i = 0; i < positions->size(); ++i) {
      const auto& row = (*positions)[i];
      notional += row.notional;
      floating += row.pnl;
      if (i < kRowsShown) rows += position_line(in, row);
    }
    text += say(in, kPositions, counted(positions->size()), money(notional.value()),
                signed_money(floating.value())) +
            rows;
    if (positions->size() > kRowsShown)
      text += fmt::format("\n   … +{}", positions->size() - kRowsShown);
  }
  if (!orders) co_return text + "\n   " + excuse(reader, orders.error());
  // Stops and take-profits of the positions above go without saying, one by one.
  const auto opening = std::ranges::count(*orders, false, &OrderRow::reduces_only);
  text += "\n   " + say(in, kOrders, counted(orders->size()), opening);
  std::size_t count = 0;
  for (const auto& row : *orders)
    if (!row.reduces_only && ++count <= kRowsShown) text += order_line(row);
  if (count > kRowsShown) text += fmt::format("\n   … +{}", count - kRowsShown);
  co_return text;
}

}  // namespace bb::bot
