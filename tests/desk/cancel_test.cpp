#include <doctest/doctest.h>

#include "support/sim_world.h"

namespace bb::test {
namespace {

TEST_CASE(
    "cancel: a stop that another hand has cancelled is gone, though it is still shown as live") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    const auto entered = co_await world.entry().run(world.slot());
    REQUIRE(entered.opened > 0);
    const auto holding = world.store().open_holdings().front();
    const exchange::OrderRef stop{holding.symbol, holding.sl_client_order_id, 0, true};
    const auto other = co_await world.account().cancel(stop);
    REQUIRE(other.done() != nullptr);
    const auto shown = co_await world.account().find_order(stop);
    REQUIRE(shown.has_value());
    REQUIRE(shown->has_value());
    CHECK(is_live((*shown)->status));
    const bool is_gone = co_await world.desk().cancel_order(stop);
    CHECK(is_gone);
  });
}

}  // namespace
}  // namespace bb::test
