// LiveFeed: a live market, from a source that speaks Binance's public REST and streams: Binance
// itself, or another paper exchange. Prices, marks, books and funding are the source's; nothing is
// ever sent to it but questions.
//
// At the start it asks for the clock, exchangeInfo, fundingInfo, premiumIndex, ticker/24hr and
// bookTicker (weight 59), later for the bars of the 24 h before (weight 1 for each contract, ten a
// second) and the newest settlements. Then it listens: !ticker@arr, !markPrice@arr@1s and
// !contractInfo at /market, !bookTicker at /public, and the trades and the book of every contract
// in which somebody has a position or an order. exchangeInfo and the clock are asked for again
// every ten minutes, and when the source says that a contract has changed.
//
// Silence. Without marks for 5 s, without tickers for 10 s, with messages that are 5 s late, or
// while a connection is lost, prices are not known: the server is suspended, and says so in its
// log and its control. What is heard first after it is taken together with a fresh look at all
// prices: one jump. Connections that say nothing are cut and made anew, after 1 s, then 2, 4, ..
// 30 s. A message that cannot be used is left out, with one line in the log for each connection.
//
// Exchange time is the machine's clock and the offset that was measured; every news moves it by a
// millisecond at least.
//
// Lifetime: the server that it feeds outlives run(). One loop, the clock's.
#pragma once

#include <memory>

#include "base/async.h"
#include "base/log.h"
#include "net/json.h"
#include "net/stream.h"
#include "paper/options.h"
#include "sim/live_market.h"

namespace bb::paper {

class Server;

/// Where Binance's public data are: production.
LiveOptions production_source();
/// A source by the base of its REST. The streams are at the host that belongs to it where that is
/// known (production and demo), else at the same one.
Result<LiveOptions> live_source(const std::string& rest);

struct LiveParts {
  net::Dialer& dialer;
  Clock& clock;
  const Log& log;
  std::string rules_folder;  // for leverageBracket, which the source tells to key holders only
};

class LiveFeed {
 public:
  LiveFeed(LiveParts parts, LiveOptions options);
  ~LiveFeed();
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  /// Meets the source; before everything else. Fails with a sentence.
  Task<Status> load();
  sim::Market market() const;
  /// Exchange time less the machine's.
  Millis clock_offset() const;
  /// Feeds the server until `stop` is requested.
  Task<void> run(Server& server, Stop& stop);
  /// An object for who asks how it is.
  void describe(net::JsonWriter& json) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bb::paper
