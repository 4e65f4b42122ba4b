#include "simulation/faults.h"

#include <fmt/format.h>

#include <algorithm>

namespace bb::simulation {

namespace {

// In the order of Site.
constexpr std::array<std::string_view, kSites> kNames = {
    "connect_refused",
    "connect_hangs",
    "request_reset",
    "answer_reset",
    "wire_swallowed",
    "wire_clogged",
    "wire_dripping",
    "connection_closed",
    "partition_requests",
    "partition_streams",
    "request_lost",
    "answer_lost",
    "body_truncated",
    "request_duplicated",
    "acknowledged",
    "unknown_error_executed",
    "unknown_error",
    "service_unavailable",
    "internal_error",
    "unexpected_response",
    "backend_timeout",
    "throttled",
    "server_error_500",
    "bad_gateway_502",
    "gateway_timeout_504",
    "html_200",
    "firewall_403",
    "too_many_requests",
    "ip_banned",
    "key_revoked",
    "cancel_ghost",
    "order_ghost",
    "positions_stale",
    "slow",
    "stream_silence",
    "stream_gap",
    "stream_duplicate",
    "stream_truncate",
    "stream_reorder",
    "stream_late",
    "stream_disconnect",
    "listen_key_expired",
    "position_late",
    "algo_stuck_triggering",
    "server_skew",
    "weight_of_others",
    "exchange_down",
    "closed_by_hand",
    "reduced_by_hand",
    "stops_cancelled_by_hand",
    "opened_by_hand",
    "money_withdrawn",
    "deleveraged",
    "squeeze",
    "slump",
    "killed",
    "power_lost",
    "killed_in_recovery",
    "frozen",
    "clock_stepped",
    "disk_full",
    "sync_failed",
    "write_failed",
    "restarted",
    "flatten",
    "flatten_twice",
    "pause_and_resume",
    "loss_cut_by_hand",
    "manage_by_hand",
    "cancel_by_command",
};
static_assert(!kNames.back().empty());

constexpr auto kAll = [] {
  std::array<Site, kSites> sites{};
  for (std::size_t i = 0; i < kSites; ++i)
    sites[i] = static_cast<Site>(i);
  return sites;
}();

}  // namespace

std::string_view name_of(Site site) { return kNames.at(static_cast<std::size_t>(site)); }

const Site* find_site(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return nullptr;
  return &kAll[static_cast<std::size_t>(found - kNames.begin())];
}

void Faults::set(Site site, double chance) {
  rates_[static_cast<std::size_t>(site)] = {chance > 0, chance};
}

bool Faults::draw(Site site) {
  const auto index = static_cast<std::size_t>(site);
  const Rate& rate = rates_[index];
  const std::uint64_t number = counts_[index].chances++;
  if (!enabled_ || !rate.active) return false;
  if (unit_of(blend(seed_, index + 1, number)) >= rate.chance) return false;
  if (!keeps_all_ && !kept_.contains({site, number})) return false;
  ++counts_[index].hits;
  hits_.emplace_back(site, number);
  trace_.tell(fmt::format("fault {}:{}", name_of(site), number));
  return true;
}

std::uint64_t Faults::detail(Site site, std::uint64_t below) const {
  const auto index = static_cast<std::size_t>(site);
  return blend(seed_ ^ 0x5151, index + 1, counts_[index].chances) %
         std::max<std::uint64_t>(below, 1);
}

std::string Faults::describe() const {
  std::string text;
  for (std::size_t i = 0; i < kSites; ++i)
    if (counts_[i].hits > 0) text += fmt::format(" {}={}", kNames[i], counts_[i].hits);
  return text;
}

}  // namespace bb::simulation
