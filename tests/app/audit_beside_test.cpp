// An audit beside the process that holds the account.
#include <doctest/doctest.h>

#include "app/audit.h"
#include "app/setup.h"

namespace bb::app::test {
namespace {

using bb::test::run_world;
using bb::test::SimWorld;

Task<std::unique_ptr<Account>> hold(Setup& setup) {
  auto account = co_await Account::open(setup.ground(), {"bubble-buster service", true, false});
  if (!account) FAIL(account.error().text);
  co_return std::move(*account);
}

Task<AuditReport> audit(Setup& setup) {
  const auto view = co_await AccountView::open(setup.ground());
  if (!view) FAIL(view.error().text);
  auto report = co_await audit_account(**view);
  if (!report) FAIL(report.error().text);
  co_return std::move(*report);
}

TEST_CASE("audit: it runs beside the process that holds the account") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    const auto holder = co_await hold(setup);
    trading::Entry entry(holder->desk(), setup.config.strategy);
    const auto entered = co_await entry.run(world.slot());
    CHECK(entered.opened == 10);
    const auto second = co_await Account::open(setup.ground(), {"another", true, false});
    REQUIRE(!second.has_value());
    CHECK(second.error().kind == ErrorKind::busy);
    CHECK(second.error().text.find("(bubble-buster service on paper)") != std::string::npos);

    const auto report = co_await audit(setup);
    CHECK(report.ok());
    CHECK(report.positions == 10);
    CHECK(report.orders == 30);

    // And the holder goes on.
    store::Batch batch;
    batch.put(
        store::Slot{Job::entry, "2025-10-11", store::SlotState::done, "", world.server().now()});
    const Status written = co_await holder->store().commit(std::move(batch));
    CHECK(written.has_value());
  });
}

Task<void> put_late(SimWorld& world, store::Store& store, store::Holding holding) {
  co_await world.sleep(Seconds(1));
  store::Batch batch;
  batch.put(holding);
  const Status written = co_await store.commit(std::move(batch));
  CHECK(written.has_value());
}

TEST_CASE("audit: what the holder is just doing is no difference, what stays is one") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    const auto holder = co_await hold(setup);
    trading::Entry entry(holder->desk(), setup.config.strategy);
    (void)co_await entry.run(world.slot());
    auto holding = holder->store().open_holdings().at(0);
    const Qty held = holding.qty;
    holding.qty = held + held;
    co_await put_late(world, holder->store(), holding);
    const auto wrong = co_await audit(setup);
    REQUIRE(wrong.differences.size() == 1);
    CHECK(wrong.differences[0].find("position " + holding.symbol.str()) == 0);

    holding.qty = held;
    TaskGroup group(world.loop().io.get_executor());
    group.spawn(put_late(world, holder->store(), holding));
    const auto right = co_await audit(setup);
    CHECK(right.ok());
    co_await group.join();
  });
}

TEST_CASE("audit: without a database it says so, and makes none") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    const auto view = co_await AccountView::open(setup.ground());
    REQUIRE(view.has_value());
    const auto report = co_await audit_account(**view);
    REQUIRE(!report.has_value());
    CHECK(report.error().kind == ErrorKind::configuration);
    CHECK(report.error().text.find("there is no database") == 0);
  });
}

}  // namespace
}  // namespace bb::app::test
