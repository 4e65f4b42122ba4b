// What the program's exit code says; stable, so that cron, systemd and scripts may read it.
#pragma once

#include "base/result.h"

namespace bb::app {

enum ExitCode : int {
  kDone = 0,            // done, or nothing to do
  kFailed = 1,          // it did not happen
  kUsage = 2,           // the command line is wrong
  kPartial = 3,         // done in part; the rest is reported
  kBusy = 4,            // another process holds the lock or the account
  kUnreachable = 5,     // the exchange does not answer
  kUnknown = 6,         // what came of it is not known: look before acting again
  kConfiguration = 78,  // settings, keys or files: the operator must act (EX_CONFIG)
};

inline int exit_code_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::configuration:
      return kConfiguration;
    case ErrorKind::unreachable:
    case ErrorKind::rate_limited:
      return kUnreachable;
    case ErrorKind::busy:
      return kBusy;
    case ErrorKind::invalid_input:
      return kUsage;
    case ErrorKind::rejected:
    case ErrorKind::malformed:
    case ErrorKind::storage:
    case ErrorKind::conflict:
      return kFailed;
  }
  return kFailed;
}

}  // namespace bb::app
