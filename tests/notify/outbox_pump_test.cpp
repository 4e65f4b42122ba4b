#include "notify/outbox_pump.h"

#include <doctest/doctest.h>

#include <deque>

#include "notify/text.h"
#include "support/run.h"

namespace bb::notify {
namespace {

using test::run_sim;
using test::SimLoop;
using Fate = DeliveryResult::Fate;

// What a channel was shown, and what it says to it.
struct Book {
  explicit Book(SimLoop& l) : loop(l) {}
  SimLoop& loop;
  std::deque<DeliveryResult> answers;  // then `always`
  DeliveryResult always{Fate::delivered, {}, {}, "77"};
  Micros duration{0};
  std::vector<SteadyTime> sent_at;
  std::vector<Letter> letters;
  std::vector<std::string> titles() const {
    std::vector<std::string> all;
    for (const auto& letter : letters)
      all.push_back(letter.title);
    return all;
  }
};

// A channel that answers as its book says.
class FakeChannel final : public Notifier {
 public:
  FakeChannel(Book& book, std::string name, bool is_phone)
      : book_(book), name_(std::move(name)), is_phone_(is_phone) {}
  std::string name() const override { return name_; }
  bool can_be_silent() const override { return is_phone_; }
  bool can_acknowledge() const override { return is_phone_; }
  Task<DeliveryResult> send(Letter letter) override {
    book_.sent_at.push_back(book_.loop.clock.steady_now());
    book_.letters.push_back(std::move(letter));
    co_await sleep_for(book_.loop.clock, book_.duration);
    if (book_.answers.empty()) co_return book_.always;
    auto answer = book_.answers.front();
    book_.answers.pop_front();
    co_return answer;
  }

 private:
  Book& book_;
  std::string name_;
  bool is_phone_;
};

struct World {
  explicit World(SimLoop& l)
      : loop(l),
        phone(l),
        mail(l),
        stop(l.clock),
        group(l.io.get_executor()),
        switches(dir.path()) {
    store::StoreOptions options;
    options.path = ":memory:";
    auto opened = store::Store::open(options, "paper-one", loop.io.get_executor(), loop.clock, log);
    REQUIRE(opened.has_value());
    store = std::move(*opened);
    settings.alerts.bundle_sec = 0;
    channels.push_back(std::make_unique<FakeChannel>(phone, "telegram:42", true));
  }
  void add_mail() { channels.push_back(std::make_unique<FakeChannel>(mail, "serverchan", false)); }
  void start() {
    PumpParts parts{*store, channels, settings, loop.clock, log, "paper-one", &switches};
    parts.painter = [](std::string attachment, Language) -> Task<std::string> {
      co_return "png of " + attachment;
    };
    pump = std::make_unique<OutboxPump>(std::move(parts));
    group.spawn(pump->run(stop));
  }
  Task<std::int64_t> write(std::string topic, std::string title, std::string attachment = {}) {
    store::OutboxMessage message;
    message.id = store->next_outbox_id();
    message.topic = std::move(topic);
    message.title = std::move(title);
    message.body = "text";
    message.attachment = std::move(attachment);
    message.created_at = message.next_attempt = loop.clock.utc_now();
    store::Batch batch;
    batch.put(message);
    const Status written = co_await store->commit(std::move(batch));
    CHECK(written.has_value());
    co_return message.id;
  }
  Task<void> end() {
    stop.request();
    co_await group.join();
  }

  SimLoop& loop;
  test::TempDir dir;
  std::string lines;
  Log log{LogLevel::debug, [this](LogLevel, std::string_view line) {
            lines += line;
            lines += '\n';
          }};
  Book phone, mail;
  Channels channels;
  NotifySettings settings;
  Stop stop;
  TaskGroup group;
  AlertSwitches switches;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<OutboxPump> pump;
};

using Titles = std::vector<std::string>;

TEST_CASE("outbox pump: a message is sent once, with the time it was written, and marked") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.start();
    co_await world.write("entry", "first");
    co_await sleep_for(loop.clock, Minutes(5));
    CHECK(world.phone.titles() == Titles{"[paper] first"});
    REQUIRE(world.phone.letters.size() == 1);
    CHECK(world.phone.letters[0].body == "2025-10-10T00:00:00.000Z  paper-one\n\ntext");
    CHECK(world.store->pending_messages().empty());
    co_await world.end();
  });
}

TEST_CASE("outbox pump: a title says which environment it is about, unless money is real") {
  CHECK(marked_title("live", "entry failed") == "entry failed");
  CHECK(marked_title("testnet", "entry failed") == "[testnet] entry failed");
  CHECK(marked_title("paper", "entry failed") == "[paper] entry failed");
}

TEST_CASE("outbox pump: each channel has its own cursor: a dead one holds up no other") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.add_mail();
    world.phone.always = {Fate::later, "no route"};
    world.start();
    for (int i = 1; i <= 3; ++i) {
      co_await world.write("entry", "day " + std::to_string(i));
      co_await sleep_for(loop.clock, Minutes(10));
    }
    CHECK(world.mail.titles() == Titles{"[paper] day 1", "[paper] day 2", "[paper] day 3"});
    CHECK(world.store->pending_messages().size() == 3);
    // Never more than 30 s apart, and on its return one message for all.
    CHECK(world.phone.sent_at.size() > 1800 / 32);
    world.phone.always = {Fate::delivered};
    world.phone.letters.clear();
    co_await sleep_for(loop.clock, Minutes(1));
    CHECK(world.phone.titles() == Titles{"[paper] 每日开仓 / entry ×3"});
    CHECK(world.mail.letters.size() == 3);
    CHECK(world.store->pending_messages().empty());
    co_await world.end();
  });
}

TEST_CASE(
    "outbox pump: what is urgent goes first, the flatten before all, and the rest in bundles") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    for (int i = 0; i < 12; ++i)
      co_await world.write("position_opened", "opened");
    co_await world.write("entry", "entry done");
    co_await world.write("protection", "no stop");
    co_await world.write("flatten", "flat");
    world.start();
    co_await sleep_for(loop.clock, Minutes(2));
    CHECK(world.phone.titles() == Titles{"[paper] flat", "[paper] no stop", "[paper] entry done",
                                         "[paper] 开仓 / position opened ×12"});
    co_await world.end();
  });
}

TEST_CASE("outbox pump: results and news wait for more of their kind, what is critical does not") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.settings.alerts.bundle_sec = 20;
    world.start();
    co_await world.write("position_closed", "one");
    co_await sleep_for(loop.clock, Seconds(15));
    co_await world.write("position_closed", "two");
    co_await world.write("rate_ban", "banned");
    co_await sleep_for(loop.clock, Seconds(30));
    CHECK(world.phone.titles() ==
          Titles{"[paper] banned", "[paper] 仓位已平 / position closed ×2"});
    CHECK(world.phone.letters[1].body.find("**one**") != std::string::npos);
    CHECK(world.phone.letters[1].body.find("**two**") != std::string::npos);
    co_await world.end();
  });
}

TEST_CASE("outbox pump: a pause that the vendor asks for is kept, to the second") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.phone.answers.push_back({Fate::later, "429", Seconds(35)});
    world.start();
    co_await world.write("entry", "first");
    co_await world.write("disk", "full");
    co_await sleep_for(loop.clock, Minutes(2));
    REQUIRE(world.phone.sent_at.size() >= 2);
    CHECK(world.phone.sent_at[1] - world.phone.sent_at[0] >= Seconds(35));
    CHECK(world.phone.sent_at[1] - world.phone.sent_at[0] < Seconds(37));
    co_await world.end();
  });
}

TEST_CASE(
    "outbox pump: a message that is refused is tried alone and later, the next one goes out") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.phone.answers.assign(3, {Fate::refused, "bad text"});
    world.start();
    co_await world.write("entry", "stubborn");
    co_await sleep_for(loop.clock, Seconds(2));
    co_await world.write("patrol", "next");
    co_await sleep_for(loop.clock, Minutes(20));
    CHECK(world.phone.titles() == Titles{"[paper] stubborn", "[paper] next", "[paper] stubborn",
                                         "[paper] next", "[paper] stubborn"});
    CHECK(world.store->pending_messages().empty());
    co_await world.end();
  });
}

TEST_CASE("outbox pump: a critical message comes again until somebody acknowledges it") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.add_mail();
    world.start();
    const auto id = co_await world.write("protection", "no stop");
    co_await sleep_for(loop.clock, Minutes(21));
    CHECK(world.phone.titles() == Titles{"[paper] no stop", "[paper] 再次提醒 / again 1: no stop",
                                         "[paper] 再次提醒 / again 2: no stop"});
    CHECK(world.mail.letters.size() == 1);  // nobody can acknowledge there
    const auto& data = world.phone.letters[0].acknowledgement;
    CHECK(acknowledged_id("paper-one", data) == id);
    CHECK(!acknowledged_id("paper-two", data).has_value());
    CHECK(world.mail.letters[0].acknowledgement.empty());
    CHECK(world.switches.acknowledge(id, "42 (bot)").has_value());
    co_await sleep_for(loop.clock, Hours(1));
    CHECK(world.phone.letters.size() == 3);
    CHECK(world.store->pending_messages().empty());
    CHECK(world.lines.find("message acknowledged") != std::string::npos);
    co_await world.end();
  });
}

TEST_CASE("outbox pump: what was never shown cannot be acknowledged") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.phone.always = {Fate::later, "no route"};
    CHECK(world.switches.acknowledge(100, "somebody").has_value());
    world.start();
    co_await world.write("protection", "no stop");
    co_await sleep_for(loop.clock, Hours(1));
    CHECK(world.store->pending_messages().size() == 1);
    co_await world.end();
  });
}

TEST_CASE("outbox pump: after a day without an answer a critical message is no longer repeated") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.start();
    co_await world.write("protection", "no stop");
    co_await sleep_for(loop.clock, Seconds(2));
    for (int hour = 0; hour < 25; ++hour) {
      loop.clock.step_wall_clock(Hours(1));
      co_await sleep_for(loop.clock, Seconds(3));
    }
    const auto shown = world.phone.letters.size();
    CHECK(shown == 24);
    CHECK(world.store->pending_messages().empty());
    loop.clock.step_wall_clock(Hours(5));
    co_await sleep_for(loop.clock, Seconds(3));
    CHECK(world.phone.letters.size() == shown);
    co_await world.end();
  });
}

TEST_CASE("outbox pump: muted, only what is critical comes; the rest follows, together") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    CHECK(world.switches.mute(loop.clock.utc_now() + Hours(1), "42").has_value());
    world.start();
    co_await world.write("patrol", "one");
    co_await world.write("patrol", "two");
    co_await world.write("disk", "full");
    co_await sleep_for(loop.clock, Minutes(3));
    CHECK(world.phone.titles() == Titles{"[paper] full"});
    co_await sleep_for(loop.clock, Hours(1));
    CHECK(world.phone.titles().back() == "[paper] 巡检 / patrol ×2");
    co_await world.end();
  });
}

TEST_CASE(
    "outbox pump: in quiet hours phones get it without a sound, mail gets it in the morning") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.add_mail();
    world.settings.alerts.quiet_hours = "23:00-07:00";  // it is 00:00 UTC
    world.start();
    co_await world.write("patrol", "news");
    co_await world.write("disk", "full");
    co_await sleep_for(loop.clock, Minutes(3));
    CHECK(world.phone.titles() == Titles{"[paper] full", "[paper] news"});
    CHECK(!world.phone.letters[0].is_silent);
    CHECK(world.phone.letters[1].is_silent);
    CHECK(world.mail.titles() == Titles{"[paper] full"});
    loop.clock.step_wall_clock(Hours(7));
    co_await sleep_for(loop.clock, Minutes(1));
    CHECK(world.mail.titles() == Titles{"[paper] full", "[paper] news"});
    co_await world.end();
  });
}

TEST_CASE("outbox pump: a kind is on, silent or off, and a change while it runs wins") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.settings.alerts.levels["patrol"] = "off";
    world.settings.alerts.levels["entry"] = "silent";
    world.start();
    co_await world.write("patrol", "hidden");
    co_await world.write("entry", "quiet");
    co_await sleep_for(loop.clock, Minutes(1));
    CHECK(world.phone.titles() == Titles{"[paper] quiet"});
    CHECK(world.phone.letters[0].is_silent);
    CHECK(world.store->pending_messages().empty());
    CHECK(world.switches.set_level("patrol", Level::on).has_value());
    CHECK(!world.switches.set_level("patrols", Level::on).has_value());
    co_await sleep_for(loop.clock, Seconds(2));
    co_await world.write("patrol", "shown");
    co_await sleep_for(loop.clock, Minutes(1));
    CHECK(world.phone.titles().back() == "[paper] shown");
    co_await world.end();
  });
}

TEST_CASE("outbox pump: what is silent goes only where that is possible") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.add_mail();
    world.start();
    co_await world.write("stop_moved", "news");  // silent unless [alerts] says otherwise
    co_await sleep_for(loop.clock, Minutes(1));
    CHECK(world.phone.titles() == Titles{"[paper] news"});
    CHECK(world.phone.letters[0].is_silent);
    CHECK(world.mail.letters.empty());
    CHECK(world.store->pending_messages().empty());
    CHECK(world.switches.set_level("stop_moved", Level::on).has_value());
    co_await world.write("stop_moved", "loud");
    co_await sleep_for(loop.clock, Minutes(1));
    CHECK(world.mail.titles() == Titles{"[paper] loud"});
    co_await world.end();
  });
}

TEST_CASE("outbox pump: a channel that is broken is told on the others, once") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.add_mail();
    world.phone.always = {Fate::broken, "Telegram refused with 403: bot was blocked by the user"};
    world.start();
    co_await world.write("entry", "done");
    co_await sleep_for(loop.clock, Hours(2));
    CHECK(world.mail.titles() ==
          Titles{"[paper] done", "[paper] 通知渠道失效 / a channel does not work"});
    CHECK(world.mail.letters[1].body.find("telegram:42") != std::string::npos);
    world.phone.always = {Fate::delivered};
    co_await sleep_for(loop.clock, Minutes(15));
    CHECK(world.store->pending_messages().empty());
    co_await world.end();
  });
}

TEST_CASE("outbox pump: an attachment is drawn when its message is sent, which goes alone") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.start();
    co_await world.write("daily_report", "today", "equity 1 2");
    co_await world.write("daily_report", "again");
    co_await sleep_for(loop.clock, Minutes(1));
    REQUIRE(world.phone.letters.size() == 2);
    CHECK(world.phone.letters[0].picture == "png of equity 1 2");
    CHECK(world.phone.letters[1].picture.empty());
    co_await world.end();
  });
}

TEST_CASE(
    "outbox pump: after 24 hours a message is dropped with a warning, a critical one is kept") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.phone.always = {Fate::later, "the line is dead"};
    world.start();
    co_await world.write("patrol", "hopeless");
    co_await world.write("protection", "no stop");
    loop.clock.step_wall_clock(Hours(23));
    co_await sleep_for(loop.clock, Minutes(1));
    REQUIRE(world.store->pending_messages().size() == 2);
    loop.clock.step_wall_clock(Hours(2));
    co_await sleep_for(loop.clock, Minutes(1));
    REQUIRE(world.store->pending_messages().size() == 1);
    CHECK(world.store->pending_messages()[0].title == "no stop");
    CHECK(world.store->pending_messages()[0].last_error == "the line is dead");
    CHECK(world.lines.find("message dropped") != std::string::npos);
    world.phone.always = {Fate::delivered};
    world.phone.letters.clear();
    co_await sleep_for(loop.clock, Minutes(1));
    CHECK(world.phone.titles() == Titles{"[paper] no stop"});
    co_await world.end();
  });
}

TEST_CASE("outbox pump: too many that wait are dropped, the oldest first, never a critical one") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.phone.always = {Fate::later, "the line is dead"};
    co_await world.write("disk", "full");
    for (int i = 0; i < 1200; ++i)
      co_await world.write("stop_moved", std::to_string(i));
    world.start();
    co_await sleep_for(loop.clock, Seconds(2));
    const auto left = world.store->pending_messages();
    REQUIRE(left.size() == 1000);
    CHECK(left[0].title == "full");
    CHECK(left[1].title == "201");
    co_await world.end();
  });
}

TEST_CASE("outbox pump: a stop ends it at once, after the attempt in hand") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.phone.duration = Seconds(4);
    co_await world.write("entry", "first");
    co_await world.write("patrol", "second");
    world.start();
    co_await sleep_for(loop.clock, Seconds(1));
    co_await world.end();
    CHECK(loop.clock.steady_now() == SteadyTime(Seconds(4)));
    CHECK(world.phone.titles() == Titles{"[paper] first"});
    REQUIRE(world.store->pending_messages().size() == 1);
    CHECK(world.store->pending_messages()[0].title == "second");
    CHECK(world.pump->has_unsent());
  });
}

TEST_CASE("outbox pump: without a channel messages are dropped and do not pile up") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    world.channels.clear();
    world.start();
    co_await world.write("alert", "nobody listens");
    co_await sleep_for(loop.clock, Seconds(2));
    CHECK(world.store->pending_messages().empty());
    CHECK(!world.pump->has_unsent());
    co_await world.end();
  });
}

TEST_CASE("alert switches: a file that was changed by hand loses no message") {
  const test::TempDir dir;
  const AlertSwitches switches(dir.path());
  CHECK(switches.read() == SwitchState{});
  CHECK(switches.mute(from_ms(5000), "a\nb").has_value());
  CHECK(switches.set_level("patrol", Level::silent).has_value());
  CHECK(switches.acknowledge(7, "me").has_value());
  CHECK(switches.acknowledge(3, "late").has_value());
  auto state = switches.read();
  CHECK(state.muted_until == from_ms(5000));
  CHECK(state.muted_by == "a b");
  CHECK(state.levels.at("patrol") == Level::silent);
  CHECK(state.acknowledged_id == 7);
  CHECK(state.acknowledged_by == "me");
  CHECK(switches.set_level("patrol", std::nullopt).has_value());
  CHECK(switches.read().levels.empty());
}

}  // namespace
}  // namespace bb::notify
