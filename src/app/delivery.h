// Delivery: messages of one-shot commands, sent while the command runs and shortly after it.
#pragma once

#include "app/mailroom.h"
#include "app/session.h"

namespace bb::app {

class Delivery {
 public:
  Delivery(Session& session, Account& account, boost::asio::any_io_executor executor);
  /// Await this before the object dies. `waits`: until what was written is sent, for some seconds.
  Task<void> finish(bool waits = true);

 private:
  Session& session_;
  Stop stop_;
  Mailroom mailroom_;
  TaskGroup group_;
};

}  // namespace bb::app
