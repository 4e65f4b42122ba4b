// BotBeside: the bot of `run`, on a thread and a loop of its own beside the service. Whatever ends
// it ends nothing else: it is logged, and tried again a minute later.
#pragma once

#include <memory>

#include "app/config.h"
#include "base/log.h"

namespace bb::app {

class BotBeside {
 public:
  /// `config` outlives it.
  BotBeside(const Config& config, Log log);
  /// Ends the bot and joins the thread.
  ~BotBeside();
  BotBeside(const BotBeside&) = delete;
  BotBeside& operator=(const BotBeside&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bb::app
