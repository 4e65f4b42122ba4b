#include "paper/stream_market.h"

#include <algorithm>

namespace bb::paper {

namespace {

using Kind = StreamSpec::Kind;

constexpr std::size_t kForcedMax = 1000;

bool needs_contract(Kind kind) {
  switch (kind) {
    case Kind::book_ticker:
    case Kind::depth:
    case Kind::partial_depth:
    case Kind::rpi_depth:
    case Kind::trade:
    case Kind::agg_trade:
    case Kind::mark_price:
    case Kind::kline:
    case Kind::continuous_kline:
    case Kind::mini_ticker:
    case Kind::ticker:
      return true;
    default:
      return false;
  }
}

bool is_forced(Kind kind) { return kind == Kind::force_order || kind == Kind::force_order_all; }

}  // namespace

MarketStreams::MarketStreams(Parts parts) : parts_(std::move(parts)) {}

MarketStreams::~MarketStreams() {
  if (timer_) parts_.ticks.cancel(*timer_);
}

void MarketStreams::open(const std::string& name, const StreamSpec& spec) {
  const auto [it, fresh] = channels_.try_emplace(name, Channel{.name = name, .spec = spec});
  if (!fresh) return;
  Channel& channel = it->second;
  channel.told = parts_.now();
  channel.forced_told = forced_dropped_ + forced_.size();
  if (spec.kind == Kind::contract_info)
    for (const auto& rules : parts_.venue.market().rules(channel.told))
      channel.statuses[rules.symbol] = rules.status;
  Group& group = groups_[spec.period];
  if (group.channels.empty()) group.next = next_tick(spec.period);
  group.channels.push_back(&channel);
  arm();
}

void MarketStreams::close(const std::string& name) {
  const auto it = channels_.find(name);
  if (it == channels_.end()) return;
  const auto group = groups_.find(it->second.spec.period);
  std::erase(group->second.channels, &it->second);
  if (group->second.channels.empty()) groups_.erase(group);
  channels_.erase(it);
  arm();
}

/// Ticks fall on whole periods of exchange time, as long as it runs like the clock.
SteadyTime MarketStreams::next_tick(Millis period) const {
  const auto into = Millis(to_ms(parts_.now()) % period.count());
  return parts_.ticks.after(period - into);
}

void MarketStreams::arm() {
  if (timer_) parts_.ticks.cancel(*std::exchange(timer_, std::nullopt));
  if (groups_.empty()) return;
  const auto first =
      std::ranges::min_element(groups_, {}, [](const auto& item) { return item.second.next; });
  timer_ = parts_.ticks.call_at(first->second.next, [this] {
    timer_.reset();
    on_timer();
  });
}

void MarketStreams::on_timer() {
  const TimePoint now = parts_.now();
  for (auto& [period, group] : groups_) {
    if (parts_.ticks.steady_now() < group.next) continue;
    for (Channel* channel : group.channels)
      if (channel->told < now && !parts_.is_jumping()) tick(*channel, now);
    group.next = next_tick(period);
  }
  arm();
}

void MarketStreams::skip_to_present() {
  // A moment before: also a market that stands still behind the jump is told as it stands.
  for (auto& [name, channel] : channels_)
    channel.told = parts_.now() - Millis(1);
  for (auto& [period, group] : groups_)
    group.next = next_tick(period);
  arm();
}

void MarketStreams::emit(const Channel& channel, const std::string& payload) {
  if (!payload.empty()) parts_.deliver(channel.name, payload);
}

bool MarketStreams::is_news(Channel& channel, Symbol symbol, const payload::Stamped& text) {
  auto& last = channel.seen[symbol];
  if (last == text.tail) return false;
  last = text.tail;
  return true;
}

void MarketStreams::tick(Channel& channel, TimePoint now) {
  if (needs_contract(channel.spec.kind)) {
    const auto* contract = parts_.venue.find_contract(channel.spec.symbol, now);
    if (contract) tick_symbol(channel, *contract, now);
  } else if (is_forced(channel.spec.kind)) {
    tick_forced(channel, now);
  } else {
    tick_all(channel, now);
  }
  channel.told = now;
}

void MarketStreams::on_journal(const sim::JournalEntry& entry) {
  if (entry.kind != sim::JournalEntry::Kind::fill || !entry.order || !entry.fill) return;
  const auto& order = *entry.order;
  if (!order.client_order_id.str().starts_with("autoclose-")) return;
  const bool is_heard = std::ranges::any_of(
      channels_, [](const auto& item) { return is_forced(item.second.spec.kind); });
  if (!is_heard) return;
  if (forced_.size() >= kForcedMax) {
    forced_dropped_ += forced_.size();
    forced_.clear();
  }
  forced_.push_back(
      {entry.symbol,
       {std::string(word(order.side)), order.qty, order.price, order.average_price, entry.fill->qty,
        order.executed_qty, order.status == OrderStatus::filled, entry.time}});
}

/// The newest of each symbol in this second.
void MarketStreams::tick_forced(Channel& channel, TimePoint now) {
  parts_.advance();
  std::map<Symbol, const payload::ForcedTrade*> newest;
  const auto told = std::max(channel.forced_told, forced_dropped_) - forced_dropped_;
  for (std::size_t i = told; i < forced_.size(); ++i) {
    const Symbol symbol = forced_[i].symbol;
    if (channel.spec.symbol.empty() || channel.spec.symbol == symbol.str())
      newest[symbol] = &forced_[i].trade;
  }
  channel.forced_told = forced_dropped_ + forced_.size();
  for (const auto& [symbol, trade] : newest)
    emit(channel, payload::force_order(parts_.venue.contract(symbol), *trade, now));
}

}  // namespace bb::paper
