// Binance's spelling of the closed sets. Reading a side, position side or margin type that is not
// one of ours throws net::JsonError: nothing sensible can be done with such a row. Statuses and
// types grow over the years, so what is new there becomes `unknown`.
#pragma once

#include <string_view>

#include "domain/order_types.h"
#include "net/json.h"

namespace bb::binance {

std::string_view wire(Side side);
std::string_view wire(PositionSide side);
std::string_view wire(OrderType type);
std::string_view wire(TimeInForce time_in_force);
std::string_view wire(WorkingType type);
std::string_view wire(MarginType type);

Side read_side(net::JsonView value);
PositionSide read_position_side(net::JsonView value);
MarginType read_margin_type(net::JsonView value);
OrderType read_order_type(net::JsonView value);
OrderStatus read_order_status(net::JsonView value);
/// The states of a conditional order in the algo service.
OrderStatus read_algo_status(net::JsonView value);
SymbolStatus read_symbol_status(net::JsonView value);
ContractType read_contract_type(net::JsonView value);

}  // namespace bb::binance
