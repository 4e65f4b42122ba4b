// Several accounts in one process, over real sockets: one command for all, one truth each.
#include "app/account_group.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "app/exit_codes.h"
#include "net/http_server.h"
#include "support/sim_world.h"

namespace bb::app::test {
namespace {

using bb::test::TempDir;
using control::CommandKind;

constexpr int kShorts = 3;

sim::Market market_around(TimePoint now) {
  sim::RandomMarketOptions options;
  options.market.begin = utc_midnight(now) - Hours(48);
  options.days = 4;
  options.symbols = 10;
  options.delistings_per_day = 0;
  return sim::make_random_market(options);
}

/// Names are people's; a key is letters.
std::string key_of(std::string name) {
  std::erase_if(name, [](char c) { return c < 'a' || c > 'z'; });
  return name;
}

paper::ServerOptions with_accounts(const std::vector<std::string>& names) {
  paper::ServerOptions options;
  for (const auto& name : names) {
    paper::PaperAccount account;
    account.alias = account.api_key = key_of(name);
    account.api_secret = "word-of-" + name;
    options.accounts.push_back(std::move(account));
  }
  return options;
}

/// A paper exchange on the session's own loop, and the configuration of each of its accounts.
class House {
 public:
  House(Session& session, std::vector<std::string> names)
      : names_(std::move(names)),
        stop_(session.clock()),
        market_(market_around(session.clock().utc_now())),
        server(session.clock(), market_, with_accounts(names_)),
        group_(session.io().get_executor()) {
    auto opened = net::HttpListener::open(session.io(), session.clock(), "127.0.0.1", 0,
                                          server.handler(), {});
    REQUIRE(opened.has_value());
    listener_ = std::move(*opened);
    group_.spawn(listener_->run(stop_));
    for (std::size_t i = 0; i < names_.size(); ++i) {
      open_shorts(static_cast<int>(i), session.clock().utc_now());
      configs.push_back(config_of(names_[i]));
    }
  }

  Task<void> close() {
    stop_.request();
    co_await group_.join();
  }

  std::vector<NamedAccount> accounts() const {
    std::vector<NamedAccount> out;
    for (std::size_t i = 0; i < names_.size(); ++i)
      out.push_back({names_[i], configs[i].get()});
    return out;
  }

  int open_positions(int account) {
    server.advance();
    return static_cast<int>(
        std::ranges::count_if(server.exchange().positions(account),
                              [](const auto& row) { return !row.position.qty.is_zero(); }));
  }

 private:
  void open_shorts(int account, TimePoint now) {
    server.advance();
    int opened = 0;
    for (const auto& rules : market_.rules(now)) {
      const auto price = market_.mark(rules.symbol, now);
      if (!price || opened == kShorts) continue;
      exchange::OrderRequest order;
      order.symbol = rules.symbol;
      order.qty = Qty(
          (Usdt(Decimal::from_int(100)) / *price).value().floor_to(rules.market_lot.step.value()));
      order.client_order_id = ClientOrderId("by-hand-" + std::to_string(opened));
      if (server.exchange().place(account, order)) ++opened;
    }
    REQUIRE(opened == kShorts);
  }

  std::unique_ptr<Config> config_of(const std::string& name) const {
    auto config = std::make_unique<Config>();
    config->binance.base_url = "http://127.0.0.1:" + std::to_string(listener_->port());
    config->binance.api_key = Secret(key_of(name));
    config->binance.api_secret = Secret("word-of-" + name);
    config->runtime.state_dir = dir_.path();
    config->runtime.db_path = dir_.file(name + ".db");
    config->runtime.lock_file = dir_.file(name + ".lock");
    config->runtime.log_dir = dir_.file("logs");
    config->runtime.lock_wait_sec = Decimal::from_int(0);
    return config;
  }

  TempDir dir_;
  std::vector<std::string> names_;
  Stop stop_;
  sim::Market market_;

 public:
  paper::Server server;
  std::vector<std::unique_ptr<Config>> configs;

 private:
  std::unique_ptr<net::HttpListener> listener_;
  TaskGroup group_;
};

void with_house(std::vector<std::string> names,
                const std::function<Task<void>(Session&, House&)>& body) {
  const Config config;
  Session session(config, Log(LogLevel::error, null_sink()), false);
  session.run([&](Session& host) -> Task<int> {
    House house(host, std::move(names));
    co_await body(host, house);
    co_await house.close();
    co_return 0;
  });
}

std::vector<std::string> verdicts(const std::vector<AccountResult>& results) {
  std::vector<std::string> out;
  for (const auto& result : results)
    out.push_back(result.name + " " + std::string(flatten_verdict(result.report)));
  return out;
}

std::string texts(const std::vector<AccountResult>& results) {
  std::string out;
  for (const auto& result : results)
    out += result.name + ": " + result.report.text + "\n";
  return out;
}

control::Command a_flatten(Session& host) { return make_command(host, CommandKind::flatten); }

TEST_CASE("accounts: one command flattens all of them, and a bad key hides none of the others") {
  with_house({"a@x.io", "b", "c"}, [](Session& host, House& house) -> Task<void> {
    house.configs[1]->binance.api_secret = Secret("another-word");
    AccountGroup group(host, house.accounts());
    std::vector<std::string> told;
    const auto results = co_await group.carry_out(
        a_flatten(host), {}, [&](const AccountResult& result) { told.push_back(result.name); });
    INFO(texts(results));
    CHECK(verdicts(results) == std::vector<std::string>{"a@x.io FLAT", "b UNKNOWN", "c FLAT"});
    CHECK(told.size() == 3);
    CHECK(house.open_positions(0) == 0);
    CHECK(house.open_positions(1) == kShorts);
    CHECK(house.open_positions(2) == 0);
    CHECK(results[1].report.failed);
  });
}

TEST_CASE("accounts: files that nothing names are those of the account's own directory") {
  with_house({"a", "b"}, [](Session& host, House& house) -> Task<void> {
    for (auto& config : house.configs) {
      config->runtime.db_path.clear();
      config->runtime.lock_file.clear();
    }
    AccountGroup group(host, house.accounts());
    const auto results = co_await group.carry_out(a_flatten(host));
    INFO(texts(results));
    CHECK(verdicts(results) == std::vector<std::string>{"a FLAT", "b FLAT"});
    CHECK(house.configs[0]->runtime.db_path.ends_with("/state.db"));
    CHECK(house.configs[0]->runtime.db_path != house.configs[1]->runtime.db_path);
    CHECK(std::filesystem::exists(house.configs[0]->runtime.db_path));
  });
}

TEST_CASE("accounts: of several results the exit code tells the worst, and JSON tells each") {
  const auto codes = [](std::vector<int> of) {
    std::vector<AccountResult> results;
    for (const int code : of)
      results.push_back({"a", {code, "{}\n", "", false}});
    return exit_code_of(results);
  };
  CHECK(codes({0, 0}) == kDone);
  CHECK(codes({0, 5}) == kPartial);
  CHECK(codes({5, 5}) == kUnreachable);
  CHECK(codes({3, 6, 0}) == kUnknown);
  CHECK(codes({4, 3}) == kPartial);
  CHECK(render_results({{"a\"b", {3, "{\"verdict\":\"PARTIAL\"}\n", "", false}}}) ==
        "{\"accounts\":[{\"account\":\"a\\\"b\",\"exit_code\":3,"
        "\"result\":{\"verdict\":\"PARTIAL\"}}]}\n");
}

TEST_CASE("accounts: some by name, and a name that nobody has is a result, not a silence") {
  with_house({"a", "b"}, [](Session& host, House& house) -> Task<void> {
    AccountGroup group(host, house.accounts());
    const auto results = co_await group.carry_out(a_flatten(host), {"b", "nobody"});
    INFO(texts(results));
    CHECK(verdicts(results) == std::vector<std::string>{"b FLAT", "nobody UNKNOWN"});
    CHECK(house.open_positions(0) == kShorts);
    CHECK(house.open_positions(1) == 0);
  });
}

TEST_CASE("accounts: two names for one account are two results of the same truth") {
  with_house({"a"}, [](Session& host, House& house) -> Task<void> {
    house.configs.front()->runtime.lock_wait_sec = Decimal::from_int(20);
    auto accounts = house.accounts();
    accounts.push_back({"the same", accounts.front().config});
    AccountGroup group(host, std::move(accounts));
    const auto results = co_await group.carry_out(a_flatten(host));
    INFO(texts(results));
    CHECK(verdicts(results) == std::vector<std::string>{"a FLAT", "the same FLAT"});
    CHECK(house.open_positions(0) == 0);
  });
}

TEST_CASE("accounts: a preview of all of them changes nothing and pauses nobody") {
  with_house({"a", "b"}, [](Session& host, House& house) -> Task<void> {
    AccountGroup group(host, house.accounts());
    const auto results = co_await group.carry_out(make_command(host, CommandKind::preview));
    for (const auto& result : results) {
      CHECK_FALSE(result.report.failed);
      CHECK(result.report.json.find("\"command\":\"flatten-preview\"") != std::string::npos);
      CHECK(result.report.text.find("3 positions") != std::string::npos);
    }
    CHECK(house.open_positions(0) == kShorts);
    const auto home =
        co_await find_home({host.dialer(), host.clock(), host.log(), *house.configs.front()});
    REQUIRE(home.has_value());
    CHECK_FALSE(store::Latch(*home).read().has_value());
  });
}

TEST_CASE("accounts: those at the same host share its limits, others do not") {
  with_house({"a", "b"}, [](Session& host, House& house) -> Task<void> {
    Venues venues(2);
    const auto ground = [&](int i) {
      return Ground{host.dialer(), host.clock(), host.log(),
                    *house.configs[static_cast<std::size_t>(i)]};
    };
    CHECK(venues.of(ground(0)) == venues.of(ground(1)));
    Config elsewhere;
    elsewhere.binance.base_url = "http://127.0.0.1:1";
    elsewhere.runtime.state_dir = house.configs.front()->runtime.state_dir;
    const Ground other{host.dialer(), host.clock(), host.log(), elsewhere};
    CHECK(venues.of(other) != venues.of(ground(0)));
    co_return;
  });
}

}  // namespace
}  // namespace bb::app::test
