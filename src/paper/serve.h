// The paper exchange as a process: loads or makes a market, listens, serves until stopped.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>

#include "base/async.h"
#include "base/log.h"
#include "paper/server.h"

namespace bb::paper {

struct ServeParts {
  boost::asio::io_context& io;
  Clock& clock;
  Stop& stop;
  const Log& log;
};

/// The market of the options as of `wall_now`. It begins yesterday, so that clients find the bars
/// of the last 24 h: recorded days are moved by whole days, unless the dates are kept.
Result<sim::Market> open_market(const Options& options, TimePoint wall_now);

/// Runs until `stop` is requested. Fails with a sentence before it serves anything: market data
/// missing, port in use, two accounts with one key. `on_ready` learns the port.
Task<Status> serve(Options options, ServeParts parts,
                   std::function<void(std::uint16_t port)> on_ready = {});

}  // namespace bb::paper
