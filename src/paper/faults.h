// Faults that a test plants into the paper exchange: ordered rules, each with what it matches,
// which of the matching requests it hits, and what then happens. Rates are drawn from a seed: the
// same requests meet the same faults.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "net/http.h"

namespace bb::paper {

class ParamReader;

struct FaultRule {
  enum class Effect {
    refuse,                // answers `status` and {code, text} without acting
    drop,                  // closes the connection without acting
    act_then_drop,         // acts, then closes the connection without a byte
    act_then_truncate,     // acts, then sends half of the answer
    act_then_error,        // acts, then answers `status` and {code, text}
    act_twice,             // acts, acts again, and answers as the first time
    act_then_acknowledge,  // acts; an order's answer says NEW without a fill, whatever it came to
    delay,                 // waits `before` acting and `after` it
    stale_positions,       // positions and account are answered as of `span` ago
    hide_orders,  // for `span`, queries of single orders answer -2013: of the order that this
                  // request names by client id, or of all of the account
  };

  std::string name{};  // for lists

  // Which requests: every part that is set must match.
  std::optional<net::Method> method{};
  std::string path_prefix{};
  std::string param{};  // present, and equal to `value` unless that is empty
  std::string value{};
  int first = 1;                   // the first matching request that is hit, counted from 1
  int every = 0;                   // 0 = only that one; n = from there on each n-th
  double rate = 1;                 // of those, this part is hit
  int count = 0;                   // hits at most; 0 = no end
  bool spares_reductions = false;  // orders that reduce or close are not hit (-1008)

  Effect effect = Effect::refuse;
  int status = 503;
  int code = -1000;
  std::string text = "Unknown error, please check your request or try again later.";
  int retry_after_s = 0;  // Retry-After header when not zero
  bool is_ban = false;    // a 418 in the exchange's words, for `retry_after_s`
  /// The answer's body in place of {code, text}: HTML, or nothing at all.
  std::optional<std::string> raw_body{};
  Micros before{0};
  Micros after{0};
  Millis span{0};
};

/// What the rules say about one request. Of several rules that end a request the first wins; delays
/// add up.
struct FaultVerdict {
  std::shared_ptr<const FaultRule> ending;  // refuse, drop, act_*; none: as usual
  Micros before{0};
  Micros after{0};
  Millis stale{0};
  Millis hide{0};
};

class FaultPlan {
 public:
  FaultPlan() = default;
  explicit FaultPlan(std::vector<FaultRule> rules, std::uint64_t seed = 1);
  /// Adds a rule behind the others; returns its number, from 0.
  std::size_t add(FaultRule rule);
  void clear();
  /// The rule hits nothing any more; its number and figures stay. False when there is none.
  bool end(std::size_t rule);
  std::size_t size() const { return rules_.size(); }
  bool is_live(std::size_t rule) const;
  const FaultRule& rule(std::size_t number) const { return rules_.at(number)->rule; }
  bool empty() const { return rules_.empty(); }
  /// Some rule answers with old positions, so old positions must be kept.
  bool needs_history() const;

  FaultVerdict judge(net::Method method, std::string_view path, const ParamReader& params);

  std::int64_t matched(std::size_t rule) const { return rules_.at(rule)->matched; }
  std::int64_t fired(std::size_t rule) const { return rules_.at(rule)->fired; }
  std::int64_t fired() const;

 private:
  struct Entry {
    FaultRule rule;
    std::int64_t matched = 0;
    std::int64_t fired = 0;
    bool ended = false;
  };
  // Shared: a verdict holds its rule while the request waits, whatever clear() does.
  std::vector<std::shared_ptr<Entry>> rules_;
  Random random_{1};
};

}  // namespace bb::paper
