#include "desk/alarm.h"

#include "desk/impl/journal.h"

namespace bb::desk {

Task<void> raise_alarm(Desk& desk, std::string title, std::string body) {
  auto& parts = desk.parts();
  parts.log.error("alarm", {{"title", title}, {"body", body}});
  store::OutboxMessage message;
  message.id = parts.store.next_outbox_id();
  message.topic = "alert";
  message.title = std::move(title);
  message.body = std::move(body);
  message.created_at = message.next_attempt = parts.market.exchange_now();
  store::Batch batch;
  batch.put(message);
  co_await commit_or_log(parts, std::move(batch));
}

}  // namespace bb::desk
