#include <stdexcept>
#include <utility>

#include "base/async.h"
#include "binance/account.h"
#include "binance/binance_account.h"
#include "binance/parse.h"

namespace bb::binance {

using exchange::OrderView;
using net::Method;

std::unique_ptr<exchange::TradingAccount> make_account(Venue& venue, const Settings& settings) {
  return std::make_unique<BinanceAccount>(venue, settings);
}

namespace {
Credentials credentials_of(const Settings& settings) {
  auto made = make_credentials(settings);
  if (!made) throw std::invalid_argument(made.error().text);
  return std::move(*made);
}
}  // namespace

BinanceAccount::BinanceAccount(Venue& venue, const Settings& settings)
    : venue_(venue),
      credentials_(credentials_of(settings)),
      stream_(venue, credentials_, stream_url_of(settings)) {
  if (settings.order_entry == OrderEntry::rest) return;
  socket_ = std::make_shared<OrderSocket>(venue, ws_api_url_of(settings));
  venue.keep_warm(socket_);
}

Task<std::optional<exchange::AccountEvent>> BinanceAccount::next_event(Stop& stop) {
  return stream_.next(stop);
}

Call BinanceAccount::signed_call(Method method, std::string path, int weight) const {
  Call call;
  call.method = method;
  call.path = std::move(path);
  call.weight = weight;
  call.signer = &credentials_;
  return call;
}

// Whoever takes an account over asks for these two before he can close anything.
Task<Result<exchange::AccountIdentity>> BinanceAccount::fetch_identity() {
  auto call = signed_call(Method::get, "/fapi/v3/balance", 5);
  call.proves = true;
  auto alias = co_await ask(std::move(call), parse_account_alias);
  if (!alias) co_return std::unexpected(alias.error());
  co_return exchange::AccountIdentity{std::move(*alias), venue_.environment()};
}

Task<Result<exchange::AccountModes>> BinanceAccount::fetch_modes() {
  auto call = signed_call(Method::get, "/fapi/v1/accountConfig", 5);
  call.proves = true;
  return ask(std::move(call), parse_modes);
}

Task<Result<std::vector<exchange::SymbolBrackets>>> BinanceAccount::fetch_brackets() {
  return ask(signed_call(Method::get, "/fapi/v1/leverageBracket", 1), parse_brackets);
}

Task<Result<std::vector<exchange::SymbolSettings>>> BinanceAccount::fetch_symbol_settings() {
  return ask(signed_call(Method::get, "/fapi/v1/symbolConfig", 5), parse_symbol_settings);
}

Task<Result<Ratio>> BinanceAccount::fetch_taker_fee(Symbol symbol) {
  auto call = signed_call(Method::get, "/fapi/v1/commissionRate", 20);
  call.params.add("symbol", symbol.str());
  return ask(std::move(call), parse_taker_fee);
}

Task<Result<std::vector<exchange::AssetBalance>>> BinanceAccount::fetch_balances() {
  return ask(signed_call(Method::get, "/fapi/v3/balance", 5), parse_balances);
}

Task<Result<std::vector<exchange::Position>>> BinanceAccount::fetch_positions() {
  const auto asked = venue_.clock().steady_now();
  auto call = signed_call(Method::get, "/fapi/v3/positionRisk", 5);
  call.proves = true;
  auto positions = co_await ask(std::move(call), parse_positions);
  if (positions) stream_.witness(*positions, asked);
  co_return positions;
}

Task<Result<std::vector<OrderView>>> BinanceAccount::fetch_open_orders() {
  auto [regular, conditional] =
      co_await both(ask(signed_call(Method::get, "/fapi/v1/openOrders", 40), parse_orders),
                    fetch_open_conditional_orders());
  if (!regular) co_return regular;
  if (!conditional) co_return conditional;
  regular->insert(regular->end(), conditional->begin(), conditional->end());
  co_return regular;
}

// Of a flatten, which waits for it: before what is only looked at.
Task<Result<std::vector<OrderView>>> BinanceAccount::fetch_open_regular_orders() {
  auto call = signed_call(Method::get, "/fapi/v1/openOrders", 40);
  call.proves = true;
  return ask(std::move(call), parse_orders);
}

Task<Result<std::vector<OrderView>>> BinanceAccount::fetch_open_conditional_orders() {
  return ask(signed_call(Method::get, "/fapi/v1/openAlgoOrders", 40), parse_algo_orders);
}

Task<Result<std::optional<OrderView>>> BinanceAccount::find_order(exchange::OrderRef order) {
  constexpr int kNoSuchOrder = -2013;
  Result<OrderView> found =
      fail(ErrorKind::invalid_input, "an order is looked for by its id or by its client order id");
  if (order.order_id == 0 && order.client_order_id.empty())
    co_return std::unexpected(found.error());
  if (order.conditional) {
    auto call = signed_call(Method::get, "/fapi/v1/algoOrder", 1);
    if (order.order_id != 0)
      call.params.add("algoId", order.order_id);
    else
      call.params.add("clientAlgoId", order.client_order_id.str());
    found = co_await ask(std::move(call), parse_algo_order);
  } else {
    auto call = signed_call(Method::get, "/fapi/v1/order", 1);
    call.params.add("symbol", order.symbol.str());
    if (order.order_id != 0)
      call.params.add("orderId", order.order_id);
    else
      call.params.add("origClientOrderId", order.client_order_id.str());
    found = co_await ask(std::move(call), parse_order);
  }
  if (!found && found.error().code == kNoSuchOrder) co_return std::optional<OrderView>();
  if (!found) co_return std::unexpected(found.error());
  const bool is_it = found->symbol == order.symbol &&
                     (order.order_id != 0 ? found->order_id == order.order_id
                                          : found->client_order_id == order.client_order_id);
  if (!is_it)
    co_return fail(ErrorKind::malformed, "the exchange answered about another order than asked");
  co_return std::optional<OrderView>(std::move(*found));
}

}  // namespace bb::binance
