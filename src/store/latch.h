// Latch: "nothing that adds risk", for one account, durable: a file in the account's directory,
// made atomically and synced, that says who set it, when and why. Any process may set it, however
// sick the holder is; only an explicit resume removes it. Protective work goes on under it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace bb::store {

enum class LatchKind {
  paused,  // a person stopped entries; a person resumes
  halted,  // the program found what must not be: foreign orders with our id form, two traders, ...
};

struct LatchNote {
  LatchKind kind = LatchKind::paused;
  std::string who;  // "user 123 (bot)", "shell", "service"
  std::string why;
  TimePoint since{};
  /// How often it was asked for since it stands: who asks again says nothing new, but whoever is
  /// about to resume must see that somebody asked.
  std::uint64_t asked = 1;

  bool operator==(const LatchNote&) const = default;
};

/// Tells two states of a latch apart, without its words: "paused 1760000000000 2"; "free" of none.
std::string mark_of(const std::optional<LatchNote>& note);

class Latch {
 public:
  /// Of the account whose directory this is; the directory exists.
  explicit Latch(std::string directory);

  /// What holds, or nothing. One system call when nothing does. A file that cannot be read or
  /// understood counts as halted: in doubt, no risk.
  std::optional<LatchNote> read() const;
  /// On disk before it returns. A halt replaces a pause, a pause never a halt; who came first of a
  /// kind stays, and is asked for once more.
  Status set(const LatchNote& note) const;
  /// The explicit resume; nothing to remove is no error.
  Status clear() const;
  /// The same, if what holds is still what was seen; `conflict` when it is not.
  Status clear(const std::optional<LatchNote>& seen) const;
  const std::string& file() const { return file_; }

 private:
  std::string directory_;
  std::string file_;
};

}  // namespace bb::store
