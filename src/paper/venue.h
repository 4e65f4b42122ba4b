// Inside the server: what every handler works with. A handler is a plain function from a Call to a
// Reply; it runs at one instant, after authentication, limits, faults and delays.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
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
  std::string_view content_type = "application/json";
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

/// An asset that may serve as margin in multi-assets mode, as exchangeInfo lists it.
struct MarginAsset {
  std::string_view name;
  std::string_view auto_exchange;
};
constexpr std::array kMarginAssets = {
    MarginAsset{"USDT", "-10000"}, MarginAsset{"BTC", "-0.10000000"}, MarginAsset{"BNB", "0"},
    MarginAsset{"ETH", "0"},       MarginAsset{"USDC", "-10000"},     MarginAsset{"FDUSD", "0"},
    MarginAsset{"BNFCR", "-5000"}, MarginAsset{"BFUSD", "0"},         MarginAsset{"LDUSDT", "0"}};

/// What an account has chosen beside the position mode. Multi-assets mode changes no figure here:
/// USDT is the only asset that a paper account holds, and it counts at its full value. Neither does
/// paying commissions in BNB, for there is none.
struct AssetModes {
  bool multi_assets = false;
  bool fee_burn = false;
};

/// A bulk export that was asked for (exports.cpp).
struct Export {
  enum class Kind { orders, fills, income };
  std::int64_t id = 0;
  std::string token;  // of its link
  int account = 0;
  Kind kind = Kind::orders;
  TimePoint from{}, to{};
  TimePoint asked_at{};
};

class Venue {
 public:
  Venue(const sim::Market& market, const ServerOptions& options, TimePoint start);

  const sim::Market& market() const { return market_; }
  const ServerOptions& options() const { return options_; }
  sim::Exchange& exchange() { return exchange_; }
  const sim::Exchange& exchange() const { return exchange_; }
  TimePoint started() const { return started_; }
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
  /// Rules of all contracts that are listed and not closed; looked up anew when exchange time
  /// enters another second. Valid until the next call.
  const std::vector<SymbolRules>& live_rules(TimePoint now);
  /// Those that have been closed by now.
  const std::vector<Symbol>& closed_contracts(TimePoint now) { return universe(now).closed; }

  AssetModes& modes(int account) { return modes_.at(static_cast<std::size_t>(account)); }
  /// Switches multi-assets mode, and calls the hook: user streams tell it.
  void set_multi_assets(int account, bool wanted);
  void on_multi_assets(std::function<void(int account, bool multi_assets)> hook) {
    on_multi_assets_ = std::move(hook);
  }
  std::vector<Export>& exports() { return exports_; }
  std::int64_t make_export_id();
  const Tokens& tokens() const { return tokens_; }

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
  struct Universe {
    std::int64_t second = -1;
    std::uint64_t version = 0;
    std::vector<SymbolRules> live;
    std::vector<Symbol> closed;
  };
  const Universe& universe(TimePoint now);

  const sim::Market& market_;
  const ServerOptions& options_;
  TimePoint started_;
  sim::Exchange exchange_;
  Lags lags_;
  Limits limits_;
  Tokens tokens_;
  ListenKeys listen_keys_;
  std::unordered_map<Symbol, Contract> contracts_;
  std::unordered_map<std::string, const Contract*, Hash, std::equal_to<>> by_name_;
  std::int64_t made_ids_ = 0;
  Millis skew_{0};
  Universe universe_;
  std::vector<AssetModes> modes_;
  std::function<void(int, bool)> on_multi_assets_;
  std::vector<Export> exports_;
  std::int64_t made_exports_ = 0;
  Cached symbols_;
  Cached brackets_;
};

struct Call {
  Venue& venue;
  ParamReader& params;
  int account = -1;
  TimePoint now{};
  Millis stale{0};              // positions are answered as of this long ago
  const ApiKey* key = nullptr;  // that the request came with
  std::string_view host{};      // as the client names this server
  bool acknowledges = false;    // an order is answered as it was accepted, before any match

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
