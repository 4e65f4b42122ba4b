// Live: what the exchange itself says of the account now, as the page shows it. Who can ask the
// exchange supplies the functions; they run on the dashboard's loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/amounts.h"
#include "domain/symbol.h"

namespace bb::dashboard {

struct LivePosition {
  Symbol symbol;
  std::string side;  // "BOTH", "SHORT", "LONG"
  Qty qty;           // signed
  Price entry, mark;
  std::optional<Price> liquidation;
  Usdt unrealized, margin;
};

/// An order that stands on the exchange.
struct LiveOrder {
  Symbol symbol;
  std::string side, position_side, type;
  Price price, trigger;
  Qty qty;
  bool closes_position = false, reduces_only = false;
  std::int64_t order_id = 0;
  std::string client_order_id;
  TimePoint since{};
};

struct LiveView {
  TimePoint as_of{};  // when the answers were there
  Usdt wallet, available;
  std::vector<LivePosition> positions;
  std::vector<LiveOrder> orders;
};

struct Candle {
  TimePoint at{};
  Price open, high, low, close;
  double volume = 0;
};

struct CandleQuery {
  Symbol symbol;
  std::string interval;
  TimePoint from{}, to{};
  int limit = 500;
};

struct Live {
  std::function<Task<Result<LiveView>>()> look;
  std::function<Task<Result<std::vector<Candle>>>(CandleQuery)> candles;
};

/// Makes them on the dashboard's own loop; none where nobody can ask the exchange.
using MakeLive = std::function<Live(boost::asio::io_context&, Clock&)>;

}  // namespace bb::dashboard
