// Commands: sent once, judged by the outcome table, and believed only when the answer speaks of the
// very order that was sent.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "binance/binance_account.h"
#include "binance/parse.h"
#include "binance/words.h"

namespace bb::binance {

using exchange::Applied;
using exchange::Canceled;
using exchange::OrderRef;
using exchange::OrderRequest;
using exchange::OrderView;
using exchange::Outcome;
using exchange::Refused;
using exchange::Unknown;
using net::Method;

namespace {

/// What a good answer says, or nothing when it says something else than it should.
template <class T>
using Echo = std::optional<T>;

/// Turns one reply into an outcome. `read` parses a good answer and checks its echo.
template <class T, class Read>
Outcome<T> conclude(const Reply& reply, std::string_view what, Read read) {
  Evidence evidence = reply.evidence;
  Echo<T> done;
  std::string why = reply.text;
  if (evidence.body == Body::answer) {
    auto answer = read_answer(*reply.document, what, read);
    if (!answer) {
      evidence.body = Body::unparsable;
      why = answer.error().text;
    } else if (!answer->has_value()) {
      evidence.body = Body::wrong_echo;
      why = fmt::format("the answer to {} speaks of something else", what);
    } else {
      done = std::move(*answer);
    }
  }
  switch (classify(evidence)) {
    case Verdict::done:
      return std::move(*done);
    case Verdict::refused:
      return Refused{evidence.code, why};
    case Verdict::unknown:
      break;
  }
  return Unknown{evidence.code == 0 ? why : fmt::format("{} ({})", why, evidence.code)};
}

OrderUse use_of(const OrderRequest& order) {
  if (!order.reduces_only()) return OrderUse::opens;
  const bool waits =
      order.type == OrderType::take_profit_market || order.type == OrderType::take_profit;
  return waits ? OrderUse::takes_profit : OrderUse::protects;
}

bool has_price(OrderType type) {
  return type == OrderType::limit || type == OrderType::stop || type == OrderType::take_profit;
}

/// What regular and conditional placements have in common, in the order of the reference.
void add_order(Params& params, const OrderRequest& order) {
  params.add("symbol", order.symbol.str())
      .add("side", wire(order.side))
      .add("type", wire(order.type));
  // One-way mode sends no position side; hedge mode sends no reduceOnly: its side says it.
  if (order.position_side != PositionSide::both)
    params.add("positionSide", wire(order.position_side));
  if (!order.close_position) {
    params.add("quantity", order.qty.str());
    if (order.reduce_only && order.position_side == PositionSide::both)
      params.add("reduceOnly", "true");
  }
  if (has_price(order.type))
    params.add("price", order.price.str()).add("timeInForce", wire(order.time_in_force));
}

bool speaks_of(const OrderView& view, const OrderRequest& order) {
  return view.symbol == order.symbol && view.client_order_id == order.client_order_id &&
         view.side == order.side;
}

/// By id where it is known: client order ids may be used again, ids never are.
void add_ref(Params& params, const OrderRef& order) {
  if (order.conditional) {
    if (order.order_id != 0)
      params.add("algoId", order.order_id);
    else
      params.add("clientAlgoId", order.client_order_id.str());
    return;
  }
  params.add("symbol", order.symbol.str());
  if (order.order_id != 0)
    params.add("orderId", order.order_id);
  else
    params.add("origClientOrderId", order.client_order_id.str());
}

Echo<Canceled> read_cancel(net::JsonView root, const OrderRef& order) {
  const auto id = root.at(order.conditional ? "algoId" : "orderId").integer();
  const auto client_id = root.at(order.conditional ? "clientAlgoId" : "clientOrderId").text();
  const bool same =
      order.order_id != 0 ? id == order.order_id : client_id == order.client_order_id.str();
  if (!same) return std::nullopt;
  if (order.conditional) {
    // "200", as text.
    return root.at("code").integer() == 200 ? Echo<Canceled>(Canceled{}) : std::nullopt;
  }
  if (root.at("symbol").text() != order.symbol.str()) return std::nullopt;
  const auto status = read_order_status(root.at("status"));
  return status == OrderStatus::canceled ? Echo<Canceled>(Canceled{}) : std::nullopt;
}

}  // namespace

Task<Outcome<OrderView>> BinanceAccount::place(OrderRequest order) {
  if (order.client_order_id.empty())
    co_return Refused{0, "an order needs a client order id; nothing was sent"};
  if (wire(order.type).empty()) co_return Refused{0, "an order needs a type; nothing was sent"};
  const bool conditional = is_conditional(order.type);
  auto call = signed_call(Method::post, conditional ? "/fapi/v1/algoOrder" : "/fapi/v1/order", 0);
  pool_.set_limits(venue_.limits().orders_per_10_seconds, venue_.limits().orders_per_minute);
  call.pool = &pool_;
  call.socket = socket_.get();
  call.use = use_of(order);
  call.pool_symbol = order.symbol.str();
  if (conditional) call.params.add("algoType", "CONDITIONAL");
  add_order(call.params, order);
  if (conditional) {
    call.params.add("triggerPrice", order.trigger_price.str())
        .add("workingType", wire(order.working_type));
    if (order.close_position) call.params.add("closePosition", "true");
    call.params.add("clientAlgoId", order.client_order_id.str());
  } else {
    call.params.add("newClientOrderId", order.client_order_id.str())
        .add("newOrderRespType", "RESULT");
  }
  const std::string what = "POST " + call.path;
  const auto sent = venue_.clock().steady_now();
  const Reply reply = co_await venue_.command(std::move(call));
  auto outcome = conclude<OrderView>(reply, what, [&](net::JsonView root) {
    auto view = conditional ? parse_algo_order(root) : parse_order(root);
    return speaks_of(view, order) ? Echo<OrderView>(std::move(view)) : std::nullopt;
  });
  const auto* view = outcome.done();
  if (view != nullptr) stream_.expect(view->ref(), false, sent);
  const bool is_nothing =
      outcome.refused() != nullptr ||
      (view != nullptr && !is_live(view->status) && !view->executed_qty.is_positive());
  if (use_of(order) == OrderUse::opens && is_nothing) pool_.release(order.symbol.str());
  co_return outcome;
}

Task<Outcome<Canceled>> BinanceAccount::cancel(OrderRef order) {
  if (order.order_id == 0 && order.client_order_id.empty())
    co_return Refused{0, "a cancel needs an id or a client order id; nothing was sent"};
  auto call =
      signed_call(Method::del, order.conditional ? "/fapi/v1/algoOrder" : "/fapi/v1/order", 1);
  call.socket = socket_.get();
  add_ref(call.params, order);
  const std::string what = "DELETE " + call.path;
  const auto sent = venue_.clock().steady_now();
  const Reply reply = co_await venue_.command(std::move(call));
  auto outcome =
      conclude<Canceled>(reply, what, [&](net::JsonView root) { return read_cancel(root, order); });
  if (outcome.done() != nullptr) stream_.expect(order, true, sent);
  co_return outcome;
}

Task<Outcome<Applied>> BinanceAccount::set_margin_type(Symbol symbol, MarginType margin) {
  constexpr int kAlreadySo = -4046;
  // Something is open, and the margin type may or may not be the wanted one (reference §13).
  constexpr std::array kLook{-4047, -4048, -4067};
  auto call = signed_call(Method::post, "/fapi/v1/marginType", 1);
  call.params.add("symbol", symbol.str()).add("marginType", wire(margin));
  const Reply reply = co_await venue_.command(std::move(call));
  auto outcome = conclude<Applied>(reply, "POST /fapi/v1/marginType", [](net::JsonView root) {
    return root.at("code").integer() == 200 ? Echo<Applied>(Applied{}) : std::nullopt;
  });
  if (outcome.refused() == nullptr) co_return outcome;
  if (outcome.code() == kAlreadySo) co_return Applied{};
  if (std::ranges::find(kLook, outcome.code()) == kLook.end()) co_return outcome;
  auto look = signed_call(Method::get, "/fapi/v1/symbolConfig", 5);
  look.params.add("symbol", symbol.str());
  const auto settings = co_await ask(std::move(look), parse_symbol_settings);
  if (!settings) co_return outcome;
  for (const auto& row : *settings)
    if (row.symbol == symbol && row.margin == margin) co_return Applied{};
  co_return outcome;
}

Task<Outcome<Applied>> BinanceAccount::set_leverage(Symbol symbol, int leverage) {
  auto call = signed_call(Method::post, "/fapi/v1/leverage", 1);
  call.params.add("symbol", symbol.str()).add("leverage", std::int64_t{leverage});
  const Reply reply = co_await venue_.command(std::move(call));
  co_return conclude<Applied>(reply, "POST /fapi/v1/leverage", [&](net::JsonView root) {
    const bool same =
        root.at("symbol").text() == symbol.str() && root.at("leverage").integer() == leverage;
    return same ? Echo<Applied>(Applied{}) : std::nullopt;
  });
}

}  // namespace bb::binance
