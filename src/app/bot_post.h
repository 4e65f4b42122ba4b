// BotPost: alerts of the bot's own process: an outbox in a folder beside ops.db, and a pump that
// delivers it like any account's, to every configured channel.
#pragma once

#include <memory>
#include <string>

#include "app/mailroom.h"
#include "app/session.h"

namespace bb::app {

class BotPost {
 public:
  /// `name` is whose alerts these are; `session` outlives it. Errors are sentences.
  static Result<std::unique_ptr<BotPost>> open(Session& session,
                                               boost::asio::any_io_executor executor,
                                               const std::string& folder, std::string name);
  ~BotPost();
  /// Durable when it returns, unless the disk refuses.
  void put(store::OutboxMessage message);
  /// Delivers until the session's stop.
  Task<void> run();
  /// Ends the repetition of critical alerts; false: the button is of other alerts.
  Task<Result<bool>> acknowledge(std::string data, std::string who);

 private:
  BotPost(Session& session, std::string name) : session_(session), name_(std::move(name)) {}

  Session& session_;
  std::string name_;
  std::unique_ptr<store::Store> outbox_;
  std::unique_ptr<notify::AlertSwitches> switches_;
  notify::Channels channels_;
  std::unique_ptr<notify::OutboxPump> pump_;
};

}  // namespace bb::app
