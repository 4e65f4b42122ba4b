#include "trading/explain.h"

namespace bb::trading {

namespace {

using store::HoldingStatus;

Task<bool> became(desk::Desk& desk, Symbol symbol, const ClientOrderId& id, std::int64_t algo_id,
                  std::int64_t child) {
  if (id.empty()) co_return false;
  const auto order = co_await desk.parts().account.find_order({symbol, id, algo_id, true});
  co_return order && order->has_value() && (*order)->child_order_id == child;
}

std::optional<desk::Ending> by_our_order(desk::Desk& desk, const store::Holding& holding,
                                         std::int64_t order_id) {
  const TimePoint first = utc_midnight(holding.opened_at);
  const TimePoint last = desk.parts().market.exchange_now();
  for (TimePoint day = first; day <= last; day += Hours(24)) {
    for (const auto& intent : desk.parts().store.intents_of(utc_date(day), holding.symbol)) {
      if (intent.order_id != order_id || is_conditional(intent.type)) continue;
      switch (intent.kind) {
        case OrderKind::close:
          if (intent.job == Job::manual)
            return desk::Ending{HoldingStatus::closed_flatten, "FLATTENED", order_id};
          return desk::Ending{HoldingStatus::closed_timeout, "MAX_HOLD_EXCEEDED", order_id};
        case OrderKind::loss_cut:
          return desk::Ending{HoldingStatus::closed_daily_loss_cut, "DAILY_FLOATING_LOSS_CHECK",
                              order_id};
        case OrderKind::risk_off:
          return desk::Ending{HoldingStatus::closed_risk_off, "EXIT_SETUP_FAILED", order_id};
        case OrderKind::entry:
        case OrderKind::redistribute:
        case OrderKind::stop:
        case OrderKind::moving_stop:
        case OrderKind::take_profit:
          break;
      }
    }
  }
  return std::nullopt;
}

// Client ids of the exchange's own orders (reference §8).
std::string exchange_reason(const std::string& client_order_id) {
  if (client_order_id.starts_with("autoclose-")) return "EXTERNAL_LIQUIDATION";
  if (client_order_id.starts_with("adl_autoclose")) return "EXTERNAL_ADL";
  if (client_order_id.starts_with("settlement_autoclose-")) return "EXTERNAL_SETTLEMENT";
  return "SHORT_POSITION_NOT_FOUND";
}

}  // namespace

Task<Result<std::optional<desk::Ending>>> explain_close(desk::Desk& desk,
                                                        const store::Holding& holding) {
  const auto fills =
      co_await desk.record_fills(holding.symbol, holding.opened_at - Minutes(1), holding.id);
  if (!fills) co_return std::unexpected(fills.error());
  Qty net;
  const exchange::Fill* last_buy = nullptr;
  for (const auto& fill : *fills) {
    if (fill.position_side != holding.side) continue;
    net += fill.side == Side::sell ? -fill.qty : fill.qty;
    if (fill.side == Side::buy) last_buy = &fill;
  }
  if (last_buy == nullptr || net.is_negative()) co_return std::nullopt;
  const std::int64_t order_id = last_buy->order_id;
  if (const auto ours = by_our_order(desk, holding, order_id)) co_return ours;
  if (co_await became(desk, holding.symbol, holding.tp_client_order_id, holding.tp_order_id,
                      order_id))
    co_return desk::Ending{HoldingStatus::closed_tp, "TAKE_PROFIT_FILLED", order_id};
  if (co_await became(desk, holding.symbol, holding.sl_client_order_id, holding.sl_order_id,
                      order_id))
    co_return desk::Ending{HoldingStatus::closed_sl, "STOP_LOSS_FILLED", order_id};
  const auto order =
      co_await desk.parts().account.find_order({holding.symbol, {}, order_id, false});
  if (!order || !order->has_value())
    co_return desk::Ending{HoldingStatus::closed_external, "SHORT_POSITION_NOT_FOUND", order_id};
  // A covering stop that triggered while C moved carries our id as well.
  const auto decoded = desk.ids().decode((*order)->client_order_id, holding.symbol);
  if (decoded && (decoded->kind == OrderKind::stop || decoded->kind == OrderKind::moving_stop))
    co_return desk::Ending{HoldingStatus::closed_sl, "STOP_LOSS_FILLED", order_id};
  if (decoded && decoded->kind == OrderKind::take_profit)
    co_return desk::Ending{HoldingStatus::closed_tp, "TAKE_PROFIT_FILLED", order_id};
  co_return desk::Ending{HoldingStatus::closed_external,
                         exchange_reason((*order)->client_order_id.str()), order_id};
}

}  // namespace bb::trading
