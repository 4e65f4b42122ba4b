// Command: what one process asks of the process that holds an account, and what comes back. A
// command is made once, with an id of its maker's, and has its effect at most once however often it
// is handed over (reliability I33).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "base/time.h"

namespace bb::control {

enum class CommandKind {
  entry,     // the day's entry, or the one of `trade_day`
  manage,    // one patrol
  loss_cut,  // close what floats at a loss, in the holder's configured scope
  flatten,   // close positions, whole or in part; entries are paused first
  preview,   // what that flatten would do and cost; changes nothing, is not recorded
  pause,     // nothing that adds risk from now on
  resume,    // the explicit end of a pause or a halt
  status,    // tells only; not recorded
  cancel,    // resting orders that would open a position or enlarge it
  catch_up,  // whether a missed entry may start late; kept in the holder's configuration
};
std::string_view str(CommandKind kind);

/// Brings positions down only, so it is done past a holder if need be.
bool closes(CommandKind kind);

/// A command older than this when its turn comes is refused.
inline constexpr Millis kCommandAgeMax{60'000};

/// Of a flatten and its preview.
enum class Sides { any, longs, shorts };
enum class Profits { any, losers, winners };

struct Command {
  std::string id;  // make_command_id()
  CommandKind kind = CommandKind::status;
  TimePoint made_at{};                       // by the wall clock of this host
  std::string who;                           // for records and messages: "shell of uid 0"
  std::string trade_day;                     // entry: "YYYY-MM-DD"; empty = today's slot
  bool tracked = false;                      // flatten: only what the store knows as ours
  Decimal percent = Decimal::from_int(100);  // flatten: in (0, 100]
  std::vector<std::string> symbols;          // flatten, cancel: empty = all
  Sides sides = Sides::any;                  // flatten
  Profits profits = Profits::any;            // flatten: as the exchange counts them at that moment
  std::string reason;                        // pause; catch_up: "on" or "off"
  /// resume: what its maker was shown, as store::mark_of() writes it; what stands instead is not
  /// ended. Empty = whatever stands when it arrives.
  std::string seen;

  bool operator==(const Command&) const = default;
};

/// Whether doing it again, or twice at once, comes to the same.
bool is_repeatable(const Command& command);

/// 128 random bits as 32 lower-case hex digits.
std::string make_command_id();

/// A percentage as people write it: digits, perhaps with up to six decimals, above 0 and at most
/// 100. No sign, blank, exponent, "%", NaN: half a flatten must not be a typing error.
Result<Decimal> parse_percent(std::string_view text);

/// What is wrong with the symbol's spelling, or nothing: not empty, at most 40 bytes, no blanks or
/// control characters. Whether such a contract exists is the holder's business.
std::string complaint_of_symbol(std::string_view text);

/// The result of a command, as its command line would have printed it.
struct Report {
  int exit_code = 0;
  std::string json;  // one object
  std::string text;
  bool failed = false;  // nothing was done, or nobody knows: the text belongs on standard error

  bool operator==(const Report&) const = default;
};

/// Who carried it out.
struct Holder {
  std::string command;  // "service"
  int pid = 0;
};

struct Answer {
  Holder by;
  Report report;
};

/// What changed so far, by name: numbers that only grow while a holder lives.
struct Counter {
  std::string name;
  std::uint64_t count = 0;

  bool operator==(const Counter&) const = default;
};

}  // namespace bb::control
