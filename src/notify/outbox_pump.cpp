#include "notify/outbox_pump.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/join.h"
#include "notify/text.h"

namespace bb::notify {

namespace {

using store::Delivery;
using store::OutboxMessage;

constexpr Seconds kPoll{1};
constexpr Hours kLifetime{24};
constexpr Hours kCriticalLifetime{24 * 7};
constexpr Hours kRepeated{24};  // and no longer: nobody is there
constexpr std::size_t kBundle = 50;
constexpr std::size_t kCriticalBundle = 5;  // each of them is to be read
constexpr std::size_t kMostPending = 1000;
constexpr Seconds kPauseMax{30};
constexpr Minutes kBrokenPause{10};
constexpr const char* kPending = "pending";
constexpr const char* kDelivered = "delivered";
constexpr const char* kDropped = "dropped";

Millis millis_of(Micros span) { return std::chrono::ceil<Millis>(span); }

/// After a channel failed `failures` times in a row.
Micros pause_of(int failures) {
  return std::min<Micros>(kPauseMax, Seconds(2) * (1 << std::min(failures, 5)));
}

Hours lifetime_of(const Kind& kind) {
  return kind.urgency == Urgency::critical ? kCriticalLifetime : kLifetime;
}

template <std::size_t N>
Micros nth(const std::array<Micros, N>& delays, int number) {
  const auto index = static_cast<std::size_t>(number < 1 ? 0 : number - 1);
  return index < N ? delays[index] : delays.back();
}

}  // namespace

Micros retry_delay(int attempts) {
  static constexpr std::array<Micros, 5> kDelays{Seconds(5), Seconds(30), Minutes(2), Minutes(10),
                                                 Minutes(30)};
  return nth(kDelays, attempts);
}

Micros repeat_delay(int times) {
  static constexpr std::array<Micros, 4> kDelays{Minutes(5), Minutes(15), Minutes(30), Hours(1)};
  return nth(kDelays, times);
}

/// A channel and how it fares.
struct OutboxPump::Line {
  Notifier* channel = nullptr;
  std::string name;
  SteadyTime not_before{};
  int failures = 0;
  bool is_broken = false;
  bool is_busy = false;
};

/// A message and what this channel did with it so far.
struct OutboxPump::Pick {
  OutboxMessage message;
  Delivery delivery;
  bool is_due = false;  // or only welcome in a letter that leaves anyway
  /// By itself from then on: another must not suffer for it.
  bool was_refused() const {
    return delivery.times == 0 && delivery.next_attempt > message.created_at;
  }
  auto rank() const {
    const Kind& kind = kind_of(message.topic);
    return std::tuple(kind.urgency, &kind, message.id);
  }
};

OutboxPump::OutboxPump(PumpParts parts) : parts_(std::move(parts)), log_(parts_.log) {
  for (const auto& channel : parts_.channels)
    lines_.push_back(std::make_unique<Line>(Line{channel.get(), channel->name()}));
}

OutboxPump::~OutboxPump() = default;

Task<void> OutboxPump::run(Stop& stop) {
  TaskGroup letters(co_await boost::asio::this_coro::executor);
  co_await join_after(letters, deliver(letters, stop));
}

Task<void> OutboxPump::deliver(TaskGroup& letters, Stop& stop) {
  while (!stop.requested()) {
    if (!parts_.store.pending_messages().empty()) {
      co_await tidy();
      for (const auto& line : lines_)
        if (!line->is_busy && parts_.clock.steady_now() >= line->not_before)
          letters.spawn(serve(*line, stop));
    }
    (void)co_await stop.sleep_until(parts_.clock.after(kPoll));
  }
}

/// Everything that this channel may show now.
Task<void> OutboxPump::serve(Line& line, Stop& stop) {
  line.is_busy = true;
  bool sent = true;
  try {
    while (sent && !stop.requested()) {
      sent = co_await send_next(line);
      if (sent) (void)co_await stop.sleep_until(parts_.clock.after(line.channel->gap()));
    }
  } catch (const std::exception& error) {
    // A fault of one channel must not take the others away.
    log_.error("delivery failed", {{"channel", line.name}, {"why", error.what()}});
    line.not_before = parts_.clock.after(kPauseMax);
  }
  line.is_busy = false;
}

Level OutboxPump::level_of(const Kind& kind) const {
  const auto changed = switched_.levels.find(kind.name);
  const bool hides = kind.urgency == Urgency::critical && changed != switched_.levels.end() &&
                     changed->second == Level::off;
  // What is critical only the configuration can switch off.
  if (changed != switched_.levels.end() && !hides) return changed->second;
  return parts_.settings.alerts.level_of(kind.name);
}

bool OutboxPump::is_quiet_now() const {
  const TimePoint now = parts_.clock.utc_now();
  const auto of_day = std::chrono::floor<Minutes>(now - utc_midnight(now)).count();
  const int minute = parts_.minute_of_day ? parts_.minute_of_day(now) : static_cast<int>(of_day);
  return parts_.settings.alerts.is_quiet(minute);
}

/// Whether this channel shows that kind at all.
bool OutboxPump::is_for(const Line& line, const Kind& kind) const {
  const Level level = level_of(kind);
  return level == Level::on || (level == Level::silent && line.channel->can_be_silent());
}

bool OutboxPump::is_held(const Line& line, const Kind& kind) const {
  if (kind.urgency == Urgency::critical) return false;
  if (parts_.clock.utc_now() < switched_.muted_until) return true;
  return !line.channel->can_be_silent() && is_quiet_now();
}

bool OutboxPump::is_loud(const Kind& kind) const {
  if (level_of(kind) == Level::silent) return false;
  return kind.urgency == Urgency::critical || !is_quiet_now();
}

/// What this channel has not shown yet, or has to show again, and may show now.
std::vector<OutboxPump::Pick> OutboxPump::candidates(const Line& line) const {
  const TimePoint now = parts_.clock.utc_now();
  const Seconds bundle(parts_.settings.alerts.bundle_sec);
  std::vector<Pick> picks;
  for (auto& message : parts_.store.pending_messages()) {
    const Kind& kind = kind_of(message.topic);
    if (!is_for(line, kind) || is_held(line, kind)) continue;
    Pick pick{std::move(message), {}};
    pick.delivery.message_id = pick.message.id;
    pick.delivery.channel = line.name;
    for (auto& known : parts_.store.deliveries_of(pick.message.id))
      if (known.channel == line.name) pick.delivery = std::move(known);
    if (pick.delivery.state != kPending || now < pick.delivery.next_attempt) continue;
    if (pick.delivery.times > 0 && !pick.message.acknowledged_by.empty()) continue;
    const bool waits = kind.urgency != Urgency::critical && pick.delivery.times == 0;
    pick.is_due = !waits || is_hurried_ || now >= pick.message.created_at + bundle;
    picks.push_back(std::move(pick));
  }
  return picks;
}

std::vector<OutboxPump::Pick> OutboxPump::choose(const Line& line) const {
  auto picks = candidates(line);
  const Pick* best = nullptr;
  for (const auto& pick : picks)
    if (pick.is_due && (best == nullptr || pick.rank() < best->rank())) best = &pick;
  if (best == nullptr) return {};
  const bool is_critical = kind_of(best->message.topic).urgency == Urgency::critical;
  const bool is_alone = !best->message.attachment.empty() || best->was_refused();
  const std::size_t most = is_alone ? 1 : is_critical ? kCriticalBundle : kBundle;
  std::vector<Pick> chosen;
  const auto belongs = [&](const Pick& pick) {
    return pick.message.topic == best->message.topic &&
           (pick.delivery.times > 0) == (best->delivery.times > 0) &&
           ((pick.message.attachment.empty() && !pick.was_refused()) || &pick == best);
  };
  for (const auto& pick : picks)
    if (chosen.size() < most && belongs(pick) && pick.message.id >= best->message.id)
      chosen.push_back(pick);
  return chosen;
}

Task<bool> OutboxPump::send_next(Line& line) {
  if (parts_.clock.steady_now() < line.not_before) co_return false;
  const auto chosen = choose(line);
  if (chosen.empty()) co_return false;
  std::vector<OutboxMessage> messages;
  for (const auto& pick : chosen)
    messages.push_back(pick.message);
  const Language language = parts_.settings.message_language();
  auto letter = compose(messages, language, parts_.account, chosen.front().delivery.times);
  const Kind& kind = kind_of(messages.front().topic);
  letter.is_silent = !is_loud(kind);
  if (kind.is_repeated && line.channel->can_acknowledge())
    letter.acknowledgement = acknowledgement(parts_.account, messages.back().id);
  if (!messages.front().attachment.empty() && parts_.painter)
    letter.picture = co_await parts_.painter(messages.front().attachment, language);
  const auto result = co_await line.channel->send(std::move(letter));
  for (const auto& pick : chosen)
    co_await note(line, pick, result);
  using enum DeliveryResult::Fate;
  const SteadyTime now = parts_.clock.steady_now();
  switch (result.fate) {
    case delivered:
      line.failures = 0;
      line.is_broken = false;
      break;
    case refused:
      break;
    case later:
      line.not_before = now + std::max<Micros>(pause_of(line.failures++),
                                               result.retry_after.value_or(Seconds(0)));
      break;
    case broken:
      line.not_before = now + kBrokenPause;
      if (!std::exchange(line.is_broken, true)) co_await tell_broken(line, result.problem);
      break;
  }
  co_return true;
}

Task<void> OutboxPump::note(Line& line, const Pick& pick, const DeliveryResult& result) {
  const auto pending = parts_.store.pending_messages();
  const auto found = std::ranges::find(pending, pick.message.id, &OutboxMessage::id);
  if (found == pending.end()) co_return;  // it was dropped meanwhile
  OutboxMessage message = *found;
  Delivery delivery = pick.delivery;
  const Kind& kind = kind_of(message.topic);
  const TimePoint now = parts_.clock.utc_now();
  if (result.delivered()) {
    ++delivery.times;
    delivery.attempts = 0;
    delivery.shown_at = now;
    delivery.reference = result.reference;
    delivery.last_error.clear();
    delivery.next_attempt = now + millis_of(repeat_delay(delivery.times));
    const bool again = kind.is_repeated && line.channel->can_acknowledge() &&
                       message.acknowledged_by.empty() &&
                       delivery.next_attempt - message.created_at < kRepeated;
    if (!again) delivery.state = kDelivered;
    log_.info("message delivered", {{"id", message.id},
                                    {"topic", message.topic},
                                    {"channel", line.name},
                                    {"times", delivery.times}});
  } else {
    ++delivery.attempts;
    ++message.attempts;
    delivery.last_error = message.last_error = result.problem;
    // What the channel suffers as a whole is the line's pause, not the message's.
    if (result.fate == DeliveryResult::Fate::refused)
      delivery.next_attempt = now + millis_of(retry_delay(delivery.attempts));
    message.next_attempt = delivery.next_attempt;
    log_.warn("message not delivered", {{"id", message.id},
                                        {"channel", line.name},
                                        {"attempts", delivery.attempts},
                                        {"problem", result.problem}});
  }
  auto deliveries = parts_.store.deliveries_of(message.id);
  std::erase_if(deliveries, [&](const Delivery& each) { return each.channel == line.name; });
  deliveries.push_back(delivery);
  finish_if_over(message, deliveries);
  store::Batch batch;
  batch.put(message).put(delivery);
  // A disk that refuses is the store's to report; memory has the new state, so nothing repeats.
  static_cast<void>(co_await parts_.store.commit(std::move(batch)));
}

void OutboxPump::finish_if_over(OutboxMessage& message,
                                const std::vector<Delivery>& deliveries) const {
  bool was_shown = false;
  for (const auto& line : lines_) {
    if (!is_for(*line, kind_of(message.topic))) continue;
    const auto found = std::ranges::find(deliveries, line->name, &Delivery::channel);
    if (found == deliveries.end() || found->state == kPending) return;
    was_shown = was_shown || found->times > 0;
  }
  message.state = was_shown ? kDelivered : kDropped;
}

Task<void> OutboxPump::tell_broken(const Line& line, std::string problem) {
  log_.error("channel broken", {{"channel", line.name}, {"problem", problem}});
  if (lines_.size() < 2) co_return;
  OutboxMessage message;
  message.id = parts_.store.next_outbox_id();
  message.topic = "notifier";
  message.title = "通知渠道失效 / a channel does not work";
  message.body = "| 渠道 / channel | " + line.name + " |\n| 原因 / reason | " + problem + " |\n";
  message.created_at = message.next_attempt = parts_.clock.utc_now();
  store::Batch batch;
  batch.put(message);
  static_cast<void>(co_await parts_.store.commit(std::move(batch)));
}

bool OutboxPump::has_unsent() const {
  return std::ranges::any_of(lines_, [&](const auto& line) {
    const auto picks = candidates(*line);
    return !line->is_broken &&
           std::ranges::any_of(picks, [](const Pick& pick) { return pick.delivery.times == 0; });
  });
}

/// What is over without being sent: switched off, too old, too many, acknowledged.
Task<void> OutboxPump::tidy() {
  if (parts_.switches != nullptr) switched_ = parts_.switches->read();
  const auto pending = parts_.store.pending_messages();
  std::size_t surplus = pending.size() > kMostPending ? pending.size() - kMostPending : 0;
  store::Batch batch;
  for (const auto& message : pending) {
    const bool is_critical = kind_of(message.topic).urgency == Urgency::critical;
    if (surplus > 0 && !is_critical) {
      --surplus;
      OutboxMessage dropped = message;
      dropped.state = kDropped;
      dropped.last_error = "too many messages waited";
      log_.warn("message dropped", {{"id", message.id}, {"why", dropped.last_error}});
      batch.put(dropped);
    } else {
      tidy_one(message, batch);
    }
  }
  if (!batch.empty()) static_cast<void>(co_await parts_.store.commit(std::move(batch)));
}

void OutboxPump::tidy_one(const OutboxMessage& message, store::Batch& batch) const {
  const Kind& kind = kind_of(message.topic);
  auto deliveries = parts_.store.deliveries_of(message.id);
  OutboxMessage changed = message;
  std::string why;
  if (lines_.empty())
    why = "no notifier is configured";
  else if (std::ranges::none_of(lines_, [&](const auto& line) { return is_for(*line, kind); }))
    why = "its kind is switched off";
  else if (parts_.clock.utc_now() - message.created_at >= lifetime_of(kind))
    why = "it was too old";
  const bool was_shown =
      std::ranges::any_of(deliveries, [](const Delivery& each) { return each.times > 0; });
  if (!why.empty()) {
    changed.state = was_shown ? kDelivered : kDropped;
    if (!was_shown && changed.last_error.empty()) changed.last_error = why;
    const bool is_loss = !was_shown && !lines_.empty() && level_of(kind) == Level::on;
    if (is_loss)
      log_.warn("message dropped", {{"id", message.id},
                                    {"title", message.title},
                                    {"why", why},
                                    {"attempts", message.attempts},
                                    {"last_error", message.last_error}});
    batch.put(changed);
    return;
  }
  // It stands for a message that is pending until then; else it is another database's, or made up.
  const auto pending = parts_.store.pending_messages();
  const bool is_known =
      !pending.empty() &&
      switched_.acknowledged_id <= std::ranges::max(pending, {}, &OutboxMessage::id).id;
  const bool is_acknowledged = kind.is_repeated && was_shown && message.acknowledged_by.empty() &&
                               is_known && message.id <= switched_.acknowledged_id;
  if (!is_acknowledged) {
    // Nobody is left to show it: a channel is gone, or a kind became silent.
    finish_if_over(changed, deliveries);
    if (changed.state != kPending) batch.put(changed);
    return;
  }
  changed.acknowledged_by =
      switched_.acknowledged_by.empty() ? "somebody" : switched_.acknowledged_by;
  log_.info("message acknowledged", {{"id", message.id}, {"by", changed.acknowledged_by}});
  for (auto& delivery : deliveries)
    if (delivery.times > 0) delivery.state = kDelivered;
  finish_if_over(changed, deliveries);
  batch.put(changed);
  for (const auto& delivery : deliveries)
    batch.put(delivery);
}

}  // namespace bb::notify
