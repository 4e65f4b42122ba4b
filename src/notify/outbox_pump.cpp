#include "notify/outbox_pump.h"

#include <array>

namespace bb::notify {

namespace {

constexpr Seconds kPoll{1};
constexpr Hours kLifetime{24};

}  // namespace

Micros retry_delay(int attempts) {
  static constexpr std::array<Seconds, 5> kDelays{Seconds(5), Seconds(30), Minutes(2), Minutes(10),
                                                  Minutes(30)};
  const auto index = static_cast<std::size_t>(attempts < 1 ? 0 : attempts - 1);
  return index < kDelays.size() ? kDelays[index] : kDelays.back();
}

OutboxPump::OutboxPump(store::Store& store, Notifier* notifier, Clock& clock, const Log& log,
                       std::string account)
    : store_(store), notifier_(notifier), clock_(clock), log_(log), account_(std::move(account)) {}

Task<void> OutboxPump::run(Stop& stop) {
  while (!stop.requested()) {
    co_await send_due(stop);
    co_await stop.sleep_until(clock_.after(kPoll));
  }
}

Task<void> OutboxPump::send_due(Stop& stop) {
  for (const store::OutboxMessage& message : store_.pending_messages()) {
    if (stop.requested()) co_return;
    if (message.next_attempt <= clock_.utc_now()) co_await handle(message);
  }
}

Task<void> OutboxPump::handle(store::OutboxMessage message) {
  if (notifier_ == nullptr) {
    message.state = "dropped";
    message.last_error = "no notifier is configured";
  } else if (clock_.utc_now() - message.created_at >= kLifetime) {
    message.state = "dropped";
    log_.warn("message dropped", {{"id", message.id},
                                  {"title", message.title},
                                  {"attempts", message.attempts},
                                  {"last_error", message.last_error}});
  } else {
    co_await attempt(message);
  }
  store::Batch batch;
  batch.put(message);
  // A disk that refuses is the store's to report; memory has the new state, so nothing repeats.
  static_cast<void>(co_await store_.commit(std::move(batch)));
}

Task<void> OutboxPump::attempt(store::OutboxMessage& message) {
  std::string body = iso_millis(message.created_at) + "  " + account_ + "\n\n" + message.body;
  const auto environment = account_.substr(0, account_.find('-'));
  const DeliveryResult result =
      co_await notifier_->send(marked_title(environment, message.title), std::move(body));
  ++message.attempts;
  if (result.delivered) {
    message.state = "delivered";
    message.last_error.clear();
    log_.info("message delivered", {{"id", message.id}, {"topic", message.topic}});
    co_return;
  }
  message.last_error = result.problem;
  message.next_attempt =
      clock_.utc_now() + std::chrono::ceil<Millis>(retry_delay(message.attempts));
  log_.warn("message not delivered", {{"id", message.id},
                                      {"attempts", message.attempts},
                                      {"problem", result.problem},
                                      {"next_attempt", message.next_attempt}});
}

}  // namespace bb::notify
