#include "paper/lags.h"

#include <algorithm>

namespace bb::paper {

namespace {

using exchange::OrderRef;
using exchange::OrderRequest;
using exchange::OrderView;

constexpr std::size_t kSnapshotsMax = 1000;

bool names(const OrderRef& ref, const OrderView& order) {
  return ref.order_id != 0 ? ref.order_id == order.order_id
                           : ref.client_order_id == order.client_order_id;
}

}  // namespace

Lags::Lags(const sim::Exchange& exchange, Millis algo_lag, Millis position_lag)
    : exchange_(exchange), algo_lag_(algo_lag), position_lag_(position_lag) {}

void Lags::read_journal(bool keep_history) {
  using Kind = sim::JournalEntry::Kind;
  const auto& journal = exchange_.journal();
  std::map<int, TimePoint> changed;
  const std::size_t begin = exchange_.journal_begin();
  for (read_ = std::max(read_, begin); read_ < begin + journal.size(); ++read_) {
    const auto& entry = journal[read_ - begin];
    if (entry.kind == Kind::position_opened)
      opened_[{entry.account, entry.symbol, entry.side}] = entry.time;
    if (entry.kind == Kind::fill || entry.kind == Kind::liquidated)
      changed[entry.account] = entry.time;
  }
  if (!keep_history) return history_.clear();
  // What is present when a fault is planted is the past that it shows first.
  if (static_cast<int>(history_.size()) < exchange_.account_count()) {
    for (int account = 0; account < exchange_.account_count(); ++account)
      if (const auto [it, fresh] = history_.try_emplace(account); fresh)
        it->second.current = exchange_.positions(account);
    return;
  }
  for (const auto& [account, when] : changed) {
    auto& history = history_[account];
    history.past.push_back({when, std::move(history.current)});
    if (history.past.size() > kSnapshotsMax) history.past.pop_front();
    history.current = exchange_.positions(account);
  }
}

void Lags::canceled(int account, const OrderView& before, TimePoint now) {
  if (algo_lag_ <= Millis(0)) return;
  while (!cancels_.empty() && cancels_.front().visible_from <= now)
    cancels_.pop_front();
  cancels_.push_back({account, before, now + algo_lag_});
}

std::optional<OrderView> Lags::not_yet_canceled(int account, const OrderRef& order,
                                                TimePoint now) const {
  for (const auto& cancel : cancels_) {
    if (cancel.account == account && now < cancel.visible_from && names(order, cancel.order))
      return cancel.order;
  }
  return std::nullopt;
}

void Lags::set_position_lag(Millis lag) { position_lag_ = lag; }

std::vector<OrderView> Lags::lingering(int account, TimePoint now) const {
  std::vector<OrderView> orders;
  for (const auto& cancel : cancels_)
    if (cancel.account == account && now < cancel.visible_from) orders.push_back(cancel.order);
  return orders;
}

bool Lags::still_blocks(int account, const OrderRequest& order, TimePoint now) const {
  return std::ranges::any_of(cancels_, [&](const Cancel& cancel) {
    const auto& was = cancel.order;
    return cancel.account == account && now < cancel.visible_from && was.close_position &&
           was.symbol == order.symbol && was.type == order.type && was.side == order.side &&
           was.position_side == order.position_side;
  });
}

bool Lags::is_position_unseen(int account, const OrderRequest& order, TimePoint now) const {
  const auto found = opened_.find({account, order.symbol, order.position_side});
  return found != opened_.end() && now < found->second + position_lag_;
}

void Lags::hide(int account, std::string client_id, TimePoint now, TimePoint until) {
  std::erase_if(hidden_, [&](const Hidden& hidden) { return hidden.until <= now; });
  hidden_.push_back({account, std::move(client_id), until});
}

bool Lags::is_hidden(int account, const OrderView& order, TimePoint now) const {
  return std::ranges::any_of(hidden_, [&](const Hidden& hidden) {
    return hidden.account == account && now < hidden.until &&
           (hidden.client_id.empty() || hidden.client_id == order.client_order_id.str());
  });
}

const std::vector<sim::Exchange::PositionRow>* Lags::positions_at(int account,
                                                                  TimePoint when) const {
  const auto found = history_.find(account);
  if (found == history_.end()) return nullptr;
  const auto& past = found->second.past;
  const auto after = [](TimePoint t, const Snapshot& s) { return t < s.until; };
  const auto snapshot = std::upper_bound(past.begin(), past.end(), when, after);
  return snapshot == past.end() ? nullptr : &snapshot->rows;
}

}  // namespace bb::paper
