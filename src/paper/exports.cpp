// Bulk exports of orders, fills and income: asked for, made ready a little later, fetched as CSV
// from a link that works for a day. The exchange allows a few of each kind in a calendar month.
//
// The link needs no key, as the real one (it is opened in a browser): who knows its token may read
// the file, and nobody can guess it.
#include <fmt/format.h>

#include <algorithm>

#include "net/crypto.h"
#include "paper/handlers.h"

namespace bb::paper {

namespace {

using Kind = Export::Kind;
using net::JsonWriter;

constexpr Seconds kPreparation{5};
constexpr std::chrono::days kLifetime{1};
constexpr std::chrono::days kSpanMax{365};

int monthly_limit(Kind kind) { return kind == Kind::orders ? 10 : 5; }

auto month_of(TimePoint t) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(t)};
  return std::chrono::year_month(day.year(), day.month());
}

Reply start(Call& call, Kind kind) {
  (void)call.params.required_integer("startTime");
  (void)call.params.required_integer("endTime");
  const auto from = call.params.optional_time("startTime");
  const auto to = call.params.optional_time("endTime");
  if (from && to && *from > *to)
    call.params.complain(-1023, "Start time is greater than end time.");
  if (from && to && *to - *from > kSpanMax)
    call.params.complain(-4165, fmt::format("Maximum time interval is {} days.", kSpanMax.count()));
  if (call.params.error()) return refuse(*call.params.error());
  auto& exports = call.venue.exports();
  const int limit = monthly_limit(kind);
  const auto used = std::ranges::count_if(exports, [&](const Export& one) {
    return one.account == call.account && one.kind == kind &&
           month_of(one.asked_at) == month_of(call.now);
  });
  if (used >= limit)
    return refuse(-1003,
                  fmt::format("Too many requests; current limit is {} requests per month.", limit));
  // What is of an earlier month counts no more and has expired.
  std::erase_if(exports, [&](const Export& one) {
    return month_of(one.asked_at) != month_of(call.now) && call.now > one.asked_at + kLifetime;
  });
  const auto id = call.venue.make_export_id();
  const auto token =
      call.venue.tokens().make(fmt::format("export {} {} {}", call.account, id, to_ms(call.now)));
  const Export made{id, token, call.account, kind, *from, *to, call.now};
  exports.push_back(made);
  JsonWriter json;
  json.begin_object()
      .field("avgCostTimestampOfLast30d", Millis(kPreparation).count())
      .field("downloadId", std::to_string(made.id))
      .end_object();
  return ok(json);
}

const Export* find_export(Call& call, std::int64_t id) {
  const auto& exports = call.venue.exports();
  const auto found = std::ranges::find(exports, id, &Export::id);
  return found == exports.end() ? nullptr : &*found;
}

Reply status(Call& call, Kind kind) {
  const auto id = call.params.required_integer("downloadId");
  if (call.params.error()) return refuse(*call.params.error());
  const auto* found = find_export(call, id);
  if (!found || found->kind != kind || found->account != call.account)
    return refuse(-1099, "Not found, unauthenticated, or unauthorized.");
  const bool is_ready = call.now >= found->asked_at + kPreparation;
  const TimePoint end = found->asked_at + kPreparation + kLifetime;
  JsonWriter json;
  json.begin_object()
      .field("downloadId", std::to_string(id))
      .field("status", is_ready ? "completed" : "processing")
      .field("url", is_ready
                        ? fmt::format("http://{}/paper/export?token={}", call.host, found->token)
                        : "")
      .key("s3Link")
      .null()
      .field("notified", is_ready)
      .field("expirationTimestamp", is_ready ? to_ms(end) : -1)
      .key("isExpired");
  if (is_ready && call.now > end)
    json.value(true);
  else
    json.null();
  json.end_object();
  return ok(json);
}

bool holds(const Export& wanted, TimePoint t) { return t >= wanted.from && t <= wanted.to; }

std::string income_csv(Call& call, const Export& wanted) {
  std::string csv = "Date(UTC),Type,Amount,Asset,Symbol,Transaction ID\n";
  for (const auto& row : call.exchange().income(wanted.account))
    if (holds(wanted, row.time))
      csv += fmt::format("{},{},{},{},{},{}\n", iso_seconds(row.time), row.type, eight(row.amount),
                         row.asset, row.symbol, row.transaction_id);
  return csv;
}

std::string orders_csv(Call& call, const Export& wanted) {
  std::string csv =
      "Order ID,Date(UTC),Symbol,Client Order ID,Type,Side,Price,Quantity,Average Price,"
      "Executed,Status\n";
  for (const auto& rules : call.venue.market().rules(call.now))
    for (const auto& order : call.exchange().orders(wanted.account, rules.symbol, false))
      if (holds(wanted, order.create_time))
        csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", order.order_id,
                           iso_seconds(order.create_time), order.symbol.str(),
                           order.client_order_id.str(), word(order.type), word(order.side),
                           order.price.str(), order.qty.str(), order.average_price.str(),
                           order.executed_qty.str(), word(order.status));
  return csv;
}

std::string fills_csv(Call& call, const Export& wanted) {
  std::string csv =
      "Date(UTC),Symbol,Side,Price,Quantity,Fee,Fee Coin,Realized Profit,Trade ID,Order ID\n";
  for (const auto& rules : call.venue.market().rules(call.now))
    for (const auto& fill : call.exchange().fills(wanted.account, rules.symbol))
      if (holds(wanted, fill.time))
        csv += fmt::format("{},{},{},{},{},{},USDT,{},{},{}\n", iso_seconds(fill.time),
                           fill.symbol.str(), word(fill.side), fill.price.str(), fill.qty.str(),
                           fill.commission.str(), fill.realized_pnl.str(), fill.trade_id,
                           fill.order_id);
  return csv;
}

}  // namespace

Reply start_order_export(Call& call) { return start(call, Kind::orders); }
Reply start_fill_export(Call& call) { return start(call, Kind::fills); }
Reply start_income_export(Call& call) { return start(call, Kind::income); }
Reply order_export(Call& call) { return status(call, Kind::orders); }
Reply fill_export(Call& call) { return status(call, Kind::fills); }
Reply income_export(Call& call) { return status(call, Kind::income); }

Reply fetch_export(Call& call) {
  const auto token = call.params.required("token");
  if (call.params.error()) return refuse(*call.params.error());
  const auto found = std::ranges::find_if(call.venue.exports(), [&](const Export& one) {
    return net::equal_constant_time(one.token, token);
  });
  const bool is_there = found != call.venue.exports().end() &&
                        call.now >= found->asked_at + kPreparation &&
                        call.now <= found->asked_at + kPreparation + kLifetime;
  if (!is_there) {
    Reply gone = refuse(-1099, "Not found, unauthenticated, or unauthorized.");
    gone.status = 404;
    return gone;
  }
  Reply reply;
  reply.content_type = "text/csv";
  switch (found->kind) {
    case Kind::orders:
      reply.body = orders_csv(call, *found);
      break;
    case Kind::fills:
      reply.body = fills_csv(call, *found);
      break;
    case Kind::income:
      reply.body = income_csv(call, *found);
      break;
  }
  return reply;
}

}  // namespace bb::paper
