#include "desk/alarm.h"

#include "desk/impl/journal.h"

namespace bb::desk {

Task<void> raise_alarm(Desk& desk, std::string kind, std::string title, std::string body) {
  desk.parts().log.error("alarm", {{"kind", kind}, {"title", title}, {"body", body}});
  co_await tell(desk, std::move(kind), std::move(title), std::move(body));
}

Task<void> tell(Desk& desk, std::string kind, std::string title, std::string body) {
  auto& parts = desk.parts();
  store::OutboxMessage message;
  message.id = parts.store.next_outbox_id();
  message.topic = std::move(kind);
  message.title = std::move(title);
  message.body = std::move(body);
  message.created_at = message.next_attempt = parts.market.exchange_now();
  store::Batch batch;
  batch.put(message);
  co_await commit_or_log(parts, std::move(batch));
}

}  // namespace bb::desk
