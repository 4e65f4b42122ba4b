// Door: where the holder of an account takes commands from other processes of the same user: a Unix
// socket in the account's directory (design §3.8). One request per connection. It knows neither
// store nor strategy: the holder supplies what carries a command out, and makes it durable.
//
// Nothing here can delay an order: connections are few and of their own coroutine, lines and times
// are bounded, and a peer that does not read is left.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/async.h"
#include "base/log.h"
#include "control/command.h"

namespace bb::net {
class AnyStream;
}

namespace bb::control {

/// The name of the socket in an account's directory.
std::string socket_path(const std::string& directory);

/// What the holder does; all of it outlives the door.
struct Handlers {
  Holder self;
  /// Carries the command out, at most once per id, and tells its result; a repeated id is answered
  /// with the result of the first. Called after the caller was told that the holder has it; runs to
  /// its end also when the caller hangs up. A result with a refusal is a Report too.
  std::function<Task<Report>(Command)> carry_out;
  /// Asked four times a second while somebody watches.
  std::function<std::vector<Counter>()> counters;
};

struct DoorOptions {
  std::size_t connections_max = 16;
  std::size_t line_bytes_max = 64u << 10;
  Micros request_limit{5'000'000};   // from the connection to the whole request
  Micros write_limit{5'000'000};     // for the peer to take what is written
  Micros working_interval{500'000};  // between signs of life while a command runs
  Micros watch_interval{250'000};
};

class Door {
 public:
  /// Listens in the account's directory, whose lock the caller holds.
  static Result<std::unique_ptr<Door>> open(boost::asio::io_context& io, Clock& clock,
                                            const Log& log, const std::string& directory,
                                            Handlers handlers, DoorOptions options = {});
  ~Door();
  /// Serves until `stop` is requested; then takes nothing new, lets commands in hand finish, and
  /// returns.
  Task<void> run(Stop& stop);

 private:
  struct State;
  explicit Door(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// One connection, whoever carries its bytes. Everything but the stream outlives the await.
Task<void> serve_connection(net::AnyStream stream, Clock& clock, const Log& log,
                            const Handlers& handlers, const DoorOptions& options, Stop& stop);

}  // namespace bb::control
