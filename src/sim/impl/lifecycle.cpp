#include "sim/impl/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/impl/ledger.h"
#include "sim/impl/trailing.h"

namespace bb::sim::impl {

namespace {

constexpr std::chrono::days kLongestGtc{365};
constexpr Millis kForgetEvery = Hours(6);

void finish_parent(Core& core, Account& account, Seat& seat, const Order& child) {
  Order* parent = seat.conditional.find(child.detail.parent_id);
  if (parent == nullptr) return;
  parent->view.status = OrderStatus::finished;
  parent->view.executed_qty = child.view.executed_qty;
  parent->view.average_price = child.view.average_price;
  parent->view.update_time = core.now;
  parent->detail.executed_quote = child.detail.executed_quote;
  write_order(core, account, Kind::order_updated, *parent);
}

// Triggers of stops lie beyond the market against the position they close, those of take-profits
// on the winning side; a trailing stop waits for a better price first (reference §12).
Watch trigger_watch(const Core& core, const OrderRequest& request, const OrderTerms& terms) {
  Watch watch;
  watch.searched = core.now;
  watch.on_mark = request.working_type == WorkingType::mark_price;
  if (request.type == OrderType::trailing_stop_market) {
    watch.level = terms.activate_price;
    watch.falling = request.side == Side::buy;
    return watch;
  }
  const bool stop = request.type == OrderType::stop || request.type == OrderType::stop_market;
  watch.level = request.trigger_price;
  watch.falling = stop == (request.side == Side::sell);
  return watch;
}

void move_to_closed(Account& account, Seat& seat, const OrderView& order) {
  Shelf& shelf = seat.shelf(order.conditional);
  shelf.closed.insert(shelf.open.extract(order.order_id));
  account.closed.push_back({&seat, order.conditional, order.order_id});
}

Orders::iterator forget(Account& account, Shelf& shelf, Orders::iterator it) {
  const OrderView& view = it->second.view;
  auto& newest = view.conditional ? account.algo_by_client : shelf.by_client;
  const auto named = newest.find(view.client_order_id.str());
  if (named != newest.end() && named->second == view.order_id) newest.erase(named);
  if (view.conditional) account.algo_seats.erase(view.order_id);
  return shelf.closed.erase(it);
}

template <class Rows>
void forget_before(Rows& rows, TimePoint time) {
  while (!rows.empty() && rows.front().time < time)
    rows.pop_front();
}

// A guard of the memory: without rate limits, ninety days are billions of orders.
void limit_memory(const Core& core, Account& account) {
  auto& closed = account.closed;
  for (std::size_t left = closed.size(); closed.size() > core.options.remembered_orders && left > 0;
       --left) {
    const ClosedOrder oldest = closed.front();
    closed.pop_front();
    Seat& seat = *oldest.seat;
    Shelf& shelf = seat.shelf(oldest.conditional);
    const auto it = shelf.closed.find(oldest.id);
    if (it == shelf.closed.end()) continue;
    if (is_live(it->second.view.status)) {  // it has triggered, and its child is open
      closed.push_back(oldest);
      continue;
    }
    const TimePoint time = it->second.view.update_time;
    forget(account, shelf, it);
    forget_before(seat.fills, time);
    forget_before(seat.amendments, time);
    forget_before(account.income, time);
  }
}

}  // namespace

const Order* Shelf::find(std::int64_t id) const {
  if (const auto it = open.find(id); it != open.end()) return &it->second;
  const auto it = closed.find(id);
  return it == closed.end() ? nullptr : &it->second;
}

Watch limit_watch(const Core& core, const OrderView& order) {
  return {.level = order.price, .falling = order.side == Side::buy, .searched = core.now};
}

Order new_order(Core& core, const OrderRequest& request, const OrderTerms& terms) {
  const bool conditional = is_conditional(request.type);
  Order order;
  OrderView& view = order.view;
  view.symbol = request.symbol;
  view.order_id = conditional ? ++core.last_algo_id : ++ids_of(core, request.symbol).order;
  view.client_order_id = request.client_order_id.empty()
                             ? ClientOrderId(fmt::format("x-{}", view.order_id))
                             : request.client_order_id;
  view.conditional = conditional;
  view.side = request.side;
  view.position_side = request.position_side;
  view.type = request.type;
  view.status = OrderStatus::open;
  view.qty = request.qty;
  view.price = request.price;
  view.trigger_price = request.trigger_price;
  view.reduce_only = request.reduce_only || request.close_position;
  view.close_position = request.close_position;
  view.create_time = view.update_time = core.now;
  order.detail.terms = terms;
  order.detail.time_in_force = request.time_in_force;
  order.detail.working_type = request.working_type;
  if (request.time_in_force == TimeInForce::gtd) {
    order.ends = terms.good_till;
  } else if (request.type != OrderType::market && !request.close_position) {
    order.ends = core.now + kLongestGtc;
  }
  order.watch = conditional ? trigger_watch(core, request, terms) : limit_watch(core, order.view);
  const bool trails_at_once =
      request.type == OrderType::trailing_stop_market && terms.activate_price.is_zero();
  if (trails_at_once) start_trail(core, order);
  return order;
}

void list_seat(Account& account, Seat& seat) {
  if (seat.active() == seat.is_listed) return;
  seat.is_listed = !seat.is_listed;
  auto& active = account.active;
  const auto place = std::ranges::lower_bound(active, seat.symbol, {}, &Seat::symbol);
  if (seat.is_listed) {
    active.insert(place, &seat);
  } else {
    active.erase(place);
  }
}

Order& open_order(Core& core, Account& account, Seat& seat, Order order) {
  const std::int64_t id = order.view.order_id;
  const bool conditional = order.view.conditional;
  const std::string& client_id = order.view.client_order_id.str();
  Shelf& shelf = seat.shelf(conditional);
  (conditional ? account.algo_by_client : shelf.by_client)[client_id] = id;
  if (conditional) {
    account.algo_seats[id] = &seat;
    ++account.open_conditionals;
  }
  Order& placed = shelf.open.emplace(id, std::move(order)).first->second;
  list_seat(account, seat);
  write_order(core, account, Kind::order_accepted, placed);
  return placed;
}

void retire_order(Account& account, Seat& seat, const Order& order) {
  --account.open_conditionals;
  move_to_closed(account, seat, order.view);
}

void close_order(Core& core, Account& account, Seat& seat, Order& order, OrderStatus status,
                 int expiry_reason) {
  Shelf& shelf = seat.shelf(order.view.conditional);
  if (shelf.open.contains(order.view.order_id)) {
    if (order.view.conditional) --account.open_conditionals;
    move_to_closed(account, seat, order.view);
  }
  order.view.status = status;
  order.view.update_time = core.now;
  order.detail.expiry_reason = expiry_reason;
  write_order(core, account, Kind::order_updated, order);
  if (order.detail.parent_id != 0) finish_parent(core, account, seat, order);
}

bool is_remembered(const Order& order, TimePoint now) {
  if (is_live(order.view.status)) return true;
  const auto age = now - order.view.create_time;
  return age <= (order.view.executed_qty.is_zero() ? kUnfilledMemory : kMemory);
}

void forget_orders(const Core& core, Account& account, Seat& seat) {
  limit_memory(core, account);
  if (core.now - seat.forgotten < kForgetEvery) return;
  seat.forgotten = core.now;
  forget_rows(seat.fills, core.now);
  forget_rows(seat.amendments, core.now);
  forget_rows(seat.margin_changes, core.now);
  for (Shelf* shelf : {&seat.regular, &seat.conditional}) {
    auto& closed = shelf->closed;
    for (auto it = closed.begin(); it != closed.end();)
      it = is_remembered(it->second, core.now) ? std::next(it) : forget(account, *shelf, it);
  }
}

}  // namespace bb::sim::impl
