#include "binance/ear.h"

#include <algorithm>
#include <stdexcept>

namespace bb::binance::test {

namespace {

std::string status_word(OrderStatus status) {
  switch (status) {
    case OrderStatus::open:
      return "open";
    case OrderStatus::partially_filled:
      return "partial";
    case OrderStatus::filled:
      return "filled";
    case OrderStatus::canceled:
      return "canceled";
    case OrderStatus::expired:
    case OrderStatus::expired_in_match:
      return "expired";
    case OrderStatus::rejected:
      return "rejected";
    case OrderStatus::triggering:
      return "triggering";
    case OrderStatus::triggered:
      return "triggered";
    case OrderStatus::finished:
      return "finished";
    case OrderStatus::unknown:
      break;
  }
  return "unknown";
}

struct Words {
  std::string operator()(const exchange::OrderChanged& e) const {
    return (e.order.conditional ? "stop:" : "order:") + status_word(e.order.status) +
           (e.fill ? "/fill" : "");
  }
  std::string operator()(const exchange::PositionsChanged& e) const {
    return "positions:" + e.reason;
  }
  std::string operator()(const exchange::SettingsChanged&) const { return "settings"; }
  std::string operator()(const exchange::MarginCalled&) const { return "margin_call"; }
  std::string operator()(const exchange::Gap&) const { return "gap"; }
};

}  // namespace

std::string word(const exchange::AccountEvent& event) { return std::visit(Words(), event); }

Ear::Ear(SimWorld& world, const std::string& stream_url)
    : world_(world),
      log_(LogLevel::info, [this](LogLevel, auto line) { lines_ += std::string(line) + "\n"; }),
      stop_(world.loop().clock),
      group_(world.loop().io.get_executor()) {
  const auto& theirs = world.binance_settings();
  settings_.api_key = theirs.api_key.clone();
  settings_.api_secret = theirs.api_secret.clone();
  settings_.base_url = theirs.base_url;
  settings_.stream_url = stream_url;
  venue_ = std::make_unique<Venue>(world.dialer(), world.loop().clock, log_, settings_);
  account_ = make_account(*venue_, settings_);
}

Ear::~Ear() = default;

void Ear::open() { group_.spawn(listen()); }

Task<void> Ear::listen() {
  while (auto event = co_await account_->next_event(stop_))
    told_.push_back({std::move(*event), world_.loop().clock.steady_now()});
}

Task<void> Ear::close() {
  stop_.request();
  co_await group_.join();
  account_.reset();
  venue_.reset();
}

std::string Ear::news() {
  std::string out;
  for (; read_ < told_.size(); ++read_)
    out += (out.empty() ? "" : " ") + word(told_[read_].event);
  return out;
}

int Ear::gaps() const {
  return static_cast<int>(
      std::ranges::count_if(told_, [](const Told& each) { return word(each.event) == "gap"; }));
}

const exchange::Gap& Ear::last_gap() const {
  for (auto each = told_.rbegin(); each != told_.rend(); ++each)
    if (const auto* gap = std::get_if<exchange::Gap>(&each->event)) return *gap;
  throw std::logic_error("no gap was told");
}

std::vector<std::int64_t> Ear::fills() const {
  std::vector<std::int64_t> ids;
  for (const auto& each : told_)
    if (const auto* changed = std::get_if<exchange::OrderChanged>(&each.event))
      if (changed->fill) ids.push_back(changed->fill->trade_id);
  return ids;
}

Task<exchange::Outcome<exchange::OrderView>> Ear::sell(std::string client_order_id,
                                                       std::string qty) {
  exchange::OrderRequest order;
  order.symbol = Symbol("C01USDT");
  order.qty = *Qty::parse(qty);
  order.client_order_id = ClientOrderId(std::move(client_order_id));
  return account_->place(std::move(order));
}

Task<exchange::Outcome<exchange::OrderView>> Ear::place_stop(std::string client_order_id) {
  exchange::OrderRequest order;
  order.symbol = Symbol("C01USDT");
  order.side = Side::buy;
  order.type = OrderType::stop_market;
  order.close_position = true;
  order.trigger_price = *Price::parse("2");
  order.client_order_id = ClientOrderId(std::move(client_order_id));
  return account_->place(std::move(order));
}

}  // namespace bb::binance::test
