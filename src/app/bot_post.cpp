#include "app/bot_post.h"

#include <sys/stat.h>

#include "notify/text.h"

namespace bb::app {

Result<std::unique_ptr<BotPost>> BotPost::open(Session& session,
                                               boost::asio::any_io_executor executor,
                                               const std::string& folder, std::string name) {
  std::unique_ptr<BotPost> own(new BotPost(session, std::move(name)));
  (void)::mkdir(folder.c_str(), S_IRWXU);
  auto outbox = store::Store::open({folder + "/outbox.db"}, own->name_, std::move(executor),
                                   session.clock(), session.log());
  if (!outbox) return std::unexpected(outbox.error());
  own->outbox_ = std::move(*outbox);
  own->switches_ = std::make_unique<notify::AlertSwitches>(folder);
  own->channels_ = make_channels(session.ground());
  notify::PumpParts parts{*own->outbox_, own->channels_, session.config().notify, session.clock(),
                          session.log(), own->name_,     own->switches_.get()};
  parts.minute_of_day = [&settings = session.config().runtime](TimePoint when) {
    return minute_of_day(settings, when);
  };
  own->pump_ = std::make_unique<notify::OutboxPump>(std::move(parts));
  return own;
}

BotPost::~BotPost() = default;

void BotPost::put(store::OutboxMessage message) {
  message.id = outbox_->next_outbox_id();
  store::Batch batch;
  batch.put(message);
  // Done in this call; a disk that refuses is the store's to report.
  (void)outbox_->commit(std::move(batch));
}

Task<void> BotPost::run() { co_await pump_->run(session_.stop()); }

Task<Result<bool>> BotPost::acknowledge(std::string data, std::string who) {
  const auto message = notify::acknowledged_id(name_, data);
  if (!message) co_return false;
  if (const auto noted = switches_->acknowledge(*message, who); !noted)
    co_return std::unexpected(noted.error());
  co_return true;
}

}  // namespace bb::app
