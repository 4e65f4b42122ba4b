// Holding: what a process does for others while it holds an account, however short that is: its
// door, and what carries commands out. Every holder has one, so who gets no answer knows that the
// holder is sick.
#pragma once

#include "app/session.h"
#include "control/door.h"
#include "service/commands.h"

namespace bb::app {

class Holding {
 public:
  /// `account` and `jobs` outlive the object.
  Holding(Session& session, Account& account, service::Jobs& jobs, std::string name);
  /// Takes commands until `stop` is requested; those in hand end before this returns.
  Task<void> run(Stop& stop);
  service::Commands& commands() { return commands_; }

 private:
  Session& session_;
  Account& account_;
  control::Holder self_;
  service::Commands commands_;
};

}  // namespace bb::app
