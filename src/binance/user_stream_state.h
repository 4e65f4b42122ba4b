// What a UserStream is made of; for its two files alone: user_stream.cpp has the events,
// user_stream_links.cpp the connections they come from.
#pragma once

#include <deque>
#include <set>

#include "base/park.h"
#include "base/random.h"
#include "binance/call.h"
#include "binance/stream_watch.h"
#include "binance/user_stream.h"
#include "net/websocket.h"

namespace bb::binance {

using exchange::AccountEvent;

/// One connection, and what is known of it.
struct UserStream::Link {
  /// How long the old one is read after the proof: servers need not tell both at once.
  static constexpr Seconds kOverlap{5};
  std::shared_ptr<net::WsConnection> socket;
  std::string key;
  SteadyTime opened;
  SteadyTime heard;  // the last message or ping
  bool ended = false;
  bool expired = false;
  std::optional<SteadyTime> proved = std::nullopt;  // all that was sent before its successor came
};

struct UserStream::State : std::enable_shared_from_this<State> {
  State(Venue& the_venue, const Credentials& the_credentials, const std::string& url);

  // Children.
  Task<void> open();
  Task<void> renew();
  Task<void> rotate();
  Task<void> read(std::shared_ptr<Link> from);
  Task<void> watch_stop(Stop& stop);
  Task<Result<std::shared_ptr<Link>>> connect(std::string with_key);

  Task<void> sleep_until(SteadyTime when);
  void wake();
  void step();
  SteadyTime next_due() const;
  void overlap();
  void lose(SteadyTime deaf_since, std::string why);
  void take(Link& from, std::string_view text);
  void push(AccountEvent event);
  void push_gap(std::string text);
  void watch_event(const AccountEvent& event);
  void failed(const Error& error);
  Task<void> shut();

  /// A little earlier than that, as the exchange counts time.
  TimePoint exchange_time_of(SteadyTime when) const;

  Venue& venue;
  Clock& clock;
  const Log& log;
  const Credentials& credentials;
  net::BaseUrl root;
  Random random;

  std::unique_ptr<TaskGroup> group;  // while somebody asks for events
  std::unique_ptr<TaskGroup> stops;  // watchers; each ends with its Stop, joined by nobody
  bool closed = false;
  bool working = false;  // one request or connection at a time
  Resume sleeper;        // next(), while nothing is due
  const Stop* watched = nullptr;
  std::deque<AccountEvent> queue;
  SteadyTime queued_since{};  // when it was empty last

  std::shared_ptr<Link> link;
  std::shared_ptr<Link> successor;  // while both are read
  SteadyTime renew_at{};
  SteadyTime rotate_at{};
  int failures = 0;  // in a row
  SteadyTime try_at{};
  // Of the hole that the next Gap will tell: epoch = nothing is known of the time before.
  TimePoint hole_since{};
  std::string hole_why = "the stream begins";
  bool told_down = false;
  SteadyTime misread_told{};  // the newest gap for an event that was not understood
  bool is_misread = false;    // an event that was not understood is still to be told
  std::string misread_why;
  StreamWatch watch;
  std::set<std::string> unknown_types;
};

}  // namespace bb::binance
