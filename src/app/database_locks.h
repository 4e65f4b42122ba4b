// The locks of whoever could write a configuration's database, for commands that replace or fill it
// without meeting the exchange.
#pragma once

#include <optional>
#include <string>

#include "app/session.h"
#include "store/account_home.h"

namespace bb::app {

struct DatabaseLocks {
  std::optional<store::FileLock> file;     // of the configuration
  std::optional<store::AccountHome> home;  // of the account that owns the database, if any does
};

/// `owner` as the database knows it, "<environment>-<alias>"; empty where nobody has opened it yet.
/// `busy` names who holds them.
Task<Result<DatabaseLocks>> lock_database(Session& session, const Config& config, std::string owner,
                                          std::string command);

}  // namespace bb::app
