// What a live source says, over REST and over its streams, and a market that grows by it. Every
// figure that comes through is one that an exchange can work with: its book is not crossed, its
// bars contain their prices, and the newest price is the one that was told.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "paper/live_wire.h"
#include "sim/book.h"

using namespace bb;
using namespace bb::paper;

namespace {

std::optional<Symbol> find(std::string_view name) {
  return name == "BTCUSDT" || name == "ETHUSDT" ? std::optional(Symbol(name)) : std::nullopt;
}

std::vector<sim::LiveContract> contracts() {
  const auto one = [](const char* name) {
    sim::LiveContract contract;
    auto& rules = contract.rules;
    rules.symbol = Symbol(name);
    rules.status = SymbolStatus::trading;
    rules.delivery_time = from_ms(4'133'404'800'000);
    rules.tick = Price(Decimal::from_raw(10'000'000));
    rules.lot.step = rules.market_lot.step = Qty(Decimal::from_raw(100'000));
    contract.brackets = sim::make_brackets();
    return contract;
  };
  return {one("BTCUSDT"), one("ETHUSDT")};
}

class Grown {
 public:
  Grown() : live_(from_ms(1'767'225'600'000)), market_(live_.market()) {
    live_.list(contracts(), at_ += Millis(1));
  }

  void add(const Result<live::News>& news) {
    if (!news) return;
    live_.append(news->updates, at_ += Millis(700));
    for (const auto& update : news->updates)
      look(update.symbol);
  }
  void list(const std::vector<sim::LiveContract>& rows) {
    auto all = rows;
    for (auto& row : all)
      row.brackets = sim::make_brackets();
    live_.list(all, at_ += Millis(1));
  }
  void add_history(const std::vector<exchange::Kline>& bars) {
    live_.add_history(Symbol("BTCUSDT"), bars);
    look(Symbol("BTCUSDT"));
  }

 private:
  void look(Symbol symbol) const {
    const auto rules = market_.find_rules(symbol, at_);
    const auto last = market_.last(symbol, at_);
    if (!rules || !last) return;
    BB_CHECK(last->price.is_positive(), "a price is above zero");
    BB_CHECK(market_.mark(symbol, at_)->is_positive(), "a mark is above zero");
    if (const auto book = sim::book_at(market_, symbol, at_);
        book && !book->asks.empty() && !book->bids.empty())
      BB_CHECK(book->bids.front().price <= book->asks.front().price, "a book is not crossed");
    for (const auto& bar : market_.klines(symbol, Minutes(15), at_ - Hours(30), at_, 200, at_)) {
      BB_CHECK(bar.low <= bar.close && bar.close <= bar.high, "a bar holds its close");
      BB_CHECK(bar.volume >= 0, "a volume is not below zero");
    }
    const auto ticker = market_.ticker(symbol, at_);
    BB_CHECK(ticker->low <= ticker->last && ticker->last <= ticker->high, "a day holds its last");
    BB_CHECK(market_.next_funding(symbol, at_).time > at_, "the next settlement is to come");
  }

  TimePoint at_ = from_ms(1'767'225'600'000);
  sim::LiveMarket live_;
  sim::Market market_;
};

}  // namespace

// The first byte says which of them it is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Grown grown;
  const auto start =
      R"([{"symbol":"BTCUSDT","lastPrice":"60000","openPrice":"1","highPrice":"70000",)"
      R"("lowPrice":"1",)"
      R"("volume":"5","quoteVolume":"5","openTime":1,"closeTime":2,"count":3}])";
  grown.add(live::parse_day_tickers(start, find));
  switch (data[0]) {
    case 'm': {
      // One message in each line.
      std::string_view rest = text;
      while (!rest.empty()) {
        const auto end = rest.find('\n');
        grown.add(live::parse_message(rest.substr(0, end), find));
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      }
      return 0;
    }
    case 'c':
      if (const auto parsed = live::parse_contracts(text)) grown.list(parsed->rows);
      grown.add(live::parse_day_tickers(start, find));
      return 0;
    case 'p':
      grown.add(live::parse_premium_index(text, find));
      return 0;
    case 't':
      grown.add(live::parse_day_tickers(text, find));
      return 0;
    case 'b':
      grown.add(live::parse_book_tickers(text, find));
      return 0;
    case 'k':
      if (const auto bars = live::parse_klines(text)) grown.add_history(*bars);
      return 0;
    case 'f':
      live::parse_settlements(text, find);
      live::parse_funding_intervals(text);
      live::parse_server_time(text);
      return 0;
    default:
      return 0;
  }
}
