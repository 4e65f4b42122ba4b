#include "binance/market_data.h"

#include <fmt/format.h>

#include "binance/call.h"
#include "binance/parse.h"
#include "binance/venue.h"

namespace bb::binance {

namespace {

int kline_weight(int limit) {
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1000 ? 5 : 10;
}

class BinanceMarketData final : public exchange::MarketData {
 public:
  explicit BinanceMarketData(Venue& venue) : venue_(venue) {}

  TimePoint exchange_now() const override { return venue_.exchange_now(); }
  Task<Result<exchange::MarketRules>> fetch_rules() override;
  Task<Result<exchange::AsOf<std::vector<exchange::Ticker>>>> fetch_tickers() override;
  Task<Result<exchange::AsOf<std::vector<exchange::MarkPrice>>>> fetch_marks() override;
  Task<Result<exchange::AsOf<std::vector<exchange::BookTicker>>>> fetch_book_tickers() override;
  Task<Result<std::vector<exchange::Kline>>> fetch_klines(exchange::KlineQuery query) override;
  Task<Status> prepare(std::size_t parallel_requests) override {
    return venue_.prepare(parallel_requests);
  }

 private:
  template <class T>
  Task<Result<exchange::AsOf<T>>> fetch_list(std::string path, int weight,
                                             T (*parse)(net::JsonView));
  Venue& venue_;
};

template <class T>
Task<Result<exchange::AsOf<T>>> BinanceMarketData::fetch_list(std::string path, int weight,
                                                              T (*parse)(net::JsonView)) {
  Call call;
  call.path = path;
  call.weight = weight;
  const auto answer = co_await venue_.query(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  auto list = read_answer(answer->document, path, parse);
  if (!list) co_return std::unexpected(list.error());
  co_return exchange::AsOf<T>{std::move(*list), answer->asked_at};
}

Task<Result<exchange::MarketRules>> BinanceMarketData::fetch_rules() {
  Call call;
  call.path = "/fapi/v1/exchangeInfo";
  const auto answer = co_await venue_.query(call);
  if (!answer) co_return std::unexpected(answer.error());
  const auto limits = read_answer(answer->document, call.path, parse_rate_limits);
  if (!limits) co_return std::unexpected(limits.error());
  auto symbols = read_answer(answer->document, call.path, parse_rules);
  if (!symbols) co_return std::unexpected(symbols.error());
  venue_.adopt_limits(*limits);
  co_return exchange::MarketRules{std::move(*symbols), answer->asked_at};
}

Task<Result<exchange::AsOf<std::vector<exchange::Ticker>>>> BinanceMarketData::fetch_tickers() {
  return fetch_list<std::vector<exchange::Ticker>>("/fapi/v1/ticker/24hr", 40, parse_tickers);
}

Task<Result<exchange::AsOf<std::vector<exchange::MarkPrice>>>> BinanceMarketData::fetch_marks() {
  return fetch_list<std::vector<exchange::MarkPrice>>("/fapi/v1/premiumIndex", 10, parse_marks);
}

Task<Result<exchange::AsOf<std::vector<exchange::BookTicker>>>>
BinanceMarketData::fetch_book_tickers() {
  return fetch_list<std::vector<exchange::BookTicker>>("/fapi/v1/ticker/bookTicker", 5,
                                                       parse_book_tickers);
}

Task<Result<std::vector<exchange::Kline>>> BinanceMarketData::fetch_klines(
    exchange::KlineQuery query) {
  constexpr int kLimitMax = 1500;
  if (query.limit < 1 || query.limit > kLimitMax)
    co_return fail(ErrorKind::invalid_input,
                   fmt::format("ask for 1 to {} klines, not {}", kLimitMax, query.limit));
  Call call;
  call.path = "/fapi/v1/klines";
  call.weight = kline_weight(query.limit);
  call.params.add("symbol", query.symbol.str()).add("interval", query.interval);
  if (query.from != TimePoint()) call.params.add("startTime", query.from);
  if (query.to != TimePoint()) call.params.add("endTime", query.to);
  call.params.add("limit", std::int64_t{query.limit});
  const auto answer = co_await venue_.query(call);
  if (!answer) co_return std::unexpected(answer.error());
  co_return read_answer(answer->document, call.path, parse_klines);
}

}  // namespace

std::unique_ptr<exchange::MarketData> make_market_data(Venue& venue) {
  return std::make_unique<BinanceMarketData>(venue);
}

}  // namespace bb::binance
