// The body of TradingAccount. Internal; its functions stand in account_queries.cpp,
// account_history.cpp and account_commands.cpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "binance/call.h"
#include "binance/order_socket.h"
#include "binance/settings.h"
#include "binance/user_stream.h"
#include "binance/venue.h"
#include "exchange/trading_account.h"

namespace bb::binance {

/// A part of the past; both ends are inside.
struct Window {
  TimePoint from;
  TimePoint to;
  bool is_last = false;  // it has no end: `to` is a guess
};

class BinanceAccount final : public exchange::TradingAccount {
 public:
  BinanceAccount(Venue& venue, const Settings& settings);

  Task<Result<exchange::AccountIdentity>> fetch_identity() override;
  Task<Result<exchange::AccountModes>> fetch_modes() override;
  Task<Result<std::vector<exchange::SymbolBrackets>>> fetch_brackets() override;
  Task<Result<std::vector<exchange::SymbolSettings>>> fetch_symbol_settings() override;
  Task<Result<Ratio>> fetch_taker_fee(Symbol symbol) override;
  Task<Result<std::vector<exchange::AssetBalance>>> fetch_balances() override;
  Task<Result<std::vector<exchange::Position>>> fetch_positions() override;
  Task<Result<std::vector<exchange::OrderView>>> fetch_open_orders() override;
  Task<Result<std::vector<exchange::OrderView>>> fetch_open_regular_orders() override;
  Task<Result<std::vector<exchange::OrderView>>> fetch_open_conditional_orders() override;
  Task<Result<std::optional<exchange::OrderView>>> find_order(exchange::OrderRef order) override;

  Task<Result<std::vector<exchange::Fill>>> fetch_fills(Symbol symbol, TimePoint since) override;
  Task<Result<std::vector<exchange::OrderView>>> fetch_orders(Symbol symbol,
                                                              TimePoint since) override;
  Task<Result<std::vector<exchange::Income>>> fetch_income(TimePoint since) override;

  Task<std::optional<exchange::AccountEvent>> next_event(Stop& stop) override;

  Task<exchange::Outcome<exchange::OrderView>> place(exchange::OrderRequest order) override;
  Task<exchange::Outcome<exchange::Canceled>> cancel(exchange::OrderRef order) override;
  Task<exchange::Outcome<exchange::Applied>> set_margin_type(Symbol symbol,
                                                             MarginType margin) override;
  Task<exchange::Outcome<exchange::Applied>> set_leverage(Symbol symbol, int leverage) override;

 private:
  Call signed_call(net::Method method, std::string path, int weight) const;
  /// Asks, and parses the answer.
  template <class Parse>
  auto ask(Call call, Parse parse) -> Task<Result<decltype(parse(std::declval<net::JsonView>()))>>;

  Task<Result<std::vector<exchange::Fill>>> fills_of(Symbol symbol, Window window);
  Task<Result<std::vector<exchange::Fill>>> fills_from(Symbol symbol, std::int64_t id);
  Task<Result<bool>> begins_its_window(Symbol symbol, Window window,
                                       std::vector<exchange::Fill> page);
  struct FirstFills {
    std::vector<exchange::Fill> fills;
    bool are_all = false;
  };
  Task<Result<FirstFills>> first_fills(Symbol symbol, TimePoint since);
  Task<Result<std::vector<exchange::OrderView>>> orders_of(Symbol symbol, TimePoint since,
                                                           bool conditional);
  Task<Result<std::vector<exchange::Income>>> income_of(Window window);
  Task<Result<std::vector<exchange::Income>>> income_page(Window window, int page);
  Task<Result<std::vector<exchange::Income>>> income_of_millisecond(TimePoint when);

  Venue& venue_;
  Credentials credentials_;
  OrderPool pool_;
  std::shared_ptr<OrderSocket> socket_;  // null = orders go over HTTP
  UserStream stream_;
};

template <class Parse>
auto BinanceAccount::ask(Call call, Parse parse)
    -> Task<Result<decltype(parse(std::declval<net::JsonView>()))>> {
  const std::string path = call.path;
  const auto answer = co_await venue_.query(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  co_return read_answer(answer->document, path, parse);
}

}  // namespace bb::binance
