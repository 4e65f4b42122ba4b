#include "domain/client_order_id.h"

#include <doctest/doctest.h>

#include <regex>
#include <set>

#include "support/run.h"

namespace bb::test {
namespace {

const std::regex kVenueRule(R"(^[\.A-Z\:/a-z0-9_-]{1,36}$)");

TEST_CASE("client order id: fits the exchange's rule and reads back, whatever the symbol") {
  const ClientOrderIds ids("SgsR", "paper");
  for (const auto* name : {"BTCUSDT", "币安人生USDT", "1000PEPEUSDT"}) {
    const OrderKey key{some_day(), Job::loss_cut, Symbol(name), OrderKind::loss_cut, 32767};
    const auto id = ids.make(key);
    CHECK(std::regex_match(id.str(), kVenueRule));
    const auto back = ids.decode(id, Symbol(name));
    REQUIRE(back.has_value());
    CHECK(back->day == some_day());
    CHECK(back->job == Job::loss_cut);
    CHECK(back->kind == OrderKind::loss_cut);
    CHECK(back->attempt == 32767);
  }
}

TEST_CASE("client order id: the same key gives the same id, another key another id") {
  const ClientOrderIds ids("SgsR", "paper");
  std::set<std::string> seen;
  for (int attempt = 0; attempt < 4; ++attempt)
    for (const auto kind : {OrderKind::entry, OrderKind::stop, OrderKind::take_profit})
      for (const auto* name : {"BTCUSDT", "ETHUSDT"}) {
        const OrderKey key{some_day(), Job::entry, Symbol(name), kind, attempt};
        CHECK(ids.make(key) == ids.make(key));
        seen.insert(ids.make(key).str());
      }
  CHECK(seen.size() == 24);
}

TEST_CASE("client order id: foreign ids are not ours") {
  const ClientOrderIds ours("SgsR", "live");
  const OrderKey key{some_day(), Job::entry, Symbol("BTCUSDT"), OrderKind::entry, 0};
  const ClientOrderIds other_environment("SgsR", "paper");
  const ClientOrderIds other_account("XyZ1", "live");
  CHECK_FALSE(ours.decode(other_environment.make(key), Symbol("BTCUSDT")));
  CHECK_FALSE(ours.decode(other_account.make(key), Symbol("BTCUSDT")));
  CHECK_FALSE(ours.decode(ours.make(key), Symbol("ETHUSDT")));
  CHECK_FALSE(ours.decode(ClientOrderId("t10s-ent-BTCUSDT-0a1b2c3d"), Symbol("BTCUSDT")));
  CHECK_FALSE(ours.decode(ClientOrderId("autoclose-1"), Symbol("BTCUSDT")));
}

}  // namespace
}  // namespace bb::test
