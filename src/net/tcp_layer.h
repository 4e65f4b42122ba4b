// TCP as a stream, and how to get one before a deadline.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "net/stream.h"

namespace bb::net {

/// Takes over a connected socket.
AnyStream make_tcp_stream(boost::asio::ip::tcp::socket socket);

/// Connects to a host: a literal address, or one of the addresses that its name has.
Task<Result<AnyStream>> connect_tcp(boost::asio::io_context& io, Clock& clock, std::string host,
                                    std::uint16_t port, SteadyTime deadline);
/// Tries the addresses in order, the next one when the last has failed or after 250 ms, whichever
/// is sooner; the first connection that stands is the answer. `name` is for the error.
Task<Result<AnyStream>> connect_first(boost::asio::io_context& io, Clock& clock, std::string name,
                                      std::vector<boost::asio::ip::tcp::endpoint> addresses,
                                      SteadyTime deadline);

}  // namespace bb::net
