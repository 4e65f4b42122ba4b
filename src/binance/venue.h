// Venue: one exchange host, shared by its market data and all accounts: connections, the exchange's
// clock, the weight budget, pauses and bans.
//
// Lifetime: outlives the market data and the accounts made from it, and is outlived by dialer,
// clock and log. One loop. Nothing runs by itself: what is due is done with the next request.
//
// Limits: queries wait (not longer than about a minute) while only the reserve of commands is left
// or the exchange asked for a pause (429); a command in a pause is Refused with code 0, nothing was
// sent. While this address is banned (418) nothing is sent at all and everything is answered at
// once: every request would make the ban longer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "binance/settings.h"

namespace bb::net {
class Dialer;
}

namespace bb::binance {

class OrderSocket;
struct Answer;
struct Call;
struct RateLimits;
struct Reply;

/// For doctor, dashboard and metrics.
struct VenueHealth {
  std::optional<Micros> clock_error_max;  // nothing: never measured, or distrusted
  int weight_used = 0;                    // this minute
  int weight_limit = 0;
  std::optional<TimePoint> banned_until;  // exchange time
};

struct VenueOptions {
  std::string ban_file;  // empty = a ban is forgotten with the process
};

/// The name of a ban file: a ban belongs to the host, and to the way to it (`proxy`: host and port,
/// empty = none).
std::string ban_file_name(std::string_view base_url, std::string_view proxy);

class Venue {
 public:
  /// Throws std::invalid_argument when base_url is not a URL. Keys of `settings` are not used.
  Venue(net::Dialer& dialer, Clock& clock, const Log& log, const Settings& settings,
        VenueOptions options = {});
  ~Venue();
  Venue(const Venue&) = delete;
  Venue& operator=(const Venue&) = delete;

  /// Exchange time; the wall clock until it was measured.
  TimePoint exchange_now() const;
  const std::string& environment() const;
  VenueHealth health() const;
  /// Measures the exchange's clock unless that was done within five minutes, and opens connections.
  Task<Status> prepare(std::size_t parallel_requests);

  // For the other files of this module (call.h).

  /// Retries what is worth it within the time-out, signing every attempt anew.
  Task<Result<Answer>> query(Call call);
  /// Sends at most once, and says what came back.
  Task<Reply> command(Call call);
  Clock& clock() const;
  const Log& log() const;
  net::Dialer& dialer() const;
  /// prepare() opens it, too.
  void keep_warm(std::weak_ptr<OrderSocket> socket);
  void adopt_limits(const RateLimits& limits);
  const RateLimits& limits() const;
  /// Why no connection should be made now: a ban, or a pause that was asked for.
  std::optional<std::string> obstacle() const;
  /// A WebSocket handshake of that weight was made, or failed with that error. A refusal for limits
  /// counts like one of a request.
  void note_handshake(int weight, const Error* failed);
  /// The exchange said `status` where it belongs to no request.
  void note_refusal(int status);

 private:
  struct State;
  struct Measuring;
  Task<Result<Micros>> admit_query(const Call& call);
  Task<std::optional<std::string>> admit_command(const Call& call);
  Task<Reply> send_once(const Call& call, SteadyTime deadline);
  Task<Status> measure_clock(SteadyTime deadline);
  std::unique_ptr<State> state_;
};

}  // namespace bb::binance
