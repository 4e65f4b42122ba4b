// The paper exchange as a process: loads or makes a market, listens, serves until stopped.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>

#include "base/async.h"
#include "base/log.h"
#include "net/stream.h"
#include "paper/server.h"

namespace bb::paper {

struct ServeParts {
  boost::asio::io_context& io;
  Clock& clock;
  Stop& stop;
  const Log& log;
  net::Dialer* dialer = nullptr;  // to the source of a live market
};

/// The market of the options as of `wall_now`. It begins yesterday, so that clients find the bars
/// of the last 24 h: recorded days are moved by whole days, unless the dates are kept.
Result<sim::Market> open_market(const Options& options, TimePoint wall_now);

/// What there is to know once it listens.
struct Ready {
  std::uint16_t port = 0;
  std::uint16_t control_port = 0;  // 0 = no control
  TimePoint market_begin{}, market_end{};
  TimePoint now{};
};

/// Runs until `stop` is requested. Fails with a sentence before it serves anything: market data
/// missing, port in use, two accounts with one key.
Task<Status> serve(Options options, ServeParts parts,
                   std::function<void(const Ready& ready)> on_ready = {});

/// The token in the first line of a file that only its owner can read.
Result<std::string> read_token(const std::string& path);

}  // namespace bb::paper
