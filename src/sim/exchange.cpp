#include "sim/exchange.h"

#include "base/check.h"
#include "sim/impl/intervene.h"
#include "sim/impl/ledger.h"
#include "sim/impl/margin.h"
#include "sim/impl/orders.h"
#include "sim/impl/settings.h"
#include "sim/impl/state.h"
#include "sim/impl/walk.h"

namespace bb::sim {

namespace {

constexpr Ratio kMakerFee = Ratio(Decimal::from_raw(20'000));  // 0.02 %
constexpr Ratio kTakerFee = Ratio(Decimal::from_raw(50'000));  // 0.05 %

}  // namespace

struct Exchange::State {
  explicit State(const Market& market) : core(market) {}

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

Exchange::Exchange(const Market& market) : state_(std::make_unique<State>(market)) {
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

Answer<OrderView> Exchange::place(int account, const OrderRequest& order) {
  return impl::place(state_->core, state_->account(account), order);
}

Answer<OrderView> Exchange::cancel(int account, const exchange::OrderRef& order) {
  return impl::cancel(state_->core, state_->account(account), order);
}

Answer<std::optional<OrderView>> Exchange::find_order(int account,
                                                      const exchange::OrderRef& order) const {
  const impl::Order* found = impl::find_order(state_->account(account), order);
  return found == nullptr ? std::nullopt : std::optional(found->view);
}

std::optional<OrderDetail> Exchange::detail(int account, const exchange::OrderRef& order) const {
  const impl::Order* found = impl::find_order(state_->account(account), order);
  return found == nullptr ? std::nullopt : std::optional(found->detail);
}

std::vector<OrderView> Exchange::open_orders(int account, bool conditional) const {
  std::vector<OrderView> views;
  for (const auto& [symbol, seat] : state_->account(account).seats) {
    const auto& orders = conditional ? seat.conditional : seat.regular;
    for (const std::int64_t id : conditional ? seat.open_conditional : seat.open_regular)
      views.push_back(orders.at(id).view);
  }
  return views;
}

std::vector<OrderView> Exchange::orders(int account, Symbol symbol, bool conditional) const {
  std::vector<OrderView> views;
  const impl::Seat* seat = state_->find_seat(account, symbol);
  if (seat == nullptr) return views;
  for (const auto& [id, order] : conditional ? seat->conditional : seat->regular)
    views.push_back(order.view);
  return views;
}

std::vector<exchange::Fill> Exchange::fills(int account, Symbol symbol) const {
  const impl::Seat* seat = state_->find_seat(account, symbol);
  return seat == nullptr ? std::vector<exchange::Fill>() : seat->fills;
}

std::vector<exchange::Income> Exchange::income(int account) const {
  return state_->account(account).income;
}

Answer<void> Exchange::set_leverage(int account, Symbol symbol, int leverage) {
  return impl::set_leverage(state_->core, state_->account(account), symbol, leverage);
}

Answer<void> Exchange::set_margin_type(int account, Symbol symbol, MarginType margin) {
  return impl::set_margin_type(state_->core, state_->account(account), symbol, margin);
}

Answer<void> Exchange::set_hedge(int account, bool hedge) {
  return impl::set_hedge(state_->core, state_->account(account), hedge);
}

Answer<void> Exchange::transfer(int account, Usdt amount) {
  return impl::transfer(state_->core, state_->account(account), amount);
}

void Exchange::market_changed(Symbol symbol) { impl::market_changed(state_->core, symbol); }

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
  return impl::position_rows(state_->core, state_->account(account));
}

Exchange::Balance Exchange::balance(int account) const {
  return impl::balance_of(state_->core, state_->account(account));
}

const std::vector<JournalEntry>& Exchange::journal() const { return state_->core.journal; }

void Exchange::on_journal(std::function<void(const JournalEntry&)> observer) {
  state_->core.observers.push_back(std::move(observer));
}

}  // namespace bb::sim
