// Delivery: messages of one-shot commands, sent while the command runs and shortly after it.
#pragma once

#include <memory>

#include "app/session.h"
#include "notify/notifier.h"
#include "notify/outbox_pump.h"

namespace bb::app {

class Delivery {
 public:
  Delivery(Session& session, Account& account, boost::asio::any_io_executor executor);
  /// Await this before the object dies.
  Task<void> finish();

 private:
  Session& session_;
  store::Store& store_;
  Stop stop_;
  std::unique_ptr<notify::Notifier> notifier_;
  notify::OutboxPump pump_;
  TaskGroup group_;
};

}  // namespace bb::app
