#include <fmt/format.h>

#include "paper/handlers.h"
#include "paper/rules_json.h"

namespace bb::paper {

namespace {

using net::JsonWriter;

void write_settings(JsonWriter& json, Call& call, Symbol symbol) {
  const auto settings = call.exchange().settings(call.account, symbol);
  const auto* brackets = call.venue.market().find_brackets(symbol);
  json.begin_object()
      .field("symbol", symbol.str())
      .field("marginType", word(settings.margin))
      .field("isAutoAddMargin", false)
      .field("leverage", settings.leverage)
      .field("maxNotionalValue",
             brackets ? max_notional_at(*brackets, settings.leverage).str() : "0")
      .end_object();
}

}  // namespace

Reply account_config(Call& call) {
  JsonWriter json;
  json.begin_object()
      .field("feeTier", 0)
      .field("canTrade", true)
      .field("canDeposit", true)
      .field("canWithdraw", true)
      .field("dualSidePosition", call.exchange().hedge(call.account))
      .field("updateTime", 0)
      .field("multiAssetsMargin", call.venue.modes(call.account).multi_assets)
      .field("tradeGroupId", -1)
      .end_object();
  return ok(json);
}

Reply symbol_config(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  json.begin_array();
  if (contract) {
    write_settings(json, call, contract->symbol);
  } else {
    for (const auto& rules : call.venue.live_rules(call.now))
      write_settings(json, call, rules.symbol);
  }
  json.end_array();
  return ok(json);
}

Reply leverage_bracket(Call& call) {
  const auto* contract = call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  if (!contract) return Reply{200, call.venue.brackets_json(call.now)};
  const auto* brackets = call.venue.market().find_brackets(contract->symbol);
  JsonWriter json;
  json.begin_array();
  if (brackets) write_brackets(json, contract->symbol, *brackets);
  json.end_array();
  return ok(json);
}

Reply commission_rate(Call& call) {
  const auto* contract = call.required_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  const auto fees = call.exchange().fees(call.account);
  JsonWriter json;
  json.begin_object()
      .field("symbol", contract->symbol.str())
      .field("makerCommissionRate", padded(fees.maker, 6))
      .field("takerCommissionRate", padded(fees.taker, 6))
      .field("rpiCommissionRate", padded(fees.rpi, 6))
      .end_object();
  return ok(json);
}

Reply set_leverage(Call& call) {
  const auto* contract = call.required_symbol();
  const auto leverage = call.params.required_integer("leverage");
  if (call.params.error()) return refuse(*call.params.error());
  if (leverage < 1 || leverage > 125)
    return refuse(-4028, fmt::format("Leverage {} is not valid", leverage));
  const auto set =
      call.exchange().set_leverage(call.account, contract->symbol, static_cast<int>(leverage));
  if (!set) return refuse(set.error());
  const auto* brackets = call.venue.market().find_brackets(contract->symbol);
  JsonWriter json;
  json.begin_object()
      .field("symbol", contract->symbol.str())
      .field("leverage", leverage)
      .field("maxNotionalValue",
             brackets ? max_notional_at(*brackets, static_cast<int>(leverage)).str() : "0")
      .end_object();
  return ok(json);
}

Reply set_margin_type(Call& call) {
  const auto* contract = call.required_symbol();
  const auto text = call.params.required("marginType");
  if (!text.empty() && text != "ISOLATED" && text != "CROSSED")
    call.params.complain(-1130, "Data sent for parameter 'marginType' is not valid.");
  if (call.params.error()) return refuse(*call.params.error());
  const auto margin = text == "ISOLATED" ? MarginType::isolated : MarginType::cross;
  if (margin == MarginType::isolated && call.venue.modes(call.account).multi_assets)
    return refuse(-4168, "Unable to adjust to isolated-margin mode under the Multi-Assets mode.");
  const auto set = call.exchange().set_margin_type(call.account, contract->symbol, margin);
  return set ? success("success") : refuse(set.error());
}

Reply position_mode(Call& call) {
  JsonWriter json;
  json.begin_object().field("dualSidePosition", call.exchange().hedge(call.account)).end_object();
  return ok(json);
}

Reply set_position_mode(Call& call) {
  if (call.params.required("dualSidePosition").empty()) return refuse(*call.params.error());
  const bool hedge = call.params.optional_flag("dualSidePosition", false);
  if (call.params.error()) return refuse(*call.params.error());
  const auto set = call.exchange().set_hedge(call.account, hedge);
  return set ? success("success") : refuse(set.error());
}

Reply multi_assets_mode(Call& call) {
  JsonWriter json;
  json.begin_object()
      .field("multiAssetsMargin", call.venue.modes(call.account).multi_assets)
      .end_object();
  return ok(json);
}

Reply set_multi_assets_mode(Call& call) {
  if (call.params.required("multiAssetsMargin").empty()) return refuse(*call.params.error());
  const bool wanted = call.params.optional_flag("multiAssetsMargin", false);
  if (call.params.error()) return refuse(*call.params.error());
  if (call.venue.modes(call.account).multi_assets == wanted)
    return refuse(-4171,
                  "Adjusted asset mode is currently set and does not need to be adjusted "
                  "repeatedly.");
  auto& exchange = call.exchange();
  if (!exchange.open_orders(call.account, false).empty() ||
      !exchange.open_orders(call.account, true).empty())
    return refuse(-4170, "Unable to adjust Multi-Assets Mode with open orders in USDⓈ-M Futures.");
  if (wanted) {
    for (const auto& rules : call.venue.live_rules(call.now))
      if (exchange.settings(call.account, rules.symbol).margin == MarginType::isolated)
        return refuse(-4167,
                      "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under "
                      "isolated-margin mode.");
  }
  call.venue.set_multi_assets(call.account, wanted);
  return success("success");
}

// The agreement that contracts on stocks ask for once.
Reply sign_stock_contract(Call&) { return success("success"); }

Reply fee_burn(Call& call) {
  JsonWriter json;
  json.begin_object().field("feeBurn", call.venue.modes(call.account).fee_burn).end_object();
  return ok(json);
}

Reply set_fee_burn(Call& call) {
  if (call.params.required("feeBurn").empty()) return refuse(*call.params.error());
  const bool wanted = call.params.optional_flag("feeBurn", false);
  if (call.params.error()) return refuse(*call.params.error());
  call.venue.modes(call.account).fee_burn = wanted;
  return success("success");
}

Reply order_rate_limits(Call& call) {
  const auto& limits = call.venue.options().limits;
  JsonWriter json;
  json.begin_array();
  const auto write = [&](std::string_view interval, int number, int limit) {
    json.begin_object()
        .field("rateLimitType", "ORDERS")
        .field("interval", interval)
        .field("intervalNum", number)
        .field("limit", limit)
        .end_object();
  };
  write("SECOND", 10, limits.orders_per_10s);
  write("MINUTE", 1, limits.orders_per_minute);
  json.end_array();
  return ok(json);
}

// Nobody breaks the quantitative rules of a paper exchange.
Reply api_trading_status(Call& call) {
  (void)call.optional_symbol();
  if (call.params.error()) return refuse(*call.params.error());
  JsonWriter json;
  json.begin_object().key("indicators").begin_object().end_object();
  json.field("updateTime", to_ms(call.now)).end_object();
  return ok(json);
}

}  // namespace bb::paper
