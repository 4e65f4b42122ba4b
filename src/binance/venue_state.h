// What a Venue is made of; for its two files alone: venue.cpp sends, venue_limits.cpp judges what
// may leave.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/async.h"
#include "binance/ban_file.h"
#include "binance/call.h"
#include "binance/server_time.h"
#include "binance/venue.h"
#include "net/dialer.h"
#include "net/http.h"

namespace bb::binance {

constexpr Seconds kMeasureAtMost{5};  // nothing waits longer for the exchange's clock

struct Venue::State {
  State(net::Dialer& the_dialer, Clock& the_clock, const Log& the_log, const Settings& settings,
        VenueOptions options);

  bool banned() const { return clock.steady_now() < banned_until; }
  Micros pause_left() const { return paused_until - clock.steady_now(); }
  std::string ban_text() const;
  void note_refusal_of_rate(const Call& call, const Reply& reply,
                            const net::HttpResponse& response);

  net::Dialer& dialer;
  Clock& clock;
  const Log& log;
  net::BaseUrl url;
  std::string environment;
  Micros timeout;
  int retry_count;
  Micros retry_delay;
  net::HttpClient http;
  ServerTime time;
  BanFile ban_file;
  WeightBudget budget;
  RateLimits limits;
  SteadyTime paused_until{};
  SteadyTime banned_until{};
  int refusals_in_a_row = 0;
  std::vector<std::weak_ptr<OrderSocket>> sockets;  // opened by prepare()
  bool measuring = false;
  SteadyTime measure_not_before{};
  Event measured;
};

}  // namespace bb::binance
