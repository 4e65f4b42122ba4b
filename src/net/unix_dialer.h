// The Dialer of services that listen on a Unix socket (Docker, PM2, D-Bus).
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "net/stream.h"

namespace bb::net {

/// Connects to the socket at `path`, at once or not at all; the endpoint asked for is of no
/// account. Errors: `unreachable` when nobody listens (or the socket does not exist),
/// `configuration` when this user may not connect, `busy` when the listener's queue is full: it
/// hangs.
std::unique_ptr<Dialer> make_unix_dialer(boost::asio::io_context& io, std::string path);

}  // namespace bb::net
