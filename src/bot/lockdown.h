// Lockdown: the bot takes nothing but what takes risk away, until an admin of all accounts ends
// that with a second factor, or somebody from a shell. A file beside ops.db, so that it holds over
// restarts, with a database that takes nothing, and can be removed on the host.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace bb::bot {

class Lockdown {
 public:
  /// `ops_db` as [bot] names it.
  explicit Lockdown(const std::string& ops_db) : file_(ops_db + ".locked") {}

  struct Note {
    std::string who;
    TimePoint since{};
  };
  /// Nothing when nobody locked it. A file that cannot be read counts as locked.
  std::optional<Note> read() const;
  /// Durable before it returns; who locked it first stays.
  Status set(const std::string& who, TimePoint now) const;
  Status clear() const;

 private:
  std::string file_;
};

}  // namespace bb::bot
