#include "desk/desk.h"

#include <algorithm>

#include "base/plant.h"
#include "desk/facts.h"
#include "desk/impl/journal.h"

namespace bb::desk {

namespace {

constexpr int kAttempts = 32'768;

bool reduces(const store::Intent& intent) {
  return intent.reduce_only || intent.close_position ||
         (intent.position_side == PositionSide::short_ && intent.side == Side::buy) ||
         (intent.position_side == PositionSide::long_ && intent.side == Side::sell);
}

// A fill on the intent's side since it was sent that belongs to no order we know.
bool has_unexplained(const Parts& parts, const store::Intent& intent,
                     const std::vector<exchange::Fill>& fills) {
  const auto others = parts.store.intents_of(intent.trade_day, intent.symbol);
  return std::ranges::any_of(fills, [&](const exchange::Fill& fill) {
    return fill.side == intent.side && std::ranges::none_of(others, [&](const auto& other) {
             return other.order_id == fill.order_id;
           });
  });
}

// "It does not exist" alone proves nothing (reliability §3.4): the exchange forgets orders for up
// to 45 minutes. A conditional order is given up after a minute: if it lives, the patrol sees it in
// the list of open orders. One that reduces at once is given up after a minute if nothing was
// bought that no order explains, else after an hour; one that adds risk after an hour, and only
// when nothing was sold since it was sent that no order explains.
Task<bool> is_dead(Parts& parts, const store::Intent& intent) {
  const auto age = parts.market.exchange_now() - intent.sent_at;
  if (age <= Minutes(1)) co_return false;
  if (is_conditional(intent.type)) co_return true;
  const bool is_old = age >= Hours(1);
  if (reduces(intent) == is_old) co_return is_old;
  const auto fills = co_await parts.account.fetch_fills(intent.symbol, intent.sent_at - Seconds(1));
  if (!fills) co_return false;
  co_return !has_unexplained(parts, intent, *fills);
}

}  // namespace

Desk::Desk(Parts parts)
    : parts_(std::move(parts)),
      book_(parts_.account, parts_.market),
      gate_(parts_),
      ids_(parts_.identity.alias, parts_.identity.environment) {}

Desk::~Desk() = default;

ClientOrderId Desk::next_id(const std::string& trade_day, Job job, Symbol symbol, OrderKind kind,
                            int* attempt) const {
  // Ids are unique among open orders only, so after 32768 of one kind and day they may come again.
  const auto day = parse_utc_date(trade_day);
  // A key that a person named need not be a date; its orders then carry today's.
  const TimePoint date = day ? *day : utc_midnight(parts_.market.exchange_now());
  int next = parts_.first_attempt;
  // Who acts past the holder counts in numbers of its own, whatever others reached in theirs.
  const bool has_own = next > 0;
  if (!has_own) next = parts_.store.next_attempt(trade_day, job, symbol, kind);
  if (planted("attempt_reused")) next = 0;
  for (int tries = 0;; ++tries, ++next) {
    next %= kAttempts;
    const auto id = ids_.make({date, job, symbol, kind, next});
    const bool is_free = !has_own || parts_.store.find_intent(id) == nullptr;
    if (!is_free && tries < kAttempts) continue;
    if (attempt != nullptr) *attempt = next;
    return id;
  }
}

Task<Result<std::vector<exchange::Fill>>> Desk::record_fills(Symbol symbol, TimePoint since,
                                                             std::int64_t holding_id) {
  if (planted("fills_not_recorded")) co_return std::vector<exchange::Fill>{};
  auto fills = co_await parts_.account.fetch_fills(symbol, since);
  if (!fills) co_return fills;
  store::Batch batch;
  for (const auto& fill : *fills) {
    auto record = fill_record(parts_, fill, {});
    record.holding_id = holding_id;
    if (planted("fees_left_out")) record.commission = Usdt();
    const auto held =
        planted("priced_at_trigger") ? parts_.store.find_open_holding(symbol) : std::nullopt;
    if (held && fill.side == Side::buy) record.price = *held->sl_price;
    batch.add(record);
  }
  const auto stored = co_await parts_.store.commit(std::move(batch));
  if (!stored)
    parts_.log.error("fills not stored", {{"symbol", symbol}, {"error", stored.error().text}});
  co_return fills;
}

Task<bool> Desk::cancel_order(exchange::OrderRef order) {
  // An order that is gone is shown as live for 1.2 s more (seen by others): three seconds in all.
  constexpr int kTries = 5;
  std::string why;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const auto outcome = co_await parts_.account.cancel(order);
    if (outcome.done() != nullptr) co_return true;
    why = outcome.describe();
    // -2011 and Unknown both mean: look. Gone is gone, whoever did it.
    const auto found = co_await parts_.account.find_order(order);
    if (found && found->has_value() && !is_live((*found)->status)) co_return true;
    co_await sleep_for(parts_.clock, Millis(200) * (attempt + 1));
  }
  parts_.log.warn(
      "order not cancelled",
      {{"symbol", order.symbol}, {"client_order_id", order.client_order_id}, {"why", why}});
  co_return false;
}

Task<void> Desk::settle_intent(store::Intent intent, std::vector<store::Intent>& filled_entries) {
  const auto* now = parts_.store.find_intent(intent.client_order_id);
  if (now == nullptr ||
      (now->state != store::IntentState::sent && now->state != store::IntentState::unknown))
    co_return;
  const auto found = co_await parts_.account.find_order(
      {intent.symbol, intent.client_order_id, intent.order_id, is_conditional(intent.type)});
  if (!found || !found->has_value()) {
    const bool is_hasty = planted("unknown_order_means_dead");
    if (found && (is_hasty || co_await is_dead(parts_, intent))) {
      intent.state = store::IntentState::refused;
    } else if (intent.state == store::IntentState::unknown) {
      co_return;
    } else {
      intent.state = store::IntentState::unknown;
    }
    intent.evidence = found ? "the exchange does not know the id" : found.error().text;
    co_await commit_or_log(parts_, std::move(store::Batch().put(intent)));
    co_return;
  }
  const exchange::OrderView& order = **found;
  if (const auto* latest = parts_.store.find_intent(intent.client_order_id)) intent = *latest;
  if (advance(intent, order, "query"))
    co_await commit_or_log(parts_, std::move(store::Batch().put(intent)));
  parts_.log.info("intent settled", {{"symbol", intent.symbol},
                                     {"kind", str(intent.kind)},
                                     {"status", str(order.status)},
                                     {"executed", order.executed_qty}});
  const bool entry = intent.kind == OrderKind::entry || intent.kind == OrderKind::redistribute;
  if (entry && order.executed_qty.is_positive()) filled_entries.push_back(intent);
}

Task<std::vector<store::Intent>> Desk::settle_symbol(std::vector<store::Intent> intents) {
  std::vector<store::Intent> filled_entries;
  const Symbol symbol = intents.front().symbol;
  // Somebody acts on the symbol, perhaps on these very orders: he settles them.
  if (turns_.is_taken(symbol)) co_return filled_entries;
  const Turn turn = co_await turns_.take(symbol);
  for (auto& intent : intents)
    co_await settle_intent(std::move(intent), filled_entries);
  co_return filled_entries;
}

Task<std::vector<store::Intent>> Desk::settle_intents() {
  std::map<Symbol, std::vector<store::Intent>> open;
  for (auto& intent : parts_.store.unresolved_intents())
    open[intent.symbol].push_back(std::move(intent));
  std::vector<Task<std::vector<store::Intent>>> settlings;
  for (auto& [symbol, intents] : open)
    settlings.push_back(settle_symbol(std::move(intents)));
  std::vector<store::Intent> filled_entries;
  const auto settled = co_await gather(std::move(settlings));
  for (const auto& filled : settled)
    filled_entries.insert(filled_entries.end(), filled.begin(), filled.end());
  co_return filled_entries;
}

}  // namespace bb::desk
