#include <doctest/doctest.h>

#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;
using Effect = FaultRule::Effect;

namespace {

FaultRule on_order(Effect effect) {
  FaultRule rule;
  rule.method = Method::post;
  rule.path_prefix = "/fapi/v1/order";
  rule.effect = effect;
  return rule;
}

std::string position(World& world) {
  world.server().advance();
  const auto rows = world.exchange().positions(0);
  return rows.empty() ? "0" : rows.front().position.qty.str();
}

}  // namespace

TEST_CASE("faults: refused before acting: the planted answer, and nothing has happened") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto rule = on_order(Effect::refuse);
    rule.status = 503;
    rule.code = -1008;
    rule.text = "Request throttled by system-level protection.";
    rule.retry_after_s = 3;
    const auto number = world.server().faults().add(rule);
    const auto refused = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(refused.status == 503);
    CHECK(refused.code() == -1008);
    CHECK(refused.header("Retry-After") == "3");
    CHECK(position(world) == "0");
    CHECK(world.server().faults().fired(number) == 1);
    // Only the first is hit.
    const auto next = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(next.status == 200);
    CHECK(world.server().faults().matched(number) == 2);
    CHECK(world.server().faults().fired(number) == 1);
    co_await world.close();
  });
}

TEST_CASE("faults: acted, then the answer is lost, cut, or an unknown error") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto& faults = world.server().faults();
    faults.add(on_order(Effect::act_then_drop));
    const auto dropped = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(dropped.status == 0);
    CHECK(position(world) == "-1");
    faults.clear();
    faults.add(on_order(Effect::act_then_truncate));
    const auto truncated = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(truncated.status == 0);
    CHECK(position(world) == "-2");
    faults.clear();
    faults.add(on_order(Effect::act_then_error));
    const auto unknown = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(unknown.status == 503);
    CHECK(unknown.msg() == "Unknown error, please check your request or try again later.");
    CHECK(position(world) == "-3");
    faults.clear();
    faults.add(on_order(Effect::drop));
    const auto lost = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(lost.status == 0);
    CHECK(position(world) == "-3");
    CHECK(world.server().request_log().back().status == 0);
    co_await world.close();
  });
}

TEST_CASE("faults: delays hold one request, not the others") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto rule = on_order(Effect::delay);
    rule.before = Millis(700);
    rule.after = Millis(300);
    world.server().faults().add(rule);
    TaskGroup group(loop.io.get_executor());
    TimePoint slow{}, quick{}, acted{};
    const auto order = [](World& w, SimLoop& l, TimePoint& done) -> Task<void> {
      (void)co_await w.market("AAAUSDT", "SELL", "1");
      done = l.clock.utc_now();
    };
    const auto other = [](World& w, SimLoop& l, TimePoint& done) -> Task<void> {
      (void)co_await w.get("/fapi/v1/time");
      done = l.clock.utc_now();
    };
    group.spawn(order(world, loop, slow));
    group.spawn(other(world, loop, quick));
    co_await group.join();
    CHECK(quick == some_day());
    CHECK(slow == some_day() + Seconds(1));
    for (const auto& entry : world.exchange().journal())
      if (entry.kind == sim::JournalEntry::Kind::fill) acted = entry.time;
    CHECK(acted == some_day() + Millis(700));
    co_await world.close();
  });
}

TEST_CASE("faults: a rule may match a parameter, begin late and come again") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto rule = on_order(Effect::refuse);
    rule.param = "symbol";
    rule.value = "AAAUSDT";
    rule.first = 2;
    rule.every = 2;
    const auto number = world.server().faults().add(rule);
    std::string answers;
    for (int i = 0; i < 5; ++i) {
      const auto other = co_await world.market("BBBUSDT", "SELL", "100");
      const auto answer = co_await world.market("AAAUSDT", "SELL", "1");
      answers += std::to_string(answer.status) + " ";
      CHECK(other.status == 200);
    }
    CHECK(answers == "200 503 200 503 200 ");
    CHECK(world.server().faults().matched(number) == 5);
    CHECK(world.server().faults().fired() == 2);
    co_await world.close();
  });
}

TEST_CASE("faults: positions are answered as they were a while ago") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    FaultRule rule;
    rule.path_prefix = "/fapi/v3/positionRisk";
    rule.effect = Effect::stale_positions;
    rule.span = Millis(500);
    rule.every = 1;
    world.server().faults().add(rule);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto before = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(before.body == "[]");
    co_await sleep_for(loop.clock, Millis(500));
    const auto seen = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(column(seen.body, "positionAmt") == "-1.000");
    (void)co_await world.market("AAAUSDT", "BUY", "1");
    co_await sleep_for(loop.clock, Millis(499));
    const auto ghost = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(column(ghost.body, "positionAmt") == "-1.000");
    co_await sleep_for(loop.clock, Millis(1));
    const auto flat = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(flat.body == "[]");
    co_await world.close();
  });
}

TEST_CASE("faults: a rule that comes late knows the positions there are") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    FaultRule rule;
    rule.path_prefix = "/fapi/v3/account";
    rule.effect = Effect::stale_positions;
    rule.span = Millis(500);
    rule.every = 1;
    world.server().faults().add(rule);
    co_await sleep_for(loop.clock, Seconds(10));
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto account = co_await world.get_signed("/fapi/v3/account");
    CHECK(column(account.at("positions"), "positionAmt") == "-1.000");
    const auto risk = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(column(risk.body, "positionAmt") == "-2.000");
    co_await world.close();
  });
}

TEST_CASE("faults: a placed order cannot be found for a while") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    auto rule = on_order(Effect::hide_orders);
    rule.span = Millis(2000);
    world.server().faults().add(rule);
    (void)co_await world.market("AAAUSDT", "SELL", "1", "&newClientOrderId=hidden");
    (void)co_await world.market("AAAUSDT", "SELL", "1", "&newClientOrderId=visible");
    const std::string query = "symbol=AAAUSDT&origClientOrderId=";
    const auto hidden = co_await world.get_signed("/fapi/v1/order", query + "hidden");
    CHECK(hidden.code() == -2013);
    const auto visible = co_await world.get_signed("/fapi/v1/order", query + "visible");
    CHECK(visible.at("status") == "FILLED");
    co_await sleep_for(loop.clock, Millis(2000));
    const auto found = co_await world.get_signed("/fapi/v1/order", query + "hidden");
    CHECK(found.at("status") == "FILLED");
    co_await world.close();
  });
}
