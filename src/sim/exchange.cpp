#include "sim/exchange.h"

#include <algorithm>

#include "base/check.h"
#include "sim/impl/agenda.h"
#include "sim/impl/amend.h"
#include "sim/impl/forced.h"
#include "sim/impl/intervene.h"
#include "sim/impl/ledger.h"
#include "sim/impl/lifecycle.h"
#include "sim/impl/margin.h"
#include "sim/impl/orders.h"
#include "sim/impl/settings.h"
#include "sim/impl/state.h"
#include "sim/impl/walk.h"

namespace bb::sim {

namespace {

constexpr Ratio kMakerFee = Ratio(Decimal::from_raw(20'000));  // 0.02 %
constexpr Ratio kTakerFee = Ratio(Decimal::from_raw(50'000));  // 0.05 %
constexpr Ratio kRpiFee = Ratio(Decimal::from_raw(10'000));    // 0.01 %

}  // namespace

struct Exchange::State {
  State(const Market& market, ExchangeOptions options) : core(market, options) {}

  impl::Core core;

  impl::Account& account(int number) {
    BB_CHECK(number >= 0 && number < static_cast<int>(core.accounts.size()),
             "account numbers come from add_account");
    return *core.accounts[static_cast<std::size_t>(number)];
  }
  const impl::Seat* find_seat(int number, Symbol symbol) {
    const auto& seats = account(number).seats;
    const auto it = seats.find(symbol);
    return it == seats.end() ? nullptr : &it->second;
  }
};

Exchange::Exchange(const Market& market, ExchangeOptions options)
    : state_(std::make_unique<State>(market, options)) {
  state_->core.now = state_->core.walk_target = market.begin();
}

Exchange::~Exchange() = default;

int Exchange::add_account(AccountOptions options) {
  impl::Core& core = state_->core;
  auto account = std::make_unique<impl::Account>();
  account->number = static_cast<int>(core.accounts.size());
  account->options = std::move(options);
  FeeRates& fees = account->options.fees;
  if (fees.maker.is_zero()) fees.maker = kMakerFee;
  if (fees.taker.is_zero()) fees.taker = kTakerFee;
  if (fees.rpi.is_zero()) fees.rpi = kRpiFee;
  core.accounts.push_back(std::move(account));
  impl::Account& added = *core.accounts.back();
  impl::book(core, added, "TRANSFER", added.options.balance, Symbol(), "TRANSFER");
  return added.number;
}

int Exchange::account_count() const { return static_cast<int>(state_->core.accounts.size()); }

const std::string& Exchange::alias(int account) const {
  return state_->account(account).options.alias;
}

void Exchange::advance(TimePoint now, Micros precise) { impl::advance(state_->core, now, precise); }

TimePoint Exchange::now() const { return state_->core.now; }

TimePoint Exchange::quiet_until() const {
  const impl::Core& core = state_->core;
  if (!core.dirty.empty() || !core.dirty_guards.empty() || !core.happening.empty()) return {};
  return core.agenda.empty() ? TimePoint::max() : core.agenda.begin()->due;
}

void Exchange::reprice(Symbol symbol) {
  impl::Core& core = state_->core;
  ++core.prices;
  for (const auto& account : core.accounts) {
    const auto it = account->seats.find(symbol);
    if (it == account->seats.end() || !it->second.active()) continue;
    impl::search_again(core, *account, it->second);
  }
}

void Exchange::grow(std::span<const Symbol> symbols, TimePoint from) {
  impl::Core& core = state_->core;
  BB_CHECK(from > core.now, "a market grows ahead of its exchange");
  ++core.prices;
  for (const auto& account : core.accounts) {
    if (account->active.empty()) continue;
    for (const Symbol symbol : symbols) {
      const auto it = account->seats.find(symbol);
      if (it != account->seats.end() && it->second.active())
        impl::search_on(core, *account, it->second, from);
    }
  }
}

Answer<OrderView> Exchange::place(int account, const OrderRequest& order, const OrderTerms& terms) {
  return impl::place(state_->core, state_->account(account), order, terms);
}

Answer<void> Exchange::check(int account, const OrderRequest& order,
                             const OrderTerms& terms) const {
  return impl::check_only(state_->core, state_->account(account), order, terms);
}

Answer<OrderView> Exchange::amend(int account, const exchange::OrderRef& order,
                                  const Amendment& change) {
  return impl::amend(state_->core, state_->account(account), order, change);
}

Answer<OrderView> Exchange::cancel(int account, const exchange::OrderRef& order) {
  return impl::cancel(state_->core, state_->account(account), order);
}

Answer<void> Exchange::set_countdown(int account, Symbol symbol, Millis after) {
  return impl::set_countdown(state_->core, state_->account(account), symbol, after);
}

Answer<std::optional<OrderView>> Exchange::find_order(int account,
                                                      const exchange::OrderRef& order) const {
  const auto* found = impl::find_order(state_->core, state_->account(account), order);
  return found == nullptr ? std::nullopt : std::optional(found->view);
}

std::optional<OrderDetail> Exchange::detail(int account, const exchange::OrderRef& order) const {
  const auto* found = impl::find_order(state_->core, state_->account(account), order);
  return found == nullptr ? std::nullopt : std::optional(found->detail);
}

void Exchange::visit_open_orders(int account, bool conditional, const OrderVisitor& visit) const {
  for (const impl::Seat* seat : state_->account(account).active)
    for (const auto& [id, order] : seat->shelf(conditional).open)
      if (!visit(order.view, order.detail)) return;
}

void Exchange::visit_open_orders(int account, Symbol symbol, bool conditional,
                                 const OrderVisitor& visit) const {
  const impl::Seat* seat = state_->find_seat(account, symbol);
  if (seat == nullptr) return;
  for (const auto& [id, order] : seat->shelf(conditional).open)
    if (!visit(order.view, order.detail)) return;
}

std::vector<OrderView> Exchange::open_orders(int account, bool conditional) const {
  std::vector<OrderView> views;
  visit_open_orders(account, conditional, [&](const OrderView& view, const OrderDetail&) {
    views.push_back(view);
    return true;
  });
  return views;
}

// The two maps are walked as one.
void Exchange::visit_orders(int account, Symbol symbol, bool conditional, std::int64_t from_id,
                            const OrderVisitor& visit) const {
  const impl::Seat* seat = state_->find_seat(account, symbol);
  if (seat == nullptr) return;
  const auto& [open, closed, by_client] = seat->shelf(conditional);
  auto left = open.lower_bound(from_id);
  auto right = closed.lower_bound(from_id);
  while (left != open.end() || right != closed.end()) {
    const bool takes_left =
        right == closed.end() || (left != open.end() && left->first < right->first);
    const impl::Order& order = (takes_left ? left++ : right++)->second;
    if (!impl::is_remembered(order, now())) continue;
    if (!visit(order.view, order.detail)) return;
  }
}

std::vector<OrderView> Exchange::orders(int account, Symbol symbol, bool conditional) const {
  std::vector<OrderView> views;
  visit_orders(account, symbol, conditional, 0, [&](const OrderView& view, const OrderDetail&) {
    views.push_back(view);
    return true;
  });
  return views;
}

template <class Row>
std::vector<Row> Exchange::remembered(const std::deque<Row>& rows) const {
  const auto first =
      std::ranges::find_if(rows, [&](const Row& row) { return now() - row.time <= impl::kMemory; });
  return {first, rows.end()};
}

std::vector<exchange::Fill> Exchange::fills(int account, Symbol symbol) const {
  const impl::Seat* seat = state_->find_seat(account, symbol);
  return seat == nullptr ? std::vector<exchange::Fill>() : remembered(seat->fills);
}

void Exchange::visit_fills(int account, Symbol symbol, std::int64_t from_trade_id,
                           const std::function<bool(const exchange::Fill&)>& visit) const {
  const impl::Seat* seat = state_->find_seat(account, symbol);
  if (seat == nullptr) return;
  auto it = std::ranges::lower_bound(seat->fills, from_trade_id, {}, &exchange::Fill::trade_id);
  for (; it != seat->fills.end(); ++it)
    if (now() - it->time <= impl::kMemory && !visit(*it)) return;
}

std::vector<exchange::Income> Exchange::income(int account) const {
  return remembered(state_->account(account).income);
}

std::vector<AmendmentRecord> Exchange::amendments(int account, Symbol symbol) const {
  const impl::Seat* seat = state_->find_seat(account, symbol);
  return seat == nullptr ? std::vector<AmendmentRecord>() : remembered(seat->amendments);
}

std::vector<ForcedOrder> Exchange::forced_orders(int account) const {
  return remembered(state_->account(account).forced);
}

std::vector<MarginChange> Exchange::margin_changes(int account, Symbol symbol) const {
  const impl::Seat* seat = state_->find_seat(account, symbol);
  return seat == nullptr ? std::vector<MarginChange>() : remembered(seat->margin_changes);
}

Answer<void> Exchange::set_leverage(int account, Symbol symbol, int leverage) {
  return impl::set_leverage(state_->core, state_->account(account), symbol, leverage);
}

Answer<void> Exchange::set_margin_type(int account, Symbol symbol, MarginType margin) {
  return impl::set_margin_type(state_->core, state_->account(account), symbol, margin);
}

Answer<void> Exchange::set_hedge(int account, bool hedge) {
  return impl::set_hedge(state_->account(account), hedge);
}

Answer<void> Exchange::transfer(int account, Usdt amount) {
  return impl::transfer(state_->core, state_->account(account), amount);
}

Answer<void> Exchange::change_isolated_margin(int account, Symbol symbol, PositionSide side,
                                              Usdt amount) {
  return impl::change_isolated_margin(state_->core, state_->account(account), symbol, side, amount);
}

Answer<OrderView> Exchange::force_adl(int account, Symbol symbol, PositionSide side) {
  return impl::deleverage(state_->core, state_->account(account), symbol, side);
}

void Exchange::hold_triggers(int count) { state_->core.held_triggers += count; }

void Exchange::set_stop_without_position(StopWithoutPosition what) {
  state_->core.options.stop_without_position = what;
}

Usdt Exchange::insurance_fund() const { return state_->core.insurance_fund; }

Answer<OrderView> Exchange::force_fill(int account, const ForcedFill& fill) {
  return impl::force_fill(state_->core, state_->account(account), fill);
}

bool Exchange::hedge(int account) const { return state_->account(account).options.hedge; }

FeeRates Exchange::fees(int account) const { return state_->account(account).options.fees; }

exchange::SymbolSettings Exchange::settings(int account, Symbol symbol) const {
  if (const impl::Seat* seat = state_->find_seat(account, symbol))
    return {symbol, seat->margin, seat->leverage};
  const auto seat = impl::default_seat(state_->core, state_->account(account), symbol);
  return {symbol, seat.margin, seat.leverage};
}

std::vector<Exchange::PositionRow> Exchange::positions(int account) const {
  return impl::position_rows(state_->core, state_->account(account), Symbol());
}

std::vector<Exchange::PositionRow> Exchange::positions(int account, Symbol symbol) const {
  return impl::position_rows(state_->core, state_->account(account), symbol);
}

Exchange::Balance Exchange::balance(int account) const {
  return impl::balance_of(state_->core, state_->account(account));
}

const std::vector<JournalEntry>& Exchange::journal() const { return state_->core.journal; }

std::size_t Exchange::journal_begin() const { return state_->core.journal_begin; }

void Exchange::keep_journal(std::size_t newest) { state_->core.journal_kept = newest; }

void Exchange::on_journal(std::function<void(const JournalEntry&)> observer) {
  state_->core.observers.push_back(std::move(observer));
}

}  // namespace bb::sim
