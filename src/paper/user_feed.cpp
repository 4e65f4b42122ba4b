#include "paper/user_feed.h"

#include <algorithm>
#include <utility>

namespace bb::paper {

namespace {

using sim::JournalEntry;
using Kind = JournalEntry::Kind;

bool is_public(const JournalEntry& entry) {
  switch (entry.kind) {
    case Kind::order_accepted:
    case Kind::order_updated:
    case Kind::order_amended:
    case Kind::fill:
    case Kind::leverage_changed:
    case Kind::margin_type_changed:
    case Kind::isolated_margin_changed:
    case Kind::margin_call:
      return true;
    case Kind::income:
      return entry.income->type != "COMMISSION" && entry.income->type != "REALIZED_PNL";
    default:
      return false;
  }
}

bool changes_account(Kind kind) {
  return kind == Kind::fill || kind == Kind::income || kind == Kind::margin_type_changed ||
         kind == Kind::isolated_margin_changed || kind == Kind::margin_call;
}

}  // namespace

UserFeed::UserFeed(Parts parts) : parts_(std::move(parts)) {}

UserFeed::~UserFeed() {
  if (flush_) parts_.clock.cancel(*flush_);
}

void UserFeed::on_journal(const JournalEntry& entry) {
  auto key = parts_.heard_by(entry.account);
  if (key.empty()) {
    if (entry.fill) realized_.erase({entry.account, entry.symbol, entry.fill->position_side});
    return;
  }
  if (!is_public(entry)) return;
  pending_.push_back(look(entry, std::move(key)));
  if (flush_) return;
  // One act writes many entries; it ends before the loop comes back.
  flush_ = parts_.clock.call_at(parts_.clock.steady_now(), [this] { flush(); });
}

void UserFeed::on_multi_assets(int account, bool multi_assets) {
  auto key = parts_.heard_by(account);
  if (key.empty()) return;
  flush();
  const TimePoint time = parts_.venue.exchange().now();
  parts_.deliver({std::move(key), "ACCOUNT_CONFIG_UPDATE",
                  user_event::multi_assets_update(multi_assets, time, parts_.now())});
}

user_event::Resting UserFeed::resting(int account, Symbol symbol) const {
  user_event::Resting sums;
  const auto add = [&](const sim::OrderView& order, const sim::OrderDetail&) {
    const Usdt notional = order.price * (order.qty - order.executed_qty);
    (order.side == Side::buy ? sums.bids : sums.asks) += notional;
    return true;
  };
  parts_.venue.exchange().visit_open_orders(account, symbol, false, add);
  return sums;
}

sim::Exchange::PositionRow UserFeed::row_of(int account, Symbol symbol, PositionSide side) const {
  for (auto& row : parts_.venue.exchange().positions(account, symbol))
    if (row.position.side == side) return row;
  sim::Exchange::PositionRow row;
  row.position.symbol = symbol;
  row.position.side = side;
  row.margin = parts_.venue.exchange().settings(account, symbol).margin;
  return row;
}

/// Including the newest fill.
Usdt UserFeed::realized(int account, Symbol symbol, PositionSide side) {
  Usdt sum;
  for (const auto& fill : parts_.venue.exchange().fills(account, symbol))
    if (fill.position_side == side) sum += fill.realized_pnl;
  return sum;
}

UserFeed::Moment UserFeed::look(const JournalEntry& entry, std::string key) {
  auto& exchange = parts_.venue.exchange();
  const int account = entry.account;
  Moment moment{.entry = entry, .key = std::move(key)};
  if (entry.order && !entry.order->conditional) moment.resting = resting(account, entry.symbol);
  if (entry.kind == Kind::leverage_changed)
    moment.leverage = exchange.settings(account, entry.symbol).leverage;
  if (!changes_account(entry.kind)) return moment;

  const auto balance = exchange.balance(account);
  auto& state = moment.account;
  state.wallet = balance.wallet;
  state.cross_wallet = balance.cross_wallet;
  const auto add = [&](const sim::Exchange::PositionRow& row) {
    const auto& position = row.position;
    const Leg leg{account, position.symbol, position.side};
    const auto [known, fresh] = realized_.try_emplace(leg);
    if (fresh) {
      known->second = realized(account, position.symbol, position.side);
    } else if (entry.fill) {
      known->second += entry.fill->realized_pnl;
    }
    state.positions.push_back({row, known->second});
  };
  if (entry.kind == Kind::fill) {
    add(row_of(account, entry.symbol, entry.fill->position_side));
  } else if (entry.kind == Kind::margin_call) {
    moment.row = row_of(account, entry.symbol, entry.side);
  } else if (entry.kind == Kind::income) {
    state.change = entry.income->amount;
    if (entry.income->type == "FUNDING_FEE") state.symbol = entry.symbol.str();
    if (!entry.symbol.empty() &&
        exchange.settings(account, entry.symbol).margin == MarginType::isolated)
      for (const auto& row : exchange.positions(account, entry.symbol))
        if (!row.position.qty.is_zero()) add(row);
  } else {
    for (const auto& row : exchange.positions(account, entry.symbol))
      add(row);
    if (state.positions.empty())
      add(row_of(account, entry.symbol,
                 exchange.hedge(account) ? PositionSide::long_ : PositionSide::both));
  }
  return moment;
}

void UserFeed::flush() {
  if (flush_) parts_.clock.cancel(*std::exchange(flush_, std::nullopt));
  if (pending_.empty()) return;
  auto pending = std::exchange(pending_, {});
  for (auto first = pending.begin(); first != pending.end();) {
    const auto last = std::find_if(first, pending.end(), [&](const Moment& moment) {
      return moment.entry.account != first->entry.account || moment.entry.time != first->entry.time;
    });
    Burst burst(std::make_move_iterator(first), std::make_move_iterator(last));
    tell(burst);
    first = last;
  }
  parts_.acted();
}

void UserFeed::tell(Burst& burst) {
  for (std::size_t i = 0; i < burst.size(); ++i) {
    const Moment& moment = burst[i];
    if (moment.told) continue;
    const auto& entry = moment.entry;
    switch (entry.kind) {
      case Kind::order_accepted:
      case Kind::order_updated:
      case Kind::order_amended:
      case Kind::fill:
        tell_order(burst, i);
        break;
      case Kind::income:
        tell_income(moment);
        break;
      case Kind::leverage_changed:
        send(moment, "ACCOUNT_CONFIG_UPDATE",
             user_event::leverage_update(entry.symbol, moment.leverage, entry.time, parts_.now()));
        break;
      case Kind::margin_type_changed:
        tell_account("MARGIN_TYPE_CHANGE", moment);
        break;
      case Kind::isolated_margin_changed:
        tell_account("MARGIN_TRANSFER", moment);
        break;
      case Kind::margin_call:
        send(moment, "MARGIN_CALL",
             user_event::margin_call(*moment.row, moment.account.cross_wallet, parts_.now()));
        break;
      default:
        break;
    }
  }
}

void UserFeed::tell_order(Burst& burst, std::size_t at) {
  const Moment& moment = burst[at];
  const auto& entry = moment.entry;
  const auto& order = *entry.order;
  if (order.conditional)
    return send(moment, "ALGO_UPDATE", user_event::algo_update(entry, parts_.now()));
  if (entry.kind == Kind::fill) return tell_fills(burst, at, order.order_id, false);
  if (entry.kind == Kind::order_accepted) return tell_fills(burst, at, order.order_id, true);
  // What a fill led to was told with the fill.
  if (entry.kind == Kind::order_updated &&
      (order.status == OrderStatus::filled || order.status == OrderStatus::partially_filled ||
       order.status == OrderStatus::open))
    return;
  send(moment, "ORDER_TRADE_UPDATE",
       user_event::order_update(entry, parts_.venue.contract(entry.symbol), moment.resting,
                                parts_.now()));
}

void UserFeed::tell_fills(Burst& burst, std::size_t at, std::int64_t order_id, bool accepted) {
  const auto& contract = parts_.venue.contract(burst[at].entry.symbol);
  const TimePoint now = parts_.now();
  const auto update = [&](const Moment& moment) {
    send(moment, "ORDER_TRADE_UPDATE",
         user_event::order_update(moment.entry, contract, moment.resting, now));
  };
  std::vector<Moment*> fills;
  for (std::size_t i = at; i < burst.size(); ++i) {
    const auto& entry = burst[i].entry;
    if (entry.kind == Kind::fill && !burst[i].told && entry.fill->order_id == order_id &&
        entry.symbol == contract.symbol)
      fills.push_back(&burst[i]);
  }
  for (auto* fill : fills) {
    fill->told = true;
    if (!user_event::is_forced(*fill->entry.order))
      send(*fill, "TRADE_LITE", user_event::trade_lite(fill->entry, contract, now));
  }
  if (accepted) update(burst[at]);
  if (fills.empty()) return;
  tell_account("ORDER", *fills.back());
  for (const auto* fill : fills)
    update(*fill);
}

void UserFeed::tell_income(const Moment& moment) {
  const auto& income = *moment.entry.income;
  std::string_view reason = income.type;
  if (income.type == "TRANSFER") reason = income.amount.is_negative() ? "WITHDRAW" : "DEPOSIT";
  tell_account(reason, moment);
}

void UserFeed::tell_account(std::string_view reason, const Moment& moment) {
  send(moment, "ACCOUNT_UPDATE",
       user_event::account_update(reason, moment.account, moment.entry.time, parts_.now()));
}

void UserFeed::send(const Moment& moment, std::string_view type, std::string text) {
  parts_.deliver({moment.key, std::string(type), std::move(text)});
}

}  // namespace bb::paper
