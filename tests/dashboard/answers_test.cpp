// Answers that everybody shares, the board that a run chose from, and the demo's own address.
#include <doctest/doctest.h>

#include "dashboard/site.h"
#include "net/json.h"
#include "store/ranking.h"

namespace bb::dashboard::test {
namespace {

using net::JsonDocument;
using net::Method;

store::Run make_run(const std::string& day, TimePoint at) {
  return {"run-" + day, day, at, at + Seconds(2), store::RunStatus::success, "1 opened"};
}

Task<void> commit(World& world, store::Batch batch) {
  const auto stored = co_await world.store->commit(std::move(batch));
  REQUIRE(stored.has_value());
}

TEST_CASE("answers: a change shows in the next answer, however young the last one is") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const TimePoint now = loop.clock.utc_now();
    store::Batch first;
    first.put(make_run("2025-10-09", now));
    co_await commit(world, std::move(first));
    const auto before = co_await world.ask({Method::get, "/api/v1/runs"});
    const auto again = co_await world.ask({Method::get, "/api/v1/runs"});
    CHECK(before.body == again.body);
    store::Batch second;
    second.put(make_run("2025-10-10", now + Hours(24)));
    co_await commit(world, std::move(second));
    const auto after = co_await world.ask({Method::get, "/api/v1/runs"});
    CHECK(after.body.find("2025-10-10") != std::string::npos);
  });
}

TEST_CASE("answers: what is shared is given to nobody who is not signed in") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    auto asked = co_await world.signed_in("correct horse battery", Method::get, "/api/v1/runs");
    const auto told = co_await world.ask(asked);
    CHECK(told.status == 200);
    const auto stranger = co_await world.ask({Method::get, "/api/v1/runs"});
    CHECK(stranger.status == 401);
  });
}

TEST_CASE("answers: an entry of the cache ends after a second, and with its version") {
  run_sim([](SimLoop& loop) -> Task<void> {
    AnswerCache cache(loop.clock);
    cache.keep("/a", "1", {200, {}, "one"});
    REQUIRE(cache.find("/a", "1") != nullptr);
    CHECK(cache.find("/a", "1")->body == "one");
    CHECK(cache.find("/a", "2") == nullptr);
    CHECK(cache.find("/b", "1") == nullptr);
    co_await sleep_for(loop.clock, Millis(1001));
    CHECK(cache.find("/a", "1") == nullptr);
  });
}

TEST_CASE("ranking: what was written is read, whatever stands in a reason") {
  store::Ranking ranking{412, 3, 1, {}};
  const auto number = [](const char* text) { return Decimal::parse(text).value(); };
  ranking.contracts.push_back(
      {1, Symbol("AUSDT"), Ratio(number("0.91")), Price(number("2.5")), "picked", ""});
  ranking.contracts.push_back({2, Symbol("BUSDT"), Ratio(number("-0.1")), Price(number("0.00001")),
                               "price", "line\none\tand <b>two"});
  const auto row = store::journal_row(make_run("2025-10-09", TimePoint{}), ranking);
  CHECK(row.key == "run-2025-10-09");
  const auto read = store::parse_ranking(row.body);
  CHECK(read.universe == 412);
  CHECK(read.without_open == 3);
  CHECK(read.rescaled == 1);
  REQUIRE(read.contracts.size() == 2);
  CHECK(read.contracts[0].symbol == Symbol("AUSDT"));
  CHECK(read.contracts[1].change.str() == "-0.1");
  CHECK(read.contracts[1].last.str() == "0.00001");
  CHECK(read.contracts[1].reason == "line one and <b>two");
  CHECK(store::parse_ranking("").empty());
  CHECK(store::parse_ranking("1\tAUSDT\tmany\t1\tpicked\t\n\x01\t\n").empty());
}

TEST_CASE("ranking: a run tells the board that it chose from, and an old run that it has none") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto run = make_run("2025-10-09", loop.clock.utc_now());
    store::Batch batch;
    batch.put(run);
    batch.put(make_run("2025-10-08", loop.clock.utc_now()));
    store::Ranking ranking{412, 0, 0, {}};
    ranking.contracts.push_back(
        {1, Symbol("AUSDT"), Ratio(Decimal::from_int(1)), Price(Decimal::from_int(2)), "held", ""});
    batch.add(store::journal_row(run, ranking));
    co_await commit(world, std::move(batch));
    const auto response = co_await world.ask({Method::get, "/api/v1/runs/run-2025-10-09"});
    const auto document = JsonDocument::parse(response.body);
    REQUIRE(document.has_value());
    const auto told = document->root().at("ranking");
    CHECK(told.at("universe").integer() == 412);
    told.at("contracts").for_each([](net::JsonView row) {
      CHECK(row.at("symbol").text() == "AUSDT");
      CHECK(row.at("verdict").text() == "held");
    });
    const auto old = co_await world.ask({Method::get, "/api/v1/runs/run-2025-10-08"});
    CHECK(old.body.find("\"ranking\":null") != std::string::npos);
  });
}

TEST_CASE("replay: where nothing is replayed there is nothing to steer") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto response = co_await world.ask({Method::post, "/api/v1/replay", "{\"speed\":60}"});
    CHECK(response.status == 404);
  });
}

TEST_CASE("catch-up: without a password nobody switches it, and without a holder it is told") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const std::string address = "/api/runtime/settings/entry-catchup?enabled=false";
    const auto refused = co_await world.ask({Method::post, address, "{}"});
    CHECK(refused.status == 403);
  });
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop, true);
    auto asked = co_await world.signed_in("correct horse battery", Method::post,
                                          "/api/runtime/settings/entry-catchup", "{}");
    const auto vague = co_await world.ask(asked);
    CHECK(vague.status == 422);
    asked.target += "?enabled=true&persist=false";
    const auto fleeting = co_await world.ask(asked);
    CHECK(fleeting.status == 422);
  });
}

}  // namespace
}  // namespace bb::dashboard::test
