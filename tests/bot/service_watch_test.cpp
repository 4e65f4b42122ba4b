#include "bot/service_watch.h"

#include <doctest/doctest.h>

#include <vector>

namespace bb::bot::test {
namespace {

using Kind = ServiceNews::Kind;

constexpr Micros kPatience{30'000'000};
constexpr Micros kStep{5'000'000};

/// An account that is looked at every five seconds.
struct Account {
  ServiceWatch watch{kPatience};
  ServiceLook look;
  SteadyTime now{Micros(1'000'000'000)};
  int pid = 100;

  Account() { start(); }
  void start() {
    look = {};
    look.service = store::LockHolder{++pid, "service on paper", from_ms(pid * 1000)};
    look.is_held = look.answers = true;
  }
  void die() { look.is_held = look.answers = false; }
  void stop() {
    die();
    look.said_goodbye = true;
  }
  void hang() { look.answers = false; }
  std::vector<Kind> pass(Micros time) {
    std::vector<Kind> told;
    for (Micros passed{0}; passed < time; passed += kStep) {
      if (const auto news = watch.see(look, now)) told.push_back(news->kind);
      now += kStep;
    }
    return told;
  }
  void restart_bot() {
    ServiceWatch next{kPatience};
    next.restore(watch.save());
    watch = next;
  }
};

using Told = std::vector<Kind>;

TEST_CASE("service watch: one that died is told once within a minute, and its return is told") {
  Account account;
  CHECK(account.pass(Minutes(5)).empty());
  account.die();
  CHECK(account.pass(Seconds(25)).empty());
  CHECK(account.pass(Seconds(15)) == Told{Kind::died});
  CHECK(account.pass(Hours(5)).empty());
  account.start();
  CHECK(account.pass(Minutes(1)) == Told{Kind::back});
  CHECK(account.pass(Hours(1)).empty());
}

TEST_CASE("service watch: one that does not answer is told, also when it dies of it") {
  Account account;
  CHECK(account.pass(Minutes(1)).empty());
  account.hang();
  CHECK(account.pass(Minutes(1)) == Told{Kind::silent});
  account.die();
  CHECK(account.pass(Minutes(5)).empty());
  account.start();
  CHECK(account.pass(Minutes(1)) == Told{Kind::back});
  // A moment without an answer is none.
  account.hang();
  CHECK(account.pass(Seconds(20)).empty());
  account.look.answers = true;
  CHECK(account.pass(Seconds(20)).empty());
  account.hang();
  CHECK(account.pass(Seconds(25)).empty());
}

TEST_CASE("service watch: one that was stopped on purpose, or is restarted, is no alarm") {
  Account account;
  CHECK(account.pass(Minutes(1)).empty());
  account.stop();
  CHECK(account.pass(Seconds(20)).empty());
  account.look.is_held = account.look.answers = true;  // its successor
  account.look.service = store::LockHolder{500, "service on paper", from_ms(7'000'000)};
  CHECK(account.pass(Minutes(2)).empty());
  account.stop();
  CHECK(account.pass(Minutes(2)) == Told{Kind::stopped});
  CHECK(account.pass(Hours(9)).empty());
  account.start();
  CHECK(account.pass(Minutes(1)) == Told{Kind::back});
  // Known to nobody before, and stopped long ago.
  Account other;
  other.stop();
  CHECK(other.pass(Hours(1)).empty());
}

TEST_CASE("service watch: the one that hung and is stopped by somebody is told to be stopped") {
  Account account;
  CHECK(account.pass(Minutes(1)).empty());
  account.hang();
  CHECK(account.pass(Minutes(1)) == Told{Kind::silent});
  account.stop();
  CHECK(account.pass(Minutes(1)) == Told{Kind::stopped});
}

TEST_CASE("service watch: a crash with a quick restart is a line, three within minutes an alarm") {
  Account account;
  CHECK(account.pass(Minutes(1)).empty());
  account.die();
  CHECK(account.pass(Seconds(5)).empty());
  account.start();
  CHECK(account.pass(Minutes(2)) == Told{Kind::crashed});
  account.start();
  CHECK(account.pass(Minutes(2)) == Told{Kind::crashed});
  account.start();
  CHECK(account.pass(Minutes(2)) == Told{Kind::crashing, Kind::back});
  CHECK(account.pass(Hours(1)).empty());
  account.start();
  CHECK(account.pass(Minutes(1)) == Told{Kind::crashed});
}

TEST_CASE("service watch: one that looks at its positions too late is told, and when it is over") {
  Account account;
  account.look.is_late = false;
  CHECK(account.pass(Minutes(1)).empty());
  account.look.is_late = true;
  CHECK(account.pass(Minutes(5)) == Told{Kind::late});
  account.look.is_late.reset();  // nobody says
  CHECK(account.pass(Minutes(5)).empty());
  account.look.is_late = false;
  CHECK(account.pass(Minutes(5)) == Told{Kind::back});
}

TEST_CASE("service watch: a restart of the bot forgets nothing, and tells nothing twice") {
  Account account;
  CHECK(account.pass(Minutes(1)).empty());
  account.restart_bot();
  account.die();
  account.look.service.reset();  // another command has the account since
  CHECK(account.pass(Minutes(1)) == Told{Kind::died});
  account.restart_bot();
  CHECK(account.pass(Minutes(10)).empty());
  account.start();
  account.restart_bot();
  CHECK(account.pass(Minutes(1)) == Told{Kind::back});
  for (const char* text : {"", "x", "9 1 2 service", "1 2", "0 1 2"}) {
    ServiceWatch watch{kPatience};
    watch.restore(text);
    CHECK_MESSAGE(!watch.service().has_value(), text);
  }
}

TEST_CASE("service watch: where no service ever ran, nothing is told") {
  ServiceWatch watch{kPatience};
  for (int i = 0; i < 100; ++i)
    CHECK_FALSE(watch.see({}, SteadyTime(i * kStep)).has_value());
  CHECK(is_service("service on live"));
  CHECK(is_service("manage --loop on paper"));
  CHECK_FALSE(is_service("flatten on live"));
  CHECK_FALSE(is_service("bot, delivering messages"));
}

}  // namespace
}  // namespace bb::bot::test
