#include "flatten_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "app/account_group.h"
#include "net/json.h"
#include "paper_thread.h"

namespace bb::bench {

namespace {

constexpr int kAccounts = 10;
constexpr int kShorts = 20;

PaperTrial paper_trial(double lost_answers) {
  PaperTrial trial;
  trial.lost_answers = lost_answers;
  trial.loses_reads = true;
  trial.accounts = kAccounts;
  trial.shorts = kShorts;
  return trial;
}

double round_trips(Micros span) {
  return std::chrono::duration<double, std::milli>(span) / kRoundTrip;
}

std::unique_ptr<app::Config> config_of(const PaperKeys& keys, int port, const Folder& folder) {
  auto config = std::make_unique<app::Config>();
  config->binance.base_url = fmt::format("http://127.0.0.1:{}", port);
  config->binance.api_key = Secret(keys.key);
  config->binance.api_secret = Secret(keys.secret);
  config->runtime.state_dir = folder.file("state");
  config->runtime.db_path = folder.file(keys.alias + ".db");
  config->runtime.lock_file = folder.file(keys.alias + ".lock");
  config->runtime.log_dir = folder.file("logs");
  return config;
}

control::Command make(app::Session& session, control::CommandKind kind) {
  auto command = app::make_command(session, kind);
  command.who = "bench";
  return command;
}

// "2026-11-21T23:00:50.123Z" of the verdict's read.
TimePoint proved_at(const control::Report& report) {
  const auto document = net::JsonDocument::parse(report.json);
  if (!document || !document->root().has("as_of")) return {};
  const std::string text(document->root().at("as_of").text());
  constexpr std::size_t kSeconds = 19;
  const auto whole = parse_utc_instant(text.substr(0, kSeconds));
  if (!whole) return {};
  return *whole + Millis(std::stoi(text.substr(kSeconds + 1, 3)));
}

Task<int> flatten(app::Session& host, std::vector<app::NamedAccount> accounts, int revoked,
                  app::Config& revoked_config, std::vector<app::AccountResult>& results,
                  FlattenFigures& out) {
  app::AccountGroup group(host, std::move(accounts));
  // What the owner looks at before he confirms.
  (void)co_await group.carry_out(make(host, control::CommandKind::preview));
  if (revoked >= 0) revoked_config.binance.api_secret = Secret("no longer this one");
  const Millis waited_before = group.waited_longest();
  const SteadyTime begin = host.clock().steady_now();
  const TimePoint begin_utc = host.clock().utc_now();
  results = co_await group.carry_out(make(host, control::CommandKind::flatten));
  out.until_told = round_trips(host.clock().steady_now() - begin);
  const Millis waited = group.waited_longest();
  out.limited_ms = static_cast<double>((waited > waited_before ? waited : Millis(0)).count());
  TimePoint last = begin_utc;
  for (const auto& result : results)
    last = std::max(last, proved_at(result.report));
  out.until_proved = round_trips(last - begin_utc);
  co_return 0;
}

void judge(const std::vector<app::AccountResult>& results, const std::vector<int>& open,
           FlattenFigures& out) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto verdict = app::flatten_verdict(results[i].report);
    out.flat += verdict == "FLAT";
    out.partial += verdict == "PARTIAL";
    out.unknown += verdict == "UNKNOWN";
    out.untrue += (verdict == "FLAT" && open[i] != 0) || (verdict == "PARTIAL" && open[i] == 0);
  }
}

Task<void> flatten_as_original(Clock& clock, Client& client) {
  auto& account = *client.account;
  (void)co_await client.market->fetch_rules();
  const auto positions = co_await account.fetch_positions();
  const auto tickers = co_await client.market->fetch_tickers();
  if (!positions || !tickers) throw std::runtime_error("the account could not be read");
  std::map<Symbol, Price> last;
  for (const auto& ticker : tickers->value)
    last.emplace(ticker.symbol, ticker.last);
  int number = 0;
  for (const auto& position : *positions) {
    const auto* rules = client.desk->book().find_rules(position.symbol);
    exchange::OrderRequest order;
    order.symbol = position.symbol;
    order.side = position.qty.is_negative() ? Side::buy : Side::sell;
    order.type = OrderType::limit;
    order.qty = position.qty.abs();
    const bool buys = order.side == Side::buy;
    const Price away =
        last[position.symbol] * percent(Decimal::parse(buys ? "101.5" : "98.5").value());
    order.price = rules == nullptr
                      ? away
                      : Price(away.value().round_to(rules->tick.value(), Rounding::nearest));
    order.client_order_id = ClientOrderId(fmt::format("o{}-{}", to_ms(clock.utc_now()), number++));
    (void)co_await account.place(order);
  }
}

Task<void> original(boost::asio::io_context& io, Clock& clock, const PaperTrial& trial, int port,
                    const Folder& folder, double& out) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kAccounts; ++i) {
    clients.push_back(std::make_unique<Client>());
    const auto keys = paper_keys(trial, i);
    co_await clients.back()->connect(io, clock, port, folder.file(keys.alias + ".db"), keys);
    (void)co_await clients.back()->desk->book().refresh_rules();
  }
  const SteadyTime begin = clock.steady_now();
  for (const auto& client : clients)
    co_await flatten_as_original(clock, *client);
  out = round_trips(clock.steady_now() - begin);
}

}  // namespace

FlattenFigures measure_flatten(const FlattenTrial& trial) {
  const auto paper_options = paper_trial(trial.lost_answers);
  PaperThread paper(paper_options);
  const Folder folder;
  std::vector<std::unique_ptr<app::Config>> configs;
  std::vector<app::NamedAccount> accounts;
  for (int i = 0; i < kAccounts; ++i) {
    const auto keys = paper_keys(paper_options, i);
    configs.push_back(config_of(keys, paper.port(), folder));
    accounts.push_back({keys.alias, configs.back().get()});
  }
  const int revoked = trial.revokes_a_key ? kAccounts / 2 : -1;
  FlattenFigures out;
  std::vector<app::AccountResult> results;
  app::Session host(*configs.front(), Log(LogLevel::error, null_sink()), true);
  host.run([&](app::Session& session) {
    return flatten(session, std::move(accounts), revoked,
                   *configs[static_cast<std::size_t>(std::max(revoked, 0))], results, out);
  });
  paper.stop();
  judge(results, paper.open_positions(), out);
  out.answers_lost = paper.lost_answers();
  return out;
}

OriginalFigures measure_original() {
  const auto trial = paper_trial(0);
  PaperThread paper(trial);
  boost::asio::io_context io{1};
  SystemClock clock(io);
  const Folder folder;
  OriginalFigures out;
  run_to_end(io, original(io, clock, trial, paper.port(), folder, out.round_trips));
  paper.stop();
  for (const int open : paper.open_positions())
    out.open += open;
  return out;
}

}  // namespace bb::bench
