// BanFile: the exchange's ban of this address (HTTP 418), on disk, so that a restart does not ask
// while it holds: every request would make it longer (reliability F67). One file for each host and
// way to it; the newest writer wins, and a ban never becomes shorter.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace bb::binance {

class BanFile {
 public:
  /// Empty = nothing is kept. Its folder is made when it is needed.
  explicit BanFile(std::string path) : path_(std::move(path)) {}

  /// The end of a ban that is known and not over at `now`; nothing for what is no ban of this
  /// program, or longer than the exchange bans (three days): a wrong clock wrote it.
  std::optional<TimePoint> load(TimePoint now) const;
  /// Replaces the file whole, and waits for the disk.
  Status save(TimePoint until) const;

 private:
  std::string path_;
};

}  // namespace bb::binance
