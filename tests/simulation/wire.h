// Wire: the network between the programs and the exchange. Bytes of the real codecs travel between
// actors with a delay, and meet what networks do: resets before and after a request arrived,
// connections that swallow everything, delays, answers in drops, partitions.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/stream.h"
#include "simulation/faults.h"
#include "simulation/queue.h"

namespace bb::simulation {

struct WireOptions {
  Micros each_way{25'000};
  Micros jitter{0};
};

class Wire {
 public:
  /// Serves the far end of a connection to that host.
  using Accept = std::function<void(net::AnyStream, const net::Endpoint&)>;

  Wire(Queue& queue, Actor& exchange, Faults& faults, Trace& trace, WireOptions options);
  ~Wire();
  void on_accept(Accept accept) { accept_ = std::move(accept); }

  /// The way out of one actor, which outlives it; the wire does, too.
  std::unique_ptr<net::Dialer> dialer_for(Actor& actor);

  /// The actor is gone: who it spoke with reads the end, or waits for it for ever.
  void hang_up(Actor& actor, bool silently);
  /// Nothing to or from hosts of that name passes until then; what was sent comes after.
  void part(const std::string& host, SteadyTime until);
  void mend();

  /// Called when bytes leave the program, and when an answer reaches it: crash points.
  std::function<void(const char* what, Actor& actor, std::string_view bytes)> on_point;

  std::uint64_t connections() const { return connections_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  friend class Link;
  friend class Port;
  class End;
  Task<Result<net::AnyStream>> connect(Actor& actor, net::Endpoint endpoint, SteadyTime deadline);
  SteadyTime parted_until(const std::string& host) const;

  Queue& queue_;
  Actor& exchange_;
  Faults& faults_;
  Trace& trace_;
  WireOptions options_;
  Accept accept_;
  std::vector<std::weak_ptr<class Link>> links_;
  std::vector<std::pair<std::string, SteadyTime>> parted_;
  std::uint64_t connections_ = 0, bytes_ = 0;
};

}  // namespace bb::simulation
