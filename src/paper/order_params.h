// What requests about regular orders say, read in the order in which Binance complains.
#pragma once

#include <optional>
#include <string_view>

#include "paper/venue.h"

namespace bb::paper {

struct Placement {
  exchange::OrderRequest order;
  sim::OrderTerms terms;
  bool wants_result = false;
};
/// An order to place. Check call.params.error() before use.
Placement read_placement(Call& call);

/// The order named by orderId or origClientOrderId, or nothing and what Binance says to a request
/// without.
std::optional<exchange::OrderRef> read_ref(Call& call);

/// selfTradePreventionMode (-5039), priceMatch (-5037; it excludes `price`, -1106) and goodTillDate
/// (-5040), of regular and conditional orders.
void read_terms(ParamReader& params, sim::OrderTerms& terms);
/// "BOTH", "LONG", "SHORT"; -4060 otherwise.
PositionSide read_position_side(ParamReader& params);
/// -1136 for anything but ACK and RESULT; true for RESULT.
bool read_wants_result(ParamReader& params);

}  // namespace bb::paper
