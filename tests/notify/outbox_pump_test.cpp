#include "notify/outbox_pump.h"

#include <doctest/doctest.h>

#include "support/run.h"

namespace bb::notify {
namespace {

using test::run_sim;
using test::SimLoop;

// A channel that answers as told and remembers when it was asked.
class FakeNotifier final : public Notifier {
 public:
  explicit FakeNotifier(SimLoop& loop) : loop_(loop) {}
  Task<DeliveryResult> send(std::string title, std::string body) override {
    sent_at.push_back(loop_.clock.steady_now());
    titles.push_back(std::move(title));
    bodies.push_back(std::move(body));
    co_await sleep_for(loop_.clock, duration);
    if (refusals == 0) co_return DeliveryResult{true, {}};
    --refusals;
    co_return DeliveryResult{false, "the line is dead"};
  }

  int refusals = 0;
  Micros duration{0};
  std::vector<SteadyTime> sent_at;
  std::vector<std::string> titles, bodies;

 private:
  SimLoop& loop_;
};

struct World {
  explicit World(SimLoop& loop) : fake(loop), stop(loop.clock), group(loop.io.get_executor()) {
    store::StoreOptions options;
    options.path = ":memory:";
    auto opened = store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, log);
    REQUIRE(opened.has_value());
    store = std::move(*opened);
  }
  Task<void> write(SimLoop& loop, std::string title) {
    store::OutboxMessage message;
    message.id = store->next_outbox_id();
    message.topic = "alert";
    message.title = std::move(title);
    message.body = "text";
    message.created_at = message.next_attempt = loop.clock.utc_now();
    store::Batch batch;
    batch.put(message);
    const Status written = co_await store->commit(std::move(batch));
    CHECK(written.has_value());
  }

  std::string lines;
  Log log{LogLevel::debug, [this](LogLevel, std::string_view line) {
            lines += line;
            lines += '\n';
          }};
  FakeNotifier fake;
  Stop stop;
  TaskGroup group;
  std::unique_ptr<store::Store> store;
};

TEST_CASE("outbox pump: a message is sent once, with the time it was written, and marked") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await world.write(loop, "first");
    OutboxPump pump(*world.store, &world.fake, loop.clock, world.log, "paper-one");
    world.group.spawn(pump.run(world.stop));
    co_await sleep_for(loop.clock, Minutes(5));
    CHECK(world.fake.titles == std::vector<std::string>{"[paper] first"});
    CHECK(world.fake.bodies ==
          std::vector<std::string>{"2025-10-10T00:00:00.000Z  paper-one\n\ntext"});
    CHECK(world.store->pending_messages().empty());
    world.stop.request();
    co_await world.group.join();
  });
}

TEST_CASE("outbox pump: a title says which environment it is about, unless money is real") {
  CHECK(marked_title("live", "entry failed") == "entry failed");
  CHECK(marked_title("testnet", "entry failed") == "[testnet] entry failed");
  CHECK(marked_title("paper", "entry failed") == "[paper] entry failed");
}

TEST_CASE("outbox pump: pauses grow from 5 s to 30 min, with the same text each time") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.fake.refusals = 7;
    co_await world.write(loop, "stubborn");
    OutboxPump pump(*world.store, &world.fake, loop.clock, world.log, "paper-one");
    world.group.spawn(pump.run(world.stop));
    co_await sleep_for(loop.clock, Hours(3));
    std::vector<Micros> pauses;
    for (std::size_t i = 1; i < world.fake.sent_at.size(); ++i)
      pauses.push_back(world.fake.sent_at[i] - world.fake.sent_at[i - 1]);
    CHECK(pauses == std::vector<Micros>{Seconds(5), Seconds(30), Minutes(2), Minutes(10),
                                        Minutes(30), Minutes(30), Minutes(30)});
    for (const std::string& body : world.fake.bodies)
      CHECK(body == world.fake.bodies.front());
    CHECK(world.store->pending_messages().empty());
    world.stop.request();
    co_await world.group.join();
  });
}

TEST_CASE("outbox pump: after 24 hours a message is dropped with a warning") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.fake.refusals = 1000;
    co_await world.write(loop, "hopeless");
    OutboxPump pump(*world.store, &world.fake, loop.clock, world.log, "paper-one");
    world.group.spawn(pump.run(world.stop));
    co_await sleep_for(loop.clock, Hours(23));
    REQUIRE(world.store->pending_messages().size() == 1);
    CHECK(world.store->pending_messages()[0].last_error == "the line is dead");
    co_await sleep_for(loop.clock, Hours(2));
    CHECK(world.store->pending_messages().empty());
    CHECK(world.lines.find("message dropped") != std::string::npos);
    const auto attempts = world.fake.sent_at.size();
    co_await sleep_for(loop.clock, Hours(24));
    CHECK(world.fake.sent_at.size() == attempts);
    world.stop.request();
    co_await world.group.join();
  });
}

TEST_CASE("outbox pump: one message that fails does not hold back the next") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.fake.refusals = 1;
    co_await world.write(loop, "first");
    co_await world.write(loop, "second");
    OutboxPump pump(*world.store, &world.fake, loop.clock, world.log, "paper-one");
    world.group.spawn(pump.run(world.stop));
    co_await sleep_for(loop.clock, Seconds(10));
    CHECK(world.fake.titles ==
          std::vector<std::string>{"[paper] first", "[paper] second", "[paper] first"});
    world.stop.request();
    co_await world.group.join();
  });
}

TEST_CASE("outbox pump: a stop ends it at once, after the attempt in hand") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.fake.duration = Seconds(4);
    co_await world.write(loop, "first");
    co_await world.write(loop, "second");
    OutboxPump pump(*world.store, &world.fake, loop.clock, world.log, "paper-one");
    world.group.spawn(pump.run(world.stop));
    co_await sleep_for(loop.clock, Seconds(1));
    world.stop.request();
    co_await world.group.join();
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(4)));
    CHECK(world.fake.titles == std::vector<std::string>{"[paper] first"});
    REQUIRE(world.store->pending_messages().size() == 1);
    CHECK(world.store->pending_messages()[0].title == "second");
  });
}

TEST_CASE("outbox pump: without a notifier messages are dropped and do not pile up") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    co_await world.write(loop, "nobody listens");
    OutboxPump pump(*world.store, nullptr, loop.clock, world.log, "paper-one");
    world.group.spawn(pump.run(world.stop));
    co_await sleep_for(loop.clock, Seconds(2));
    CHECK(world.store->pending_messages().empty());
    world.stop.request();
    co_await world.group.join();
  });
}

}  // namespace
}  // namespace bb::notify
