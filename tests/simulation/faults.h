// Faults: every place where the simulated world can hurt the program, by name. A seed activates
// some of them, each at a rate of its own (swarm); every chance is counted, and drawn from (seed,
// site, number of the chance) alone, so that taking one fault away moves no other.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulation/trace.h"

namespace bb::simulation {

enum class Site : std::uint8_t {
  // The wire between program and exchange.
  connect_refused,
  connect_hangs,
  request_reset,
  answer_reset,
  wire_swallowed,
  wire_clogged,
  wire_dripping,
  connection_closed,
  partition_requests,
  partition_streams,
  // What the exchange does with one request.
  request_lost,
  answer_lost,
  body_truncated,
  request_duplicated,
  acknowledged,
  unknown_error_executed,
  unknown_error,
  service_unavailable,
  internal_error,
  unexpected_response,
  backend_timeout,
  throttled,
  server_error_500,
  bad_gateway_502,
  gateway_timeout_504,
  html_200,
  firewall_403,
  too_many_requests,
  ip_banned,
  key_revoked,
  cancel_ghost,
  order_ghost,
  positions_stale,
  slow,
  // What it does with streams and with itself.
  stream_silence,
  stream_gap,
  stream_duplicate,
  stream_truncate,
  stream_reorder,
  stream_late,
  stream_disconnect,
  listen_key_expired,
  position_late,
  algo_stuck_triggering,
  server_skew,
  weight_of_others,
  exchange_down,
  // What others do to the account, and the market to the position.
  closed_by_hand,
  reduced_by_hand,
  stops_cancelled_by_hand,
  opened_by_hand,
  money_withdrawn,
  deleveraged,
  squeeze,
  slump,
  // The host.
  killed,
  power_lost,
  killed_in_recovery,
  frozen,
  clock_stepped,
  disk_full,
  sync_failed,
  write_failed,
  restarted,
  // The people.
  flatten,
  flatten_twice,
  pause_and_resume,
  loss_cut_by_hand,
  manage_by_hand,
  cancel_by_command,
  count,
};

inline constexpr auto kSites = static_cast<std::size_t>(Site::count);
std::string_view name_of(Site site);
/// Nothing for a name that no site has.
const Site* find_site(std::string_view name);

struct Rate {
  bool active = false;
  double chance = 0;
};

/// One hit: a site and which of its chances it was.
using Hit = std::pair<Site, std::uint64_t>;

class Faults {
 public:
  Faults(std::uint64_t seed, Trace& trace) : seed_(seed), trace_(trace) {}

  void set(Site site, double chance);
  /// Hits of this set alone do happen; for the shrinker.
  void keep_only(std::set<Hit> hits) {
    kept_ = std::move(hits);
    keeps_all_ = false;
  }
  /// Faults begin, or end; chances are drawn all the same.
  void enable(bool on) { enabled_ = on; }
  bool enabled() const { return enabled_; }

  /// Another chance for the site: whether it hits.
  bool draw(Site site);
  /// A number of that hit's own, the same whatever else happens.
  std::uint64_t detail(Site site, std::uint64_t below) const;

  struct Count {
    std::uint64_t chances = 0, hits = 0;
  };
  const Count& count(Site site) const { return counts_[static_cast<std::size_t>(site)]; }
  std::uint64_t hits() const { return hits_.size(); }
  const std::vector<Hit>& list() const { return hits_; }
  std::string describe() const;

 private:
  std::uint64_t seed_;
  Trace& trace_;
  bool enabled_ = true;
  bool keeps_all_ = true;
  std::set<Hit> kept_;
  std::array<Rate, kSites> rates_{};
  std::array<Count, kSites> counts_{};
  std::vector<Hit> hits_;
};

}  // namespace bb::simulation
