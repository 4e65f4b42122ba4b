// An entry that waits for its answer, and what the stream says of it meanwhile.
#pragma once

#include <map>
#include <optional>

#include "base/async.h"
#include "exchange/trading_account.h"

namespace bb::desk {

struct Waiting {
  explicit Waiting(Clock& c) : clock(c) {}
  /// Until `when`, or until somebody wakes it.
  Task<void> sleep_until(SteadyTime when) {
    nap.emplace(clock);
    (void)co_await nap->sleep_until(when);
    nap.reset();
  }
  void wake() {
    if (nap) nap->request();
  }

  Clock& clock;
  std::optional<Stop> nap;
  std::optional<exchange::Outcome<exchange::OrderView>> answer;
  std::optional<exchange::OrderView> told;  // by the stream; it has ended
};

/// Registers it for as long as it lives.
class WaitingEntry {
 public:
  using Map = std::map<ClientOrderId, Waiting*>;
  WaitingEntry(Map& map, const ClientOrderId& id, Waiting& waiting)
      : map_(map), place_(map.emplace(id, &waiting).first) {}
  WaitingEntry(const WaitingEntry&) = delete;
  WaitingEntry& operator=(const WaitingEntry&) = delete;
  ~WaitingEntry() { map_.erase(place_); }

 private:
  Map& map_;
  Map::iterator place_;
};

}  // namespace bb::desk
