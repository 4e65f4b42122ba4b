// Who a request is from: API key, signature over the raw bytes, and the time rule.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "paper/options.h"
#include "paper/params.h"

namespace bb::paper {

enum class Security {
  none,     // public
  key,      // X-MBX-APIKEY
  signed_,  // key, timestamp, signature
};

/// The accept rule of reference §5, on arrival and again where the engine acts.
struct TimeWindow {
  TimePoint timestamp{};
  Millis recv_window{5000};
  /// -1021's two texts, or nothing. Near `wall` is as good as near `now`, where there is one.
  std::optional<Rejection> judge(TimePoint now, std::optional<TimePoint> wall = {}) const;
  bool holds(TimePoint now, std::optional<TimePoint> wall = {}) const { return !judge(now, wall); }
};

/// Query and body, one behind the other, without the `signature` pair wherever it stands.
std::string signed_payload(std::string_view query, std::string_view body);

class Auth {
 public:
  explicit Auth(const std::vector<PaperAccount>& accounts);

  struct Caller {
    int account = -1;
    TimeWindow window;
  };
  sim::Answer<Caller> check(Security security, std::string_view api_key, std::string_view query,
                            std::string_view body, ParamReader& params, TimePoint now,
                            std::optional<TimePoint> wall = {}) const;
  /// A request of a session that is logged on: it needs no signature, but it is held to the time
  /// rule.
  static sim::Answer<Caller> resume(Caller caller, ParamReader& params, TimePoint now,
                                    std::optional<TimePoint> wall = {});

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Key {
    int account = 0;
    std::string secret;
  };
  std::unordered_map<std::string, Key, Hash, std::equal_to<>> keys_;
};

}  // namespace bb::paper
