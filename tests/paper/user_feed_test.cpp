// Events of what no request of this exchange brings about yet, or only others: fed to the user feed
// entry by entry.
#include "paper/user_feed.h"

#include <doctest/doctest.h>

#include "paper/stream_client.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

using Kind = sim::JournalEntry::Kind;

const std::string kFile = "user_stream_events.jsonl";

Price price(std::string_view text) { return Price(*Decimal::parse(text)); }
Qty qty(std::string_view text) { return Qty(*Decimal::parse(text)); }

/// A venue with one account that is short of one AAAUSDT, and a feed that keeps its events.
struct Desk {
  explicit Desk(SimLoop& loop)
      : venue(market, options, some_day()),
        feed({venue, loop.clock, [] { return some_day() + Millis(3); },
              [](int) { return std::string("a-key"); },
              [this](UserEvent event) { events.push_back(event.text); }, [] {}}) {
    exchange::OrderRequest order;
    order.symbol = Symbol("AAAUSDT");
    order.qty = qty("1");
    const auto placed = venue.exchange().place(0, order);
    REQUIRE(placed.has_value());
  }

  sim::JournalEntry entry(Kind kind) const {
    sim::JournalEntry entry;
    entry.kind = kind;
    entry.time = some_day();
    entry.symbol = Symbol("AAAUSDT");
    return entry;
  }
  Task<std::string> tell(SimLoop& loop, sim::JournalEntry entry) {
    events.clear();
    feed.on_journal(entry);
    co_await sleep_for(loop.clock, Millis(1));
    co_return events.size() == 1 ? events[0] : std::to_string(events.size()) + " events";
  }

  sim::Market market = make_test_market();
  ServerOptions options = default_options();
  Venue venue;
  std::vector<std::string> events;
  UserFeed feed;
};

}  // namespace

TEST_CASE("user feed: leverage, margin type, isolated margin and margin calls") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Desk desk(loop);
    auto text = co_await desk.tell(loop, desk.entry(Kind::leverage_changed));
    CHECK(difference(text, recorded(kFile, "roq/json_account_config_update/simple_1")) == "");
    CHECK(member(text, "ac.l") == "20");
    CHECK(member(text, "E") == std::to_string(to_ms(some_day()) + 3));
    text = co_await desk.tell(loop, desk.entry(Kind::margin_type_changed));
    CHECK(member(text, "a.m") == "MARGIN_TYPE_CHANGE");
    CHECK(member(text, "a.P.s") == "AAAUSDT");
    CHECK(member(text, "a.P.mt") == "cross");
    CHECK(member(text, "a.P.pa") == "-1");
    text = co_await desk.tell(loop, desk.entry(Kind::isolated_margin_changed));
    CHECK(member(text, "a.m") == "MARGIN_TRANSFER");
    CHECK(member(text, "a.B.bc") == "0");
    text = co_await desk.tell(loop, desk.entry(Kind::margin_call));
    CHECK(difference(text, recorded(kFile, "roq/json_margin_call/online_example")) == "");
    CHECK(member(text, "p.mt") == "CROSSED");
    CHECK(member(text, "p.mp") == "100");
  });
}

TEST_CASE("user feed: an amended order") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Desk desk(loop);
    auto entry = desk.entry(Kind::order_amended);
    exchange::OrderView order;
    order.symbol = entry.symbol;
    order.client_order_id = ClientOrderId("web_1");
    order.order_id = 5;
    order.type = OrderType::limit;
    order.status = OrderStatus::open;
    order.qty = qty("0.5");
    order.price = price("98.5");
    entry.order = order;
    entry.detail = sim::OrderDetail();
    const auto text = co_await desk.tell(loop, entry);
    // No fee, so neither `N` nor `n`.
    CHECK(difference(text, recorded(kFile, "ethusdc_2026-04-21/5_limit_amended")) == "-o.N -o.n");
    CHECK(member(text, "o.x") == "AMENDMENT");
    CHECK(member(text, "o.X") == "NEW");
    CHECK(member(text, "o.p") == "98.50");
  });
}

TEST_CASE("user feed: what only the ledger writes is no event") {
  run_sim([](SimLoop& loop) -> Task<void> {
    Desk desk(loop);
    for (const auto kind : {Kind::position_opened, Kind::position_closed, Kind::protected_from,
                            Kind::unprotected_from, Kind::liquidated}) {
      const auto text = co_await desk.tell(loop, desk.entry(kind));
      CHECK(text == "0 events");
    }
    auto entry = desk.entry(Kind::income);
    entry.income = exchange::Income{"COMMISSION", 1, "USDT", {}, "AAAUSDT", "", some_day()};
    const auto text = co_await desk.tell(loop, entry);
    CHECK(text == "0 events");
  });
}
