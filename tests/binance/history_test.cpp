// Pages and windows: nothing is missing and nothing comes twice.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "binance/scripted_exchange.h"

namespace bb::binance::test {
namespace {

constexpr const char* kTrades = "GET /fapi/v1/userTrades";
constexpr const char* kIncome = "GET /fapi/v1/income";

std::int64_t number(const Seen& seen, const char* name, std::int64_t otherwise) {
  const auto text = seen.param(name);
  return text == "-" ? otherwise : std::stoll(text);
}

struct Row {
  std::int64_t id = 0;
  TimePoint time{};
};

std::string list_of(const std::vector<Row>& rows, std::string (*json)(const Row&)) {
  std::string out = "[";
  for (const auto& row : rows)
    out += (out.size() > 1 ? "," : "") + json(row);
  return out + "]";
}

std::string fill_json(const Row& row) {
  return R"({"symbol":"BTCUSDT","id":)" + std::to_string(row.id) +
         R"(,"orderId":1,"side":"SELL","price":"60000.0","qty":"0.004","realizedPnl":"0",)"
         R"("commission":"0.048","commissionAsset":"USDT","time":)" +
         std::to_string(to_ms(row.time)) + R"(,"positionSide":"BOTH","maker":true})";
}

/// As userTrades: by time within seven days, or from an id; oldest first; at most `limit`.
net::ServerReply answer_fills(const std::vector<Row>& all, const Seen& seen) {
  const bool by_id = seen.params.contains("fromId");
  const auto from = number(seen, "startTime", 0);
  const auto to = number(seen, "endTime", from + 7LL * 86'400'000 - 1);
  if (by_id == seen.params.contains("startTime")) return error_reply(-1128);
  if (to - from > 7LL * 86'400'000) return error_reply(-4165);
  std::vector<Row> out;
  for (const auto& row : all) {
    const auto ms = to_ms(row.time);
    const bool fits = by_id ? row.id >= number(seen, "fromId", 0) : ms >= from && ms <= to;
    if (fits && std::ssize(out) < number(seen, "limit", 500)) out.push_back(row);
  }
  return json_reply(list_of(out, fill_json));
}

/// The ids of fetch_fills(since), in order; and how many requests it took.
Task<std::vector<std::int64_t>> fetched_fills(World& world, TimePoint since) {
  const auto fills = co_await world.account->fetch_fills(Symbol("BTCUSDT"), since);
  REQUIRE(fills.has_value());
  std::vector<std::int64_t> ids;
  for (const auto& fill : *fills)
    ids.push_back(fill.trade_id);
  co_return ids;
}

std::vector<std::int64_t> ids_of(const std::vector<Row>& rows) {
  std::vector<std::int64_t> ids;
  for (const auto& row : rows)
    ids.push_back(row.id);
  return ids;
}

TEST_CASE("fills: 2500 of one millisecond come whole, by id") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int i = 0; i < 2500; ++i)
      rows.push_back({7'000'000'000 + i * 3, some_day() - Hours(2)});
    world.exchange.on(kTrades, [rows](const Seen& seen) { return answer_fills(rows, seen); });
    const auto ids = co_await fetched_fills(world, some_day() - Hours(3));
    CHECK(ids == ids_of(rows));
    CHECK(world.exchange.count(kTrades) == 5);  // three pages, and twice: is this the first one?
  });
}

TEST_CASE("fills: a month is asked week by week until something is found, then by id") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int day = 20; day >= 1; --day)
      rows.push_back({100 - day, some_day() - Hours(24 * day)});
    world.exchange.on(kTrades, [rows](const Seen& seen) { return answer_fills(rows, seen); });
    const auto ids = co_await fetched_fills(world, some_day() - Hours(24 * 40));
    CHECK(ids == ids_of(rows));
    CHECK(world.exchange.count(kTrades) == 4);  // two empty weeks, one with rows, the rest by id
  });
}

TEST_CASE("fills: exactly a full page is followed by one more question") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int i = 0; i < 1000; ++i)
      rows.push_back({i + 1, some_day() - Hours(2) + Millis(i)});
    world.exchange.on(kTrades, [rows](const Seen& seen) { return answer_fills(rows, seen); });
    const auto ids = co_await fetched_fills(world, some_day() - Hours(3));
    CHECK(ids == ids_of(rows));
    CHECK(world.exchange.count(kTrades) == 3);  // and: is there anything before the first row?
  });
}

/// As an exchange that keeps the newest rows of a window when they are more than a page.
net::ServerReply newest_fills(const std::vector<Row>& all, const Seen& seen) {
  if (seen.params.contains("fromId")) return answer_fills(all, seen);
  std::vector<Row> fitting;
  for (const auto& row : all)
    if (to_ms(row.time) >= number(seen, "startTime", 0) &&
        to_ms(row.time) <= number(seen, "endTime", to_ms(some_day() + Hours(24 * 365))))
      fitting.push_back(row);
  const auto limit = static_cast<std::size_t>(number(seen, "limit", 500));
  if (fitting.size() > limit)
    fitting.erase(fitting.begin(), fitting.end() - static_cast<std::ptrdiff_t>(limit));
  return json_reply(list_of(fitting, fill_json));
}

TEST_CASE("F41: an exchange that keeps the newest rows of a full page loses none of them") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int i = 0; i < 2500; ++i)
      rows.push_back({7'000'000'000 + i * 3, some_day() - Hours(2) + Millis(i / 9)});
    world.exchange.on(kTrades, [rows](const Seen& seen) { return newest_fills(rows, seen); });
    const auto ids = co_await fetched_fills(world, some_day() - Hours(24 * 6));
    CHECK(ids == ids_of(rows));
  });
}

TEST_CASE(
    "F41: more fills in one millisecond than a page, of which the newest come, are an error") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int i = 0; i < 1500; ++i)
      rows.push_back({7'000'000'000 + i, some_day() - Hours(2)});
    world.exchange.on(kTrades, [rows](const Seen& seen) { return newest_fills(rows, seen); });
    const auto fills =
        co_await world.account->fetch_fills(Symbol("BTCUSDT"), some_day() - Hours(24 * 6));
    REQUIRE_FALSE(fills.has_value());
    CHECK(fills.error().kind == ErrorKind::malformed);
  });
}

TEST_CASE("fills: an exchange that repeats a page is not believed, and does not hold us for ever") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int i = 0; i < 1000; ++i)
      rows.push_back({i + 1, some_day() - Hours(2)});
    world.exchange.on(kTrades, json_reply(list_of(rows, fill_json)));
    const auto fills =
        co_await world.account->fetch_fills(Symbol("BTCUSDT"), some_day() - Hours(3));
    REQUIRE_FALSE(fills.has_value());
    CHECK(fills.error().kind == ErrorKind::malformed);
    CHECK(world.exchange.count(kTrades) == 2);
  });
}

TEST_CASE("history: what the exchange keeps no longer is an error, not an empty list") {
  in_world([](World& world) -> Task<void> {
    const auto fills = co_await world.account->fetch_fills(Symbol("BTCUSDT"), TimePoint());
    CHECK_FALSE(fills.has_value());
    const auto orders =
        co_await world.account->fetch_orders(Symbol("BTCUSDT"), some_day() - Hours(24 * 94));
    CHECK_FALSE(orders.has_value());
    const auto income = co_await world.account->fetch_income(some_day() - Hours(24 * 94));
    CHECK_FALSE(income.has_value());
    CHECK(world.exchange.count(kTrades) == 0);
    CHECK(world.exchange.count(kIncome) == 0);
  });
}

std::string income_json(const Row& row) {
  return R"({"symbol":"BTCUSDT","incomeType":"FUNDING_FEE","income":"-0.603","asset":"USDT",)"
         R"("info":"","time":)" +
         std::to_string(to_ms(row.time)) + R"(,"tranId":)" + std::to_string(row.id) +
         R"(,"tradeId":""})";
}

/// As income: within [startTime, endTime], oldest first, page by page.
net::ServerReply answer_income(const std::vector<Row>& all, const Seen& seen) {
  const auto from = number(seen, "startTime", 0);
  const auto to = number(seen, "endTime", from + 7LL * 86'400'000);
  const auto limit = number(seen, "limit", 100);
  const auto skip = (number(seen, "page", 1) - 1) * limit;
  if (to - from > 7LL * 86'400'000) return error_reply(-4165);
  std::vector<Row> fitting;
  for (const auto& row : all)
    if (to_ms(row.time) >= from && to_ms(row.time) <= to) fitting.push_back(row);
  std::vector<Row> out;
  for (std::int64_t i = skip; i < std::min<std::int64_t>(skip + limit, std::ssize(fitting)); ++i)
    out.push_back(fitting[static_cast<std::size_t>(i)]);
  return json_reply(list_of(out, income_json));
}

Task<std::vector<std::int64_t>> fetched_income(World& world, const std::vector<Row>& rows,
                                               TimePoint since) {
  world.exchange.on(kIncome, [rows](const Seen& seen) { return answer_income(rows, seen); });
  const auto income = co_await world.account->fetch_income(since);
  REQUIRE(income.has_value());
  std::vector<std::int64_t> ids;
  for (const auto& row : *income)
    ids.push_back(row.transaction_id);
  co_return ids;
}

TEST_CASE("income: pages that end inside a millisecond lose and repeat nothing") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int i = 0; i < 2600; ++i)
      rows.push_back({i, some_day() - Hours(5) + Millis(i / 7)});  // seven in each
    const auto ids = co_await fetched_income(world, rows, some_day() - Hours(6));
    CHECK(ids == ids_of(rows));
    CHECK(world.exchange.count(kIncome) == 4);  // and: is there anything before the first row?
  });
}

TEST_CASE("income: an exchange that keeps the newest rows of a full page loses none of them") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int i = 0; i < 2600; ++i)
      rows.push_back({i, some_day() - Hours(5) + Seconds(i)});
    world.exchange.on(kIncome, [rows](const Seen& seen) {
      std::vector<Row> newest_first(rows.rbegin(), rows.rend());
      return answer_income(newest_first, seen);
    });
    const auto income = co_await world.account->fetch_income(some_day() - Hours(6));
    REQUIRE(income.has_value());
    std::vector<std::int64_t> ids;
    for (const auto& row : *income)
      ids.push_back(row.transaction_id);
    CHECK(ids == ids_of(rows));
  });
}

TEST_CASE("income: more than two pages in one millisecond, with others before and after") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int i = 0; i < 300; ++i)
      rows.push_back({i, some_day() - Hours(5) + Millis(i)});
    for (int i = 0; i < 2300; ++i)
      rows.push_back({1000 + i, some_day() - Hours(4)});
    for (int i = 0; i < 50; ++i)
      rows.push_back({9000 + i, some_day() - Hours(3) + Millis(i)});
    const auto ids = co_await fetched_income(world, rows, some_day() - Hours(6));
    CHECK(ids == ids_of(rows));
    const auto sent = world.exchange.seen(kIncome);
    CHECK(std::ranges::count_if(sent, [](const Seen& s) { return s.param("page") == "3"; }) == 1);
  });
}

TEST_CASE("income: exactly a thousand rows, all in one millisecond") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int i = 0; i < 1000; ++i)
      rows.push_back({i, some_day() - Hours(4)});
    const auto ids = co_await fetched_income(world, rows, some_day() - Hours(6));
    CHECK(ids == ids_of(rows));
  });
}

TEST_CASE("income: months are asked in windows that touch and do not overlap") {
  in_world([](World& world) -> Task<void> {
    std::vector<Row> rows;
    for (int hour = 24 * 60; hour > 0; --hour) {
      rows.push_back({10'000 - 2 * hour, some_day() - Hours(hour) - Millis(1)});
      rows.push_back({10'001 - 2 * hour, some_day() - Hours(hour)});
    }
    const auto ids = co_await fetched_income(world, rows, some_day() - Hours(24 * 61));
    CHECK(ids == ids_of(rows));
    const auto sent = world.exchange.seen(kIncome);
    for (std::size_t i = 1; i < sent.size(); ++i)
      CHECK(number(sent[i], "startTime", 0) == number(sent[i - 1], "endTime", 0) + 1);
    CHECK(sent.back().param("endTime") == "-");
  });
}

std::string regular_json(const Row& row) {
  auto text = order_json("t-" + std::to_string(row.id));
  text.replace(text.find("8389765739703625592"), 19, std::to_string(row.id));
  text.replace(text.find("\"updateTime\":"), 13,
               "\"time\":" + std::to_string(to_ms(row.time)) + ",\"updateTime\":");
  return text;
}

/// As allOrders, but when there are more rows than fit, whichever end the test names is kept.
net::ServerReply answer_orders(const std::vector<Row>& all, const Seen& seen, bool keeps_newest) {
  const auto from = number(seen, "startTime", 0);
  const auto to = number(seen, "endTime", from + 7LL * 86'400'000 - 1);
  const auto limit = static_cast<std::size_t>(number(seen, "limit", 500));
  if (to - from >= 7LL * 86'400'000) return error_reply(-4165);
  std::vector<Row> out;
  for (const auto& row : all)
    if (to_ms(row.time) >= from && to_ms(row.time) <= to) out.push_back(row);
  if (out.size() > limit && keeps_newest)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
  if (out.size() > limit) out.resize(limit);
  return json_reply(list_of(out, regular_json));
}

Task<void> orders_come_whole(World& world, bool keeps_newest) {
  std::vector<Row> rows;
  for (int i = 0; i < 3000; ++i)
    rows.push_back({i + 1, some_day() - Hours(24 * 20) + Seconds(i * (i < 2500 ? 60 : 300))});
  world.exchange.on("GET /fapi/v1/allOrders", [rows, keeps_newest](const Seen& seen) {
    return answer_orders(rows, seen, keeps_newest);
  });
  world.exchange.on("GET /fapi/v1/allAlgoOrders", [](const Seen& seen) {
    const bool first = number(seen, "startTime", 0) <= to_ms(some_day() - Hours(24 * 20));
    return json_reply(first ? golden("algo_open_list.json") : "[]");
  });
  const auto orders =
      co_await world.account->fetch_orders(Symbol("BTCUSDT"), some_day() - Hours(24 * 21));
  REQUIRE(orders.has_value());
  std::set<std::int64_t> ids;
  int conditional = 0;
  for (const auto& order : *orders) {
    if (order.conditional)
      ++conditional;
    else
      CHECK(ids.insert(order.order_id).second);
  }
  CHECK(ids.size() == rows.size());
  CHECK(conditional == 1);
}

TEST_CASE("orders: full windows are halved, whichever end of them the exchange keeps") {
  in_world([](World& world) -> Task<void> { return orders_come_whole(world, false); });
  in_world([](World& world) -> Task<void> { return orders_come_whole(world, true); });
}

TEST_CASE("orders: one failed page is an error, never a shorter list") {
  in_world([](World& world) -> Task<void> {
    world.exchange.on("GET /fapi/v1/allOrders", json_reply("[]"));
    world.exchange.on("GET /fapi/v1/allAlgoOrders", error_reply(-1121));
    const auto orders =
        co_await world.account->fetch_orders(Symbol("BTCUSDT"), some_day() - Hours(24));
    CHECK_FALSE(orders.has_value());
  });
}

}  // namespace
}  // namespace bb::binance::test
