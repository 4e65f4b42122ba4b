// Streams in memory: the same bytes as on a wire, delivered by the clock's queue. One half of the
// round trip passes before the other side can read what was written.
#pragma once

#include <functional>
#include <memory>

#include "base/random.h"
#include "net/stream.h"

namespace bb::net {

struct Latency {
  Micros each_way{25'000};
  Micros jitter{0};  // uniform extra, drawn per write; order within a stream is kept
};

struct StreamPair {
  AnyStream near;
  AnyStream far;
};

/// Two connected ends. Closing one end lets the other read what was sent before, then end of file;
/// writing after that fails. `jitter` is drawn from only here, to seed the pair's own generators.
StreamPair make_memory_pair(boost::asio::any_io_executor executor, Clock& clock, Latency latency,
                            Random* jitter = nullptr);

/// Connects to a function: each connect() makes a pair and hands the far end to `accept`.
/// What the connection itself suffers is the fault plan's: `gate` is asked first and may answer
/// with an error. Either way connect() takes one round trip. A new latency is for new connections.
class MemoryDialer final : public Dialer {
 public:
  using Accept = std::function<void(AnyStream)>;
  using Gate = std::function<Status(const Endpoint&)>;
  MemoryDialer(boost::asio::any_io_executor executor, Clock& clock, Latency latency, Accept accept,
               std::uint64_t seed = 1);
  void set_gate(Gate gate) { gate_ = std::move(gate); }
  void set_latency(Latency latency) { latency_ = latency; }
  Task<Result<AnyStream>> connect(Endpoint endpoint, SteadyTime deadline) override;

 private:
  boost::asio::any_io_executor executor_;
  Clock& clock_;
  Latency latency_;
  Accept accept_;
  Gate gate_;
  Random random_;
};

}  // namespace bb::net
