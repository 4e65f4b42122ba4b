// Inside the live feed: what its loops share.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <utility>

#include "net/websocket.h"
#include "paper/live_feed.h"
#include "paper/live_wire.h"
#include "paper/server.h"

namespace bb::paper {

/// One socket of the source.
struct LiveSocket {
  std::string_view root;     // "/market"
  std::string_view streams;  // that it always has
  std::string_view own;      // what is added for a contract of its own: "aggTrade"
  Micros silence_max;
  std::shared_ptr<net::WsConnection> connection{};
  SteadyTime heard{};
  std::set<Symbol> subscribed{};
  int connects = 0;
  bool has_complained = false;  // of what it says, on this connection
  bool is_missed = false;       // a failure to connect has been told
};

struct LiveFeed::State {
  State(LiveParts parts, LiveOptions options);

  // live_feed.cpp
  Task<Result<std::string>> get(std::string target);
  Task<Status> measure_clock();
  Task<Status> follow_clock();
  Task<Result<std::vector<sim::LiveContract>>> fetch_contracts();
  Task<Result<std::vector<sim::LiveUpdate>>> fetch_prices();
  void keep_known(std::vector<sim::LiveContract>& rows) const;
  void adopt_names(const std::vector<sim::LiveContract>& contracts);
  std::optional<Symbol> find(std::string_view name) const;
  TimePoint source_now() const { return parts.clock.utc_now() + offset; }
  void grow(const std::function<std::vector<Symbol>(TimePoint at)>& change);
  void apply(std::vector<sim::LiveUpdate> updates);
  void complain(std::string_view what, std::string_view why, bool& has_complained);
  Task<void> keep_contracts(Stop& stop);
  Task<void> keep_prices(Stop& stop);
  Task<void> keep_watch(Stop& stop);
  Task<void> keep_own(Stop& stop);
  Task<void> keep(std::string_view what, std::function<Task<void>()> loop, Stop& stop);
  bool is_silent() const;
  void judge_silence();

  // live_sockets.cpp
  Task<void> keep_socket(LiveSocket& socket, Stop& stop);
  Task<void> listen(LiveSocket& socket);
  void hear(LiveSocket& socket, const std::string& text);
  void take(live::News news);
  void watch_sockets();
  void follow_own();
  std::set<Symbol> own_contracts() const;
  void subscribe(LiveSocket& socket, const std::set<Symbol>& wanted);

  // live_history.cpp
  Task<void> keep_history(Stop& stop);
  Task<bool> fetch_history(Symbol symbol, Stop& stop);
  Task<void> fetch_settlements();

  LiveParts parts;
  LiveOptions options;
  net::BaseUrl rest, streams;
  std::unique_ptr<net::HttpClient> http;
  std::map<std::string, Brackets> brackets;
  std::unique_ptr<sim::LiveMarket> market;
  Server* server = nullptr;
  Millis offset{0};

  std::map<std::string, Symbol, std::less<>> names;
  std::vector<Symbol> order;  // as the source lists them
  bool contracts_changed = false;
  int used_weight = 0;
  SteadyTime not_asked_before{};         // the source wants to be left alone until then
  std::vector<sim::LiveContract> known;  // as they were last read

  LiveSocket market_socket{"/market", "!ticker@arr/!markPrice@arr@1s/!contractInfo", "aggTrade",
                           Seconds(10)};
  LiveSocket public_socket{"/public", "!bookTicker", "bookTicker", Seconds(60)};
  bool is_synced = true;  // all prices have been looked at since the market's socket was made
  SteadyTime prices_at{};
  TimePoint not_before{};  // older messages were overtaken by that look
  SteadyTime marks_heard{}, tickers_heard{};
  std::map<Symbol, SteadyTime> trades_heard;
  std::vector<sim::LiveUpdate> books;  // heard, and not yet applied
  SteadyTime books_applied{};
  Millis lag{0};  // of the newest message

  bool was_silent = false;
  SteadyTime silent_since{};
  bool has_overflowed = false;
  std::int64_t malformed = 0;
  std::size_t histories = 0;
};

}  // namespace bb::paper
