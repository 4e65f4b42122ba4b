// Unix domain sockets as streams: where the door's bytes come from outside a simulation.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/stream.h"

namespace bb::control {

/// Who is at the other end, as the kernel says (SO_PEERCRED).
struct Peer {
  uid_t uid = 0;
  pid_t pid = 0;
};

struct Incoming {
  net::AnyStream stream;
  Peer peer;
};

class UnixListener {
 public:
  /// Binds `path`, mode 0600; a socket that stands there belongs to a dead process and is replaced.
  /// A path longer than the kernel takes is reached through its open directory.
  static Result<std::unique_ptr<UnixListener>> open(boost::asio::io_context& io, std::string path);
  /// Removes the socket.
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  /// Nothing after close(), or when the machine is out of descriptors for the moment.
  Task<std::optional<Incoming>> accept();
  void close();

 private:
  struct State;
  explicit UnixListener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// `busy`: somebody listens and takes no more connections. `unreachable`: nobody listens.
/// `configuration`: it may not be opened.
Task<Result<net::AnyStream>> connect_unix(boost::asio::io_context& io, std::string path);

}  // namespace bb::control
