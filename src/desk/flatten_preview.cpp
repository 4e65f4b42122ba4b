#include "desk/flatten_preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "desk/impl/flatten_scope.h"

namespace bb::desk {

namespace {

using exchange::BookTicker;
using exchange::Position;

constexpr Hours kRulesAge{6};
const Ratio kHalf(Decimal::from_raw(50'000'000));

using Tops = std::map<Symbol, BookTicker>;

void add_text(FlattenPreviewRow& row, std::string_view text) {
  row.text += (row.text.empty() ? "" : "; ") + std::string(text);
}

// A contract that does not trade takes no close from anybody.
std::string obstacle_of(const SymbolRules& rules) {
  switch (rules.status) {
    case SymbolStatus::trading:
    case SymbolStatus::unknown:
      return {};
    case SymbolStatus::pending:
      return "cannot be closed: the contract does not trade yet";
    case SymbolStatus::settling:
    case SymbolStatus::closed:
      return "cannot be closed: the contract is being settled, and the exchange closes it";
    case SymbolStatus::halted:
      return "cannot be closed now: trading in the contract is halted";
  }
  return {};
}

// Against the mark, for a taker of that side; nothing where the book has no price.
std::optional<Price> slip_of(const BookTicker& top, bool buys, Price mark) {
  if (!top.bid.is_positive() || !top.ask.is_positive()) return std::nullopt;
  const Price to_touch = buys ? top.ask - mark : mark - top.bid;
  const Price half_spread = (top.ask - top.bid) * kHalf;
  return std::max(to_touch, half_spread);
}

void add_costs(FlattenPreviewRow& row, const Tops& tops, Ratio taker_fee) {
  row.notional = row.mark * row.close;
  row.fee = row.notional * taker_fee;
  const bool buys = row.held.is_negative();
  const auto top = tops.find(row.symbol);
  const auto slip = top == tops.end() ? std::nullopt : slip_of(top->second, buys, row.mark);
  if (!slip) {
    add_text(row, "the slippage is not known: the book shows no price");
    return;
  }
  row.slippage = *slip * row.close;
  const Qty first_level = buys ? top->second.ask_qty : top->second.bid_qty;
  if (first_level < row.close)
    add_text(row, fmt::format("the best price stands for {} of it: expect more slippage",
                              first_level.str()));
}

FlattenPreviewRow row_of(Desk& desk, const FlattenRequest& request, const Position& position,
                         const Tops& tops) {
  const auto target = target_of(desk, request, position);
  FlattenPreviewRow row;
  row.symbol = position.symbol;
  row.side = position.side;
  row.held = position.qty;
  row.mark = position.mark;
  row.unrealized_pnl = position.unrealized_pnl;
  row.text = target.text;
  row.close = position.qty.abs() - target.order.keep;
  const auto* rules = desk.book().find_rules(position.symbol);
  if (rules == nullptr) {
    row.orders = row.close.is_zero() ? 0 : 1;
    if (target.text.empty()) add_text(row, "its rules are not known: it is sent in one piece");
  } else {
    row.asset = rules->margin_asset;
    if (const auto obstacle = obstacle_of(*rules); !obstacle.empty()) {
      add_text(row, obstacle);
      row.close = {};
    }
    const auto pieces = split_market_close(*rules, row.close);
    Qty sum;
    for (const Qty piece : pieces)
      sum += piece;
    if (sum < row.close && !pieces.empty())
      add_text(row, fmt::format("{} of it are less than the step and may stay",
                                (row.close - sum).str()));
    row.orders = row.close.is_zero() ? 0 : std::max(1, static_cast<int>(pieces.size()));
  }
  if (desk.turns().is_closing(position.symbol)) add_text(row, "it is being closed right now");
  if (row.close.is_positive()) add_costs(row, tops, desk.book().taker_fee());
  return row;
}

}  // namespace

Task<Result<FlattenPreview>> preview_flatten(Desk& desk, FlattenRequest request) {
  Parts& parts = desk.parts();
  if (auto why = complaint_of(request); !why.empty())
    co_return fail(ErrorKind::invalid_input, std::move(why));
  auto account = both(parts.account.fetch_positions(), parts.account.fetch_open_regular_orders());
  auto market =
      both(parts.market.fetch_book_tickers(), desk.book().refresh_if_older(kRulesAge, parts.clock));
  const auto [seen, known] = co_await both(std::move(account), std::move(market));
  const auto& [positions, orders] = seen;
  const auto& [book, rules] = known;
  if (!positions) co_return std::unexpected(positions.error());
  FlattenPreview out;
  out.as_of = parts.market.exchange_now();
  if (!orders) out.notes.push_back("the resting orders could not be read: " + orders.error().text);
  if (!book) out.notes.push_back("the book could not be read: " + book.error().text);
  if (!rules) out.notes.push_back("the rules could not be read: " + rules.error().text);
  Tops tops;
  if (book)
    for (const auto& top : book->value)
      tops.emplace(top.symbol, top);
  for (const auto& position : *positions)
    if (is_chosen(desk, request, position))
      out.rows.push_back(row_of(desk, request, position, tops));
  if (orders)
    out.orders_to_cancel = static_cast<int>(std::ranges::count_if(*orders, [&](const auto& order) {
      const bool is_theirs =
          request.profit == FlattenProfit::any ||
          std::ranges::find(out.rows, order.symbol, &FlattenPreviewRow::symbol) != out.rows.end();
      return is_theirs && may_reopen(desk, request, order);
    }));
  // Who has seen this mostly goes on: then no close waits for a handshake.
  std::size_t sends = 1;
  for (const auto& row : out.rows)
    sends += static_cast<std::size_t>(row.orders);
  (void)co_await parts.market.prepare(sends);
  co_return out;
}

}  // namespace bb::desk
