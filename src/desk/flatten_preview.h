// What a flatten would do, and what it would cost, by the account and the book as they are now. It
// changes nothing and needs no latch.
#pragma once

#include "desk/flatten.h"

namespace bb::desk {

struct FlattenPreviewRow {
  Symbol symbol;
  PositionSide side = PositionSide::both;
  Qty held;           // signed
  Qty close;          // what would be sent, after rounding; zero = nothing
  int orders = 0;     // that it takes: MARKET has a largest size
  std::string asset;  // of the money below: USDT, USDC, ...
  Price mark;
  Usdt notional;        // of what would be closed, at the mark
  Usdt slippage;        // expected, against the mark: to the best price, at least half the spread
  Usdt fee;             // taker
  Usdt unrealized_pnl;  // of the whole position
  std::string text;     // what cannot be closed, or is done otherwise than asked, and why
};

struct FlattenPreview {
  std::vector<FlattenPreviewRow> rows;
  int orders_to_cancel = 0;        // regular ones that could open again
  TimePoint as_of{};               // exchange time of the positions
  std::vector<std::string> notes;  // what could not be read, so that some figures are missing
};

/// An error: the positions could not be read, or the request is no sensible one.
Task<Result<FlattenPreview>> preview_flatten(Desk& desk, FlattenRequest request);

}  // namespace bb::desk
