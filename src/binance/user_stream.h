// UserStream: the account's own stream (reference §14) as a sequence of events that says where it
// may have holes. Internal; TradingAccount::next_event is its face.
//
// A Gap is told when a connection listens, so whoever looks at the account then misses nothing; and
// once more, before that, when a lost connection could not be replaced at once. Old connections are
// replaced before the exchange cuts them (24 h): the new one listens first, and only a proof that
// nothing lies between the two spares the Gap.
//
// Deaf connections are noticed by what requests have seen (stream_watch.h), half-open ones by pings
// of our own, dead keys by the exchange's word or by the renewal that fails.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.h"
#include "binance/signing.h"
#include "binance/venue.h"
#include "exchange/account_event.h"
#include "net/http.h"

namespace bb::binance {

/// POST: the account's listen key, the one in use or a new one; PUT: renews it.
Task<Result<std::string>> ask_listen_key(Venue& venue, const Credentials& credentials,
                                         net::Method method);

class UserStream {
 public:
  /// `url` is where "/private/ws/<listenKey>" is served. Venue and credentials outlive this.
  UserStream(Venue& venue, const Credentials& credentials, const std::string& url);
  /// Cuts the connections. Requests of a stream that was not stopped must not be on their way.
  ~UserStream();
  UserStream(const UserStream&) = delete;
  UserStream& operator=(const UserStream&) = delete;

  /// The next event; nothing once `stop` is requested, with every connection closed and every
  /// request joined.
  Task<std::optional<exchange::AccountEvent>> next(Stop& stop);

  /// What a request that left at `sent` proved: the order exists, or (`ended`) is over.
  void expect(const exchange::OrderRef& order, bool ended, SteadyTime sent);
  /// All positions, as an answer to a request of `asked` had them.
  void witness(const std::vector<exchange::Position>& positions, SteadyTime asked);

 private:
  struct Link;
  struct State;
  std::shared_ptr<State> state_;  // shared with its own readers
};

}  // namespace bb::binance
