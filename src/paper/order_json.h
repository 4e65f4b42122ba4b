// Orders as Binance's REST answers spell them (reference §11, §12).
#pragma once

#include "paper/venue.h"

namespace bb::paper {

enum class OrderShape {
  placed,   // answers of place and cancel: no fill data since 2026-06-30
  amended,  // the same with pair, and modifyId where one was sent
  queried,  // order, openOrder, openOrders
  listed,   // allOrders: also pair and cumBase
  forced,   // forceOrders
};
void write_order(net::JsonWriter& json, Call& call, const exchange::OrderView& order,
                 const sim::OrderDetail& detail, OrderShape shape);
/// As write_order, of an order that the exchange knows.
Reply one_order(Call& call, const exchange::OrderView& order, OrderShape shape);

enum class AlgoShape {
  placed,     // POST algoOrder
  queried,    // GET algoOrder
  open_list,  // openAlgoOrders: numbers as floating point text, actualQty instead of actualPrice
  history,    // allAlgoOrders: also tp and sl columns
};
void write_algo(net::JsonWriter& json, Call& call, const exchange::OrderView& order,
                const sim::OrderDetail& detail, AlgoShape shape);
Reply one_algo(Call& call, const exchange::OrderView& order, AlgoShape shape);

}  // namespace bb::paper
