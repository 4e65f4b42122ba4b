// BotStrategies: strategy processes in the bot's process: what the chat commands, and the watch
// whose alerts go the way of all alerts: an outbox, a pump, every configured channel.
#pragma once

#include <memory>

#include "app/bot_post.h"
#include "supervise/watch.h"

namespace bb::app {

/// Something is declared, selected, or said by CTRL_MODE: there are strategies to be shown.
bool has_strategies(const Config& config);

/// Values that must never stand in a log that people see: all keys of this configuration.
std::vector<Secret> secrets_of(const Config& config);

class BotStrategies {
 public:
  /// `session` outlives it. The alerts' files stand beside ops.db. Errors are sentences.
  static Result<std::unique_ptr<BotStrategies>> open(Session& session,
                                                     boost::asio::any_io_executor executor);
  ~BotStrategies();

  supervise::Strategies& strategies() { return *strategies_; }
  /// Watches, where that is wanted and something may be touched, and delivers alerts; until the
  /// session's stop.
  Task<void> run();
  /// Ends the repetition of critical alerts; false: the button is of other alerts.
  Task<Result<bool>> acknowledge(std::string data, std::string who);

 private:
  explicit BotStrategies(Session& session) : session_(session) {}
  void alert(const std::string& kind, const std::string& text);

  Session& session_;
  std::unique_ptr<supervise::Strategies> strategies_;
  std::unique_ptr<BotPost> post_;
  std::unique_ptr<supervise::Watch> watch_;
};

/// The outbox row of an alert of the watch: its kind decides how loud it is.
store::OutboxMessage message_of(const std::string& kind, const std::string& text, TimePoint now);

}  // namespace bb::app
