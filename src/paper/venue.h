// Inside the server: what every handler works with. A handler is a plain function from a Call to a
// Reply; it runs at one instant, after authentication, limits, faults and delays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/http.h"
#include "net/json.h"
#include "paper/lags.h"
#include "paper/limits.h"
#include "paper/listen_keys.h"
#include "paper/options.h"
#include "paper/params.h"
#include "paper/words.h"
#include "sim/exchange.h"

namespace bb::paper {

struct Reply {
  int status = 200;
  std::string body;
  bool is_accepted_order = false;  // order-count headers belong on it
  int retry_after_s = 0;
  bool is_json = true;
};

Reply ok(net::JsonWriter& json);
Reply refuse(const Rejection& rejection);
inline Reply refuse(int code, std::string text) { return refuse(Rejection{code, std::move(text)}); }
/// {"code":200,"msg":text}
Reply success(std::string_view text);
std::string error_body(int code, std::string_view text);

/// A contract's name and the decimals of its numbers.
struct Contract {
  Symbol symbol;
  int price_places = 2;
  int qty_places = 3;
};

class Venue {
 public:
  Venue(const sim::Market& market, const ServerOptions& options, TimePoint start);

  const sim::Market& market() const { return market_; }
  const ServerOptions& options() const { return options_; }
  sim::Exchange& exchange() { return exchange_; }
  const sim::Exchange& exchange() const { return exchange_; }
  Lags& lags() { return lags_; }
  Limits& limits() { return limits_; }
  ListenKeys& listen_keys() { return listen_keys_; }
  Millis skew() const { return skew_; }
  void set_skew(Millis by) { skew_ = by; }
  /// Client ids made so far.
  std::int64_t made_ids() const { return made_ids_; }
  void set_made_ids(std::int64_t count) { made_ids_ = count; }

  /// A contract that has been listed by `now`; nothing for any other text.
  const Contract* find_contract(std::string_view name, TimePoint now);
  const Contract& contract(Symbol symbol);
  /// Rules of all contracts that are listed and not closed.
  std::vector<SymbolRules> live_rules(TimePoint now) const;

  /// An id for an order that came without one.
  ClientOrderId make_client_id();

  /// exchangeInfo and leverageBracket change only when a contract is listed, announced to be
  /// delisted, or delisted: their text is kept until then.
  const std::string& symbols_json(TimePoint now);
  const std::string& brackets_json(TimePoint now);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Cached {
    std::uint64_t version = 0;
    std::string text;
  };
  void learn_contracts(TimePoint now);

  const sim::Market& market_;
  const ServerOptions& options_;
  sim::Exchange exchange_;
  Lags lags_;
  Limits limits_;
  ListenKeys listen_keys_;
  std::unordered_map<std::string, Contract, Hash, std::equal_to<>> contracts_;
  std::int64_t made_ids_ = 0;
  Millis skew_{0};
  Cached symbols_;
  Cached brackets_;
};

struct Call {
  Venue& venue;
  ParamReader& params;
  int account = -1;
  TimePoint now{};
  Millis stale{0};  // positions are answered as of this long ago

  sim::Exchange& exchange() const { return venue.exchange(); }
  /// -1102 when absent, -1121 when unknown; check params.error() before use.
  const Contract* required_symbol();
  const Contract* optional_symbol();
};

/// A window of time as history queries give it: `span` at most, the last `span` by default.
struct HistoryWindow {
  TimePoint from{};
  TimePoint to{};
  bool has_start = false;
};
/// -1023 when it ends before it begins, -4165 when it is longer than `span`.
HistoryWindow read_window(Call& call, std::chrono::days span);

/// How long the exchange remembers.
constexpr std::chrono::days kOrderMemory{90};

}  // namespace bb::paper
