// The doctor beside a paper exchange: all well once, and each fault provoked once.
#include "app/doctor.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "app/setup.h"
#include "store/latch.h"

namespace bb::app::test {
namespace {

using bb::test::run_world;
using bb::test::SimWorld;
using Rule = paper::FaultRule;

Task<DoctorReport> ask(Setup& setup, DoctorOptions options = {}) {
  return examine(setup.ground(), options);
}

const Finding* find(const DoctorReport& report, const std::string& check) {
  for (const auto& each : report.findings)
    if (each.check == check) return &each;
  return nullptr;
}

/// Every request to `path` gets that answer.
Rule answers(std::string path, std::string body, int status = 200) {
  Rule rule;
  rule.path_prefix = std::move(path);
  rule.every = 1;
  rule.status = status;
  rule.raw_body = std::move(body);
  return rule;
}

std::string account_home(Setup& setup) {
  return store::AccountHome::path_of(setup.dir.path(), "paper", "paper");
}

void write(const std::string& path, const std::string& text, mode_t mode = 0600) {
  std::ofstream(path) << text;
  chmod(path.c_str(), mode);
}

// What stands wherever the tests run is not their business.
void expect_only(const DoctorReport& report, const std::string& check, Mark mark) {
  CAPTURE(check);
  const auto* found = find(report, check);
  REQUIRE(found != nullptr);
  CAPTURE(found->found);
  CHECK(found->mark == mark);
  CHECK(!found->found.empty());
  CHECK(found->advice.empty() == (mark == Mark::fine));
  for (const auto& each : report.findings) {
    const bool is_machines = each.check.ends_with("folder") || each.check == "machine clock";
    CAPTURE(each.check);
    CAPTURE(each.found);
    if (each.check != check && !is_machines) CHECK(each.mark != Mark::fault);
  }
  CHECK(exit_code_of(report) == (report.count(Mark::fault) > 0 ? kFailed : kDone));
}

TEST_CASE("doctor: a set-up that is well has no fault, and nothing was written or locked") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    const auto report = co_await ask(setup);
    for (const char* check : {"config",
                              "environment",
                              "time zone",
                              "machine clock",
                              "proxy",
                              "notifier",
                              "exchange",
                              "clock",
                              "key",
                              "permissions",
                              "modes",
                              "contracts",
                              "margin",
                              "conditional orders",
                              "user stream",
                              "rate limit",
                              "state folder",
                              "home",
                              "lock",
                              "latch",
                              "database folder",
                              "database",
                              "log folder"}) {
      CAPTURE(check);
      const auto* found = find(report, check);
      REQUIRE(found != nullptr);
      CAPTURE(found->found);
      CHECK(found->mark != Mark::fault);
    }
    CHECK(report.environment == "paper");
    CHECK(report.account == "paper");
    CHECK(exit_code_of(report) == kDone);
    CHECK(std::filesystem::is_empty(setup.dir.path()));
    CHECK(find(report, "user stream")->mark == Mark::fine);
  });
}

TEST_CASE("doctor: it works beside the process that holds the account, and says who that is") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    const auto holder = co_await Account::open(setup.ground(), {"service", true, false});
    REQUIRE(holder.has_value());
    const auto report = co_await ask(setup);
    expect_only(report, "lock", Mark::fine);
    CHECK(find(report, "lock")->found.find("(service on paper)") != std::string::npos);
    CHECK(find(report, "database")->found.find("'paper-paper'") != std::string::npos);
    const auto next = co_await Account::open(setup.ground(), {"service", true, false});
    CHECK(!next.has_value());  // the holder holds it still
  });
}

TEST_CASE("doctor: whatever the exchange finds wrong is a fault with advice") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    auto& faults = world.server().faults();
    struct Case {
      std::string check;
      Rule rule;
      Mark mark;
    };
    const auto may = [](const char* ip, const char* withdraw, const char* futures) {
      return answers("/sapi/v1/account/apiRestrictions",
                     std::string(R"({"ipRestrict":)") + ip +
                         R"(,"enableReading":true,"enableInternalTransfer":false,)"
                         R"("permitsUniversalTransfer":false,"enableWithdrawals":)" +
                         withdraw + R"(,"enableFutures":)" + futures + "}");
    };
    const auto mode = [](const char* can_trade, const char* multi) {
      return answers("/fapi/v1/accountConfig", std::string(R"({"canTrade":)") + can_trade +
                                                   R"(,"dualSidePosition":true,)"
                                                   R"("multiAssetsMargin":)" +
                                                   multi + "}");
    };
    const std::vector<Case> cases = {
        {"permissions", may("true", "false", "true"), Mark::fine},
        {"permissions", may("false", "false", "true"), Mark::warning},
        {"permissions", may("true", "true", "true"), Mark::fault},
        {"permissions", may("true", "false", "false"), Mark::fault},
        {"permissions", answers("/sapi", "<html>", 404), Mark::warning},
        {"key", answers("/fapi/v3/balance", R"({"code":-2015,"msg":"Invalid API-key"})", 401),
         Mark::fault},
        {"modes", mode("true", "false"), Mark::fine},
        {"modes", mode("false", "false"), Mark::fault},
        {"modes", mode("true", "true"), Mark::fault},
        {"modes", answers("/fapi/v1/accountConfig", "{}"), Mark::fault},
        {"contracts", answers("/fapi/v1/leverageBracket", "[]"), Mark::fault},
        {"brackets", answers("/fapi/v1/leverageBracket", R"([{"symbol":1}])"), Mark::fault},
        {"contracts", answers("/fapi/v1/exchangeInfo", R"({"symbols":[{}]})"), Mark::fault},
        {"margin", answers("/fapi/v1/symbolConfig", "{}"), Mark::fault},
        {"conditional orders", answers("/fapi/v1/openAlgoOrders", R"([{}])"), Mark::fault},
        {"user stream", answers("/fapi/v1/listenKey", R"({"code":-1125,"msg":"no"})", 400),
         Mark::warning},
    };
    for (const auto& each : cases) {
      faults.clear();
      faults.add(each.rule);
      expect_only(co_await ask(setup), each.check, each.mark);
    }
    faults.clear();
  });
}

TEST_CASE("doctor: a clock, a ban and a dead exchange are found") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    world.server().set_skew(Seconds(5));
    expect_only(co_await ask(setup), "clock", Mark::warning);
    world.server().set_skew(Seconds(120));
    expect_only(co_await ask(setup), "clock", Mark::fault);
    world.server().set_skew(Seconds(0));

    setup.config.binance.recv_window = 100;
    world.dialer().set_latency({Millis(60), Micros(0)});
    const auto slow = co_await ask(setup);
    CHECK(find(slow, "clock")->mark == Mark::fault);
    setup.config.binance.recv_window = 5000;
    world.dialer().set_latency({Millis(25), Micros(0)});

    world.server().faults().add(answers("/fapi/v1/openAlgoOrders", "[]", 418));
    const auto banned = co_await ask(setup);
    CHECK(find(banned, "rate limit")->mark == Mark::fault);
    world.server().faults().clear();

    world.dialer().set_gate([](const net::Endpoint&) -> Status {
      return fail(ErrorKind::unreachable, "paper.test: connection refused");
    });
    const auto dead = co_await ask(setup);
    expect_only(dead, "exchange", Mark::fault);
    CHECK(find(dead, "database")->mark == Mark::fine);
    world.dialer().set_gate([](const net::Endpoint&) -> Status {
      return fail(ErrorKind::unreachable, "the proxy is not reachable: refused");
    });
    setup.config.notify.http_proxy = setup.config.notify.https_proxy = "http://proxy.test:3128";
    const auto unproxied = co_await ask(setup);
    CHECK(unproxied.findings.at(unproxied.findings.size() - 2).check == "proxy");
    CHECK(exit_code_of(unproxied) == kFailed);
    world.dialer().set_gate({});
  });
}

TEST_CASE("doctor: keys that are absent, wrong or placeholders are found") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    setup.config.binance.api_secret = Secret("wrong-secret-word");
    expect_only(co_await ask(setup), "key", Mark::fault);
    setup.config.binance.api_secret = Secret("YOUR_API_SECRET");
    expect_only(co_await ask(setup), "key", Mark::fault);
    setup.config.binance.api_key = Secret();
    expect_only(co_await ask(setup), "key", Mark::fault);
  });
}

TEST_CASE("doctor: the account's files are looked at") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    const auto made = co_await Account::open(setup.ground(), {"service", true, false});
    REQUIRE(made.has_value());
    const std::string home = account_home(setup);
    REQUIRE(std::filesystem::exists(home));

    const store::Latch latch(home);
    REQUIRE(latch.set({store::LatchKind::paused, "anna", "holidays", world.server().now()}));
    expect_only(co_await ask(setup), "latch", Mark::warning);
    REQUIRE(latch.set({store::LatchKind::halted, "service", "two traders", world.server().now()}));
    const auto halted = co_await ask(setup);
    expect_only(halted, "latch", Mark::fault);
    CHECK(find(halted, "latch")->found.find("by service: two traders") != std::string::npos);
    REQUIRE(latch.clear());

    chmod(home.c_str(), 0755);
    const auto open = co_await ask(setup);
    expect_only(open, "home", Mark::fault);
    CHECK(find(open, "home")->advice == "chmod 700 " + home);
    chmod(home.c_str(), 0700);

    write(setup.dir.file("other.db"), "this is no database, and it is long enough to be read");
    setup.config.runtime.db_path = setup.dir.file("other.db");
    expect_only(co_await ask(setup), "database", Mark::fault);
  });
}

TEST_CASE("doctor: a database of another account is a fault, one that refused records a warning") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    {
      const auto stranger =
          store::Store::open({setup.config.runtime.db_path, false}, "live-somebody",
                             world.loop().io.get_executor(), world.loop().clock, setup.log);
      REQUIRE(stranger.has_value());
    }
    const auto report = co_await ask(setup);
    expect_only(report, "database", Mark::fault);
    CHECK(find(report, "database")->found.find("'live-somebody'") != std::string::npos);
    CHECK(find(report, "database")->found.find("'paper-paper'") != std::string::npos);
    setup.config.runtime.db_path = setup.dir.file("mine.db");
    {
      const auto mine =
          store::Store::open({setup.config.runtime.db_path, false}, "paper-paper",
                             world.loop().io.get_executor(), world.loop().clock, setup.log);
      REQUIRE(mine.has_value());
    }
    write(setup.dir.file("mine.db.spill.refused"), "x");
    expect_only(co_await ask(setup), "database", Mark::warning);
  });
}

TEST_CASE("account: a database of the same account in another environment is refused") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    {
      const auto live =
          store::Store::open({setup.config.runtime.db_path, false}, "live-paper",
                             world.loop().io.get_executor(), world.loop().clock, setup.log);
      REQUIRE(live.has_value());
    }
    const auto account = co_await Account::open(setup.ground(), {"service", true, false});
    REQUIRE(!account.has_value());
    CHECK(account.error().kind == ErrorKind::configuration);
    CHECK(account.error().text.find("'paper-paper'") != std::string::npos);
  });
}

TEST_CASE("doctor: modes of the configuration and of the files it names are looked at") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    const std::string secret = setup.dir.file("secret");
    setup.config.path = setup.dir.file("config.ini");
    write(secret, "word", 0600);
    write(setup.config.path, "[binance]\napi_secret = file:" + secret + "\n", 0600);
    expect_only(co_await ask(setup), "secret file", Mark::fine);
    chmod(secret.c_str(), 0640);
    expect_only(co_await ask(setup), "secret file", Mark::fault);
    chmod(secret.c_str(), 0600);
    chmod(setup.config.path.c_str(), 0644);
    expect_only(co_await ask(setup), "config", Mark::warning);
    chmod(setup.config.path.c_str(), 0620);
    expect_only(co_await ask(setup), "config", Mark::fault);
  });
}

TEST_CASE("doctor: a test message without a notifier is a fault, a half-set proxy a warning") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    expect_only(co_await ask(setup, {.send = true}), "message", Mark::fault);
    setup.config.notify.http_proxy = "http://proxy.test:3128";
    expect_only(co_await ask(setup), "proxy", Mark::warning);
    setup.config.notify.https_proxy = "http://proxy.test:3128";
    expect_only(co_await ask(setup), "proxy", Mark::fine);
    setup.config.notify.enabled = false;
    expect_only(co_await ask(setup), "notifier", Mark::warning);
    setup.config.notify.enabled = true;
    setup.config.notify.serverchan_sendkey = Secret("SCTsendkeyoftheTests0");
    expect_only(co_await ask(setup), "notifier", Mark::fine);
    // The paper exchange is no messenger: it answers, but not with "delivered".
    expect_only(co_await ask(setup, {.send = true}), "message", Mark::fault);
  });
}

TEST_CASE("doctor: no secret stands in what it says") {
  run_world({}, [](SimWorld& world) -> Task<void> {
    Setup setup(world);
    setup.config.notify.serverchan_sendkey = Secret("SCTsecretsendkey00000");
    const auto sent = co_await ask(setup, {.send = true});
    expect_only(sent, "message", Mark::fault);  // the paper exchange is no messenger
    const auto well = render(sent, false);
    const std::string key(setup.config.binance.api_key.reveal());
    world.server().faults().add(
        answers("/fapi/v3/balance", R"({"code":-2015,"msg":"no such key: )" + key + R"("})", 401));
    world.server().faults().add(answers(
        "/fapi/v1/listenKey", R"({"code":-2015,"msg":"no such key: )" + key + R"("})", 401));
    const auto ill = render(co_await ask(setup), true);
    for (const auto* text : {&well.json, &well.text, &ill.json, &ill.text})
      for (const std::string& secret :
           {key, std::string(setup.config.binance.api_secret.reveal()), std::string("SCTsecret")})
        CHECK(text->find(secret) == std::string::npos);
  });
}

}  // namespace
}  // namespace bb::app::test
