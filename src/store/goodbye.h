// Goodbye: a service that ends because it was asked to says so in the account's directory. Who
// finds the lock free and no such word knows that the service died. For watchers beside the holder:
// nothing is locked for longer than an instant.
#pragma once

#include <optional>
#include <string>

#include "store/account_home.h"

namespace bb::store {

/// A FileLock's file: who has it, or who had it last.
struct LockFacts {
  bool is_held = false;
  LockHolder holder;
};

/// Nothing where no such file is, or where its line is being written at this moment.
std::optional<LockFacts> inspect_lock(const std::string& lock_file);

/// Of this process, which holds the account in that directory and is about to let go.
Status say_goodbye(const std::string& directory, Clock& clock);
/// Whether that holder said it, in the time since it took the account.
bool has_said_goodbye(const std::string& directory, const LockHolder& holder);

}  // namespace bb::store
