#include "binance/outcome_table.h"

#include <algorithm>
#include <array>

#include "base/plant.h"

namespace bb::binance {

namespace {

// Binance's own table of errors (reference §21.2); what leaves the result open stands apart.
constexpr auto kRefusalCodes = std::to_array<RefusalCode>({
    // The request never passed the gateway.
    {-1002, "not authorized"},
    {-1003, "too many requests"},
    {-1004, "this IP is on the white list already"},
    {-1005, "no such IP on the white list"},
    {-1011, "this IP cannot access this route"},
    {-1013, "invalid message"},
    {-1014, "unsupported order combination"},
    {-1015, "too many new orders"},
    {-1020, "unsupported operation"},
    {-1021, "timestamp outside of recvWindow"},
    {-1022, "invalid signature"},
    {-1023, "start time after end time"},
    {-1099, "not found, or not authorized"},
    {-1100, "illegal characters"},
    {-1101, "too many parameters"},
    {-1102, "mandatory parameter missing or malformed"},
    {-1103, "unknown parameter"},
    {-1104, "not all parameters were read"},
    {-1105, "empty parameter"},
    {-1106, "parameter not required"},
    {-1108, "invalid asset"},
    {-1109, "invalid account"},
    {-1110, "invalid symbol type"},
    {-1111, "too many decimals"},
    {-1112, "no orders on the book"},
    {-1114, "time in force not required"},
    {-1115, "invalid time in force"},
    {-1116, "invalid order type"},
    {-1117, "invalid side"},
    {-1118, "empty new client order id"},
    {-1119, "empty original client order id"},
    {-1120, "invalid interval"},
    {-1121, "invalid symbol"},
    {-1122, "invalid symbol status"},
    {-1125, "no such listen key"},
    {-1126, "asset not supported"},
    {-1127, "more hours than allowed"},
    {-1128, "bad combination of optional parameters"},
    {-1130, "invalid parameter"},
    {-1136, "invalid newOrderRespType"},
    // Keys and the account.
    {-2010, "new order rejected"},
    {-2011, "unknown order sent: nothing was cancelled"},
    {-2013, "order does not exist: nothing was cancelled"},
    {-2014, "API key format invalid"},
    {-2015, "invalid API key, IP or permissions"},
    {-2016, "no trading window"},
    {-2017, "API keys are locked"},
    {-2018, "balance insufficient"},
    {-2019, "margin insufficient"},
    {-2020, "unable to fill"},
    {-2021, "order would immediately trigger"},
    {-2022, "reduce-only order rejected"},
    {-2023, "user in liquidation"},
    {-2024, "position not sufficient"},
    {-2025, "too many open orders"},
    {-2026, "order type not supported when reduce-only"},
    {-2027, "above the largest position at this leverage"},
    {-2028, "leverage too small for the margin balance"},
    // Filters, order rules, margin and leverage.
    {-4000, "invalid order status"},
    {-4001, "price below zero"},
    {-4002, "price above maximum"},
    {-4003, "quantity below zero"},
    {-4004, "quantity below minimum"},
    {-4005, "quantity above maximum"},
    {-4006, "stop price below zero"},
    {-4007, "stop price above maximum"},
    {-4013, "price below minimum"},
    {-4014, "price off the tick"},
    {-4015, "client order id not valid"},
    {-4016, "price above the mark price cap"},
    {-4020, "strategy invalid for this order type"},
    {-4021, "invalid depth limit"},
    {-4022, "market status not valid"},
    {-4023, "quantity off the step"},
    {-4024, "price below the mark price floor"},
    {-4028, "leverage not valid"},
    {-4031, "invalid working type"},
    {-4032, "too many orders to cancel"},
    {-4044, "invalid balance type"},
    {-4045, "too many stop orders"},
    {-4046, "no need to change the margin type"},
    {-4047, "margin type: open orders exist"},
    {-4048, "margin type: a position exists"},
    {-4049, "add margin: position is not isolated"},
    {-4050, "cross balance insufficient"},
    {-4051, "isolated balance insufficient"},
    {-4052, "no need to change auto add margin"},
    {-4053, "auto add margin: position is not isolated"},
    {-4054, "add margin: no position"},
    {-4055, "amount must be positive"},
    {-4056, "invalid API key type"},
    {-4057, "invalid RSA key"},
    {-4059, "no need to change the position side"},
    {-4060, "invalid position side"},
    {-4061, "position side does not match the account's mode"},
    {-4062, "improper reduceOnly"},
    {-4067, "open orders exist"},
    {-4068, "a position exists"},
    {-4082, "invalid number of batch orders"},
    {-4087, "account may only reduce"},
    {-4088, "account may not place orders"},
    {-4104, "invalid contract type"},
    {-4105, "symbol under risk control: reduce-only"},
    {-4106, "symbol under risk control: buy reduce-only"},
    {-4107, "symbol under risk control: sell reduce-only"},
    {-4109, "inactive account"},
    {-4114, "clientTranId not valid"},
    {-4115, "clientTranId duplicated"},
    {-4116, "EXISTS: an open order has this client order id"},
    {-4117, "EXISTS: a stop order is triggering"},
    {-4118, "reduce-only order failed: other orders hold the position"},
    {-4120, "conditional orders live at the algo endpoint"},
    {-4129, "GTE needs an open position or order"},
    {-4130, "EXISTS: a closePosition order of this kind rests"},
    {-4131, "best price outside PERCENT_PRICE"},
    {-4135, "invalid activation price"},
    {-4136, "strategy invalid with closePosition"},
    {-4137, "quantity with closePosition"},
    {-4138, "reduceOnly must be true with closePosition"},
    {-4139, "order type cannot be market"},
    {-4140, "symbol status does not allow opening"},
    {-4141, "symbol is closed"},
    {-4142, "stop would trigger immediately"},
    {-4144, "invalid pair"},
    {-4161, "leverage cannot be reduced with an isolated position"},
    {-4164, "below minimum notional"},
    {-4165, "interval too long"},
    {-4167, "multi-assets mode with isolated symbols"},
    {-4168, "isolated margin in multi-assets mode"},
    {-4169, "multi-assets mode: margin insufficient"},
    {-4170, "multi-assets mode: open orders"},
    {-4171, "asset mode is set already"},
    {-4172, "multi-assets mode: negative balance"},
    {-4183, "limit price of the stop too high"},
    {-4184, "limit price of the stop too low"},
    {-4189, "account may only reduce on this symbol"},
    {-4192, "cooling-off period"},
    {-4202, "leverage restricted"},
    {-4203, "leverage restricted"},
    {-4204, "leverage restricted"},
    {-4205, "leverage restricted"},
    {-4206, "leverage restricted"},
    {-4207, "leverage restricted"},
    {-4208, "leverage restricted"},
    {-4209, "leverage restricted"},
    {-4210, "stop price too high"},
    {-4211, "stop price too low"},
    {-4400, "quantitative rules: reduce-only"},
    {-4401, "large position rule: reduce-only"},
    {-4402, "not available in this region"},
    {-4403, "leverage not available in this region"},
    {-4411, "TradFi agreement not signed"},
    {-4500, "invalid algoType"},
    {-4509, "GTE needs an open position"},
    {-4531, "position mode: coin-margined positions exist"},
    // The matching engine, and order amendments.
    {-5000, "no such path"},
    {-5021, "FOK order not fillable"},
    {-5022, "post-only order would take"},
    {-5024, "amendment: symbol not trading"},
    {-5025, "amendment: limit orders only"},
    {-5026, "too many amendments"},
    {-5027, "nothing to amend"},
    {-5028, "timestamp outside of the engine's recvWindow"},
    {-5029, "amendment: below minimum notional"},
    {-5037, "invalid price match"},
    {-5038, "price match not supported"},
    {-5039, "invalid self-trade prevention"},
    {-5040, "invalid goodTillDate"},
    {-5041, "no depth for this order"},
    {-5043, "an amendment is pending"},
    {-5047, "original order is not reduce-only"},
    {-20132, "EXISTS: an open algo order has this client id"},
});

constexpr auto kOpenCodes = std::to_array<RefusalCode>({
    {-1000, "unknown error: seen with orders that were executed"},
    {-1001, "internal error or disconnect: nobody says on which side of the engine"},
    {-1006, "unexpected response from the message bus: execution status unknown"},
    {-1007, "time-out of the backend: execution status unknown"},
    {-1008, "overloaded or throttled: comes with a 5xx, and its words have been wrong"},
    {-1010, "a message of the engine without documented meaning"},
    {-1016, "shutting down: what was taken before that is not said"},
    {-2012, "batch cancel failed, perhaps in part"},
    {-4083, "batch placement failed, perhaps in part"},
});

using Codes = OutcomeRule::Codes;
constexpr int kAnyStatus = 1'000'000;
constexpr auto kRules = std::to_array<OutcomeRule>({
    {Stage::not_sent, false, 0, kAnyStatus, std::nullopt, Codes::any, Verdict::refused,
     "no byte was sent", "nothing can have happened at the exchange"},
    {Stage::no_answer, false, 0, kAnyStatus, std::nullopt, Codes::any, Verdict::unknown,
     "bytes were sent, no whole answer came (time-out, disconnect, cut off)",
     "it may have been executed before the answer was lost"},
    {Stage::answered, false, 200, 200, Body::answer, Codes::any, Verdict::done,
     "200, an answer of the right kind about our order", "the exchange says so"},
    {Stage::answered, false, 0, kAnyStatus, Body::wrong_echo, Codes::any, Verdict::unknown,
     "any status, a good answer about something else",
     "answers were mixed up; which one ours was is not known"},
    {Stage::answered, false, 0, kAnyStatus, Body::none, Codes::any, Verdict::unknown,
     "any status, an empty body", "nothing structured is said about this request"},
    {Stage::answered, false, 0, kAnyStatus, Body::unparsable, Codes::any, Verdict::unknown,
     "any status, a body that is not JSON, is cut off, or is not the answer of this request",
     "a gateway spoke, or the answer broke; the engine may have acted"},
    {Stage::answered, false, 408, 408, Body::error, Codes::any, Verdict::unknown,
     "408, whatever the code", "the backend did not answer its own gateway in time"},
    {Stage::answered, false, 400, 499, Body::error, Codes::listed, Verdict::refused,
     "another 4xx, a structured error with a code of the list below",
     "the exchange answers this request with the proof that it did nothing"},
    {Stage::answered, false, 400, 499, Body::error, Codes::any, Verdict::unknown,
     "another 4xx, a structured error with any other code",
     "a code that is open by its own text, or that this version does not know"},
    {Stage::answered, false, 500, 599, Body::error, Codes::any, Verdict::unknown,
     "5xx, a structured error, whatever code and text",
     "\"Unknown error\" and \"Service Unavailable\" were both seen with executed orders"},
    {Stage::answered, false, 200, 200, Body::error, Codes::any, Verdict::unknown,
     "200, a structured error", "status and body contradict each other"},
    {Stage::answered, true, 0, kAnyStatus, std::nullopt, Codes::any, Verdict::unknown,
     "everything else", "what nobody has described proves nothing"},
});

bool is_listed(int code) {
  return std::ranges::any_of(kRefusalCodes, [&](const auto& row) { return row.code == code; });
}

}  // namespace

std::span<const RefusalCode> refusal_codes() { return kRefusalCodes; }

std::span<const RefusalCode> open_codes() { return kOpenCodes; }
std::span<const OutcomeRule> outcome_rules() { return kRules; }

Judgement judge(const Evidence& evidence) {
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    const auto& rule = kRules[i];
    if (!rule.any_stage && rule.stage != evidence.stage) continue;
    if (rule.body && *rule.body != evidence.body) continue;
    if (evidence.http_status < rule.status_min || evidence.http_status > rule.status_max) continue;
    if (rule.codes == Codes::listed && !is_listed(evidence.code)) continue;
    return {rule.verdict, i};
  }
  return {Verdict::unknown, kRules.size() - 1};
}

Verdict classify(const Evidence& evidence) {
  if (planted("timeout_is_refused") && evidence.code == -1007) return Verdict::refused;
  if (planted("server_error_is_refused") && evidence.http_status >= 500) return Verdict::refused;
  if (planted("lost_answer_is_refused") && evidence.stage == Stage::no_answer)
    return Verdict::refused;
  return judge(evidence).verdict;
}

}  // namespace bb::binance
