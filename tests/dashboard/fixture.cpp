// A dashboard over a made-up account, for tests in a browser: a year of history in a real store, a
// holder behind a real door, and an exchange that answers from the same rows.
//   dashboard_fixture FOLDER PASSWORD [PAYLOADS]
// Prints {"url": ..} and serves until SIGTERM. PAYLOADS is a file: each line of it is put into
// every field that comes from outside: symbols, ids, messages, reasons, log lines, names.
#include <fmt/format.h>

#include <array>
#include <boost/asio/signal_set.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/hash.h"
#include "base/random.h"
#include "control/door.h"
#include "dashboard/dashboard.h"
#include "dashboard/passwords.h"
#include "store/latch.h"
#include "store/ranking.h"
#include "store/reader.h"
#include "store/store.h"

namespace bb::dashboard::test {
namespace {

const std::string kAccount = "paper-fixture";

Usdt usdt(double amount) { return Usdt(Decimal::from_raw(std::llround(amount * 1e8))); }
Price price(double amount) { return Price(Decimal::from_raw(std::llround(amount * 1e8))); }
Qty qty(double amount) { return Qty(Decimal::from_raw(std::llround(amount * 1e8))); }

struct World {
  boost::asio::io_context io{1};
  SystemClock clock{io};
  Stop stop{clock};
  Log log{LogLevel::error, stderr_sink()};
  std::unique_ptr<store::Store> store;
  std::string folder;
  std::vector<std::string> payloads;
  Random random{7};

  std::string text(const std::string& otherwise) {
    return payloads.empty() ? otherwise : payloads[random.below(payloads.size())];
  }
  void commit(store::Batch batch) { run_to_end(io, done(this, store->commit(std::move(batch)))); }
  static Task<void> done(World*, Task<Status> commit) {
    const auto stored = co_await std::move(commit);
    if (!stored) throw std::runtime_error(stored.error().text);
  }
};

void add_fill(World& world, store::Batch& batch, const store::Holding& held, Side side, double at,
              Usdt realized, TimePoint when) {
  static std::int64_t trade = 0;
  store::FillRecord fill;
  fill.holding_id = held.id;
  fill.symbol = held.symbol;
  fill.trade_id = ++trade;
  fill.order_id = trade;
  fill.client_order_id = ClientOrderId(world.text(fmt::format("bb-{}-{}", held.id, trade)));
  fill.side = side;
  fill.qty = held.qty;
  fill.price = price(at);
  fill.realized_pnl = realized;
  fill.commission = usdt(at * held.qty.value().to_double() * 0.0005);
  fill.commission_asset = "USDT";
  fill.time = when;
  batch.add(fill);
  store::OrderEvent event;
  event.holding_id = held.id;
  event.symbol = held.symbol;
  event.order_id = trade;
  event.client_order_id = fill.client_order_id;
  event.type = "MARKET";
  event.side = std::string(str(side));
  event.price = fill.price;
  event.qty = fill.qty;
  event.status = "FILLED";
  event.event_time = when;
  batch.add(event);
}

void add_holding(World& world, store::Batch& batch, const std::string& run_id, int number,
                 TimePoint opened, bool is_open) {
  using store::HoldingStatus;
  constexpr std::array kEnds{HoldingStatus::closed_tp,      HoldingStatus::closed_sl,
                             HoldingStatus::closed_timeout, HoldingStatus::closed_daily_loss_cut,
                             HoldingStatus::closed_tp,      HoldingStatus::closed_external};
  const std::string name =
      world.payloads.empty()
          ? fmt::format("COIN{}USDT", number)
          : world.payloads[static_cast<std::size_t>(number) % world.payloads.size()] +
                std::to_string(number);
  const double entry = 0.01 * std::pow(3.0, number % 9) * (1 + world.random.unit());
  store::Holding held;
  held.id = world.store->next_holding_id();
  held.run_id = run_id;
  held.symbol = Symbol(name);
  held.qty = qty(std::floor(200 / entry * 1000) / 1000);
  held.entry_price = price(entry);
  held.tp_price = price(entry * 0.8);
  held.sl_price = price(entry * 1.45);
  held.liq_price_open = held.liq_price_latest = price(entry * 1.47);
  held.opened_at = held.created_at = held.updated_at = opened;
  held.expire_at = opened + Minutes(47 * 60 + 30);
  double exit = 0;
  if (!is_open) {
    held.closed_at = opened + Minutes(10 + world.random.below(2800));
    held.status = kEnds.at(world.random.below(kEnds.size()));
    const bool wins = held.status == HoldingStatus::closed_tp || world.random.chance(0.4);
    exit = entry * (wins ? 0.8 + 0.15 * world.random.unit() : 1.02 + 0.2 * world.random.unit());
    held.close_reason = world.text("TAKE_PROFIT_FILLED");
  } else if (number % 4 == 3) {
    held.last_error = world.text("stop moved, the older one is not canceled yet");
  }
  batch.put(held);
  add_fill(world, batch, held, Side::sell, entry, Usdt(), opened);
  if (!is_open)
    add_fill(world, batch, held, Side::buy, exit, (held.entry_price - price(exit)) * held.qty,
             *held.closed_at);
}

void add_day(World& world, store::Batch& batch, const std::string& date, TimePoint day,
             bool is_last) {
  store::Run run{"run-" + date,
                 date,
                 day,
                 day + Seconds(2),
                 store::RunStatus::success,
                 world.text("4 opened, 0 failed")};
  if (world.random.below(40) == 0) run.status = store::RunStatus::failed;
  batch.put(run);
  store::Ranking ranking{412, 3, 1, {}};
  for (int i = 0; i < 9; ++i) {
    const char* verdict = i == 1 ? "held" : i == 3 ? "price" : i < 6 ? "picked" : "below";
    const std::string reason = i == 3 ? world.text("last price 2.1 and mark 1.4 diverge") : "";
    ranking.contracts.push_back({i + 1, Symbol(world.text(fmt::format("COIN{}USDT", i))),
                                 Ratio(Decimal::from_raw(90'000'000 - i * 8'000'000)),
                                 price(0.5 + i), verdict, reason});
  }
  batch.add(store::journal_row(run, ranking));
  for (int i = 0; i < 4; ++i)
    add_holding(world, batch, run.run_id, static_cast<int>(to_ms(day) / 86'400'000 * 4 % 40) + i,
                day + Seconds(1), is_last);
  store::IncomeRecord funding{
      "FUNDING_FEE", to_ms(day), "USDT",        usdt(world.random.unit() - 0.3),
      "COIN1USDT",   "",         day + Hours(8)};
  batch.add(funding);
}

void fill(World& world, int days) {
  const TimePoint now = world.clock.utc_now();
  double equity = 1000;
  for (int back = days; back >= 0; --back) {
    store::Batch batch;
    const TimePoint day = utc_midnight(now) - Hours(24 * back) + Hours(back == 0 ? 0 : 7);
    add_day(world, batch, utc_date(day), back == 0 ? now - Hours(3) : day, back == 0);
    if (back % 90 == 45) {
      store::IncomeRecord flow{"TRANSFER",
                               back,
                               "USDT",
                               usdt(back % 180 == 45 ? 300 : -150),
                               "",
                               world.text("transfer"),
                               day + Hours(1)};
      flow.is_cashflow = true;
      equity += flow.amount.value().to_double();
      batch.add(flow);
    }
    const int step = back < 2 ? 1 : 15;
    for (int minute = 0; minute < 24 * 60; minute += step) {
      const TimePoint at = utc_midnight(day) + Minutes(minute);
      if (at > now) break;
      equity *= 1 + (world.random.normal() * 0.0009 + 0.000025) * std::sqrt(step / 15.0);
      batch.add(store::WalletSnapshot{at, usdt(equity), "API", ""});
    }
    world.commit(std::move(batch));
  }
  std::ofstream log(world.folder + "/strategy_" + utc_date(now) + ".log");
  for (int i = 0; i < 300; ++i)
    log << iso_seconds(now - Seconds(300 - i)).replace(10, 1, " ").substr(0, 19) << ".000 - "
        << (i % 17 == 0   ? "warning"
            : i % 41 == 0 ? "error"
                          : "info")
        << " - " << world.text("patrol ended positions=4") << " n=" << i << '\n';
}

control::Report report_of(int code, std::string text) { return {code, "{}\n", std::move(text)}; }

Task<control::Report> carry_out(World* world, control::Command command) {
  using control::CommandKind;
  const store::Latch latch(world->folder);
  const TimePoint now = world->clock.utc_now();
  control::Report report = report_of(0, "done\n");
  if (command.kind == CommandKind::preview)
    co_return report_of(0, "would close 4 positions, about 800 USDT; fee about 0.4 USDT\n");
  if (command.kind == CommandKind::pause || command.kind == CommandKind::flatten)
    (void)latch.set({store::LatchKind::paused, command.who, command.reason, now});
  if (command.kind == CommandKind::resume) (void)latch.clear();
  store::Batch batch;
  if (command.kind == CommandKind::flatten) {
    for (auto held : world->store->open_holdings()) {
      if (!command.symbols.empty() && command.symbols.front() != held.symbol.str()) continue;
      held.status = store::HoldingStatus::closed_flatten;
      held.closed_at = now;
      held.close_reason = "FLATTEN";
      batch.put(held);
    }
    report.text = "FLAT\n";
  }
  batch.put(store::CommandRecord{command.id, std::string(control::str(command.kind)), "{}",
                                 command.who, command.made_at, now, store::CommandState::done, now,
                                 0, "{}", report.text});
  (void)co_await world->store->commit(std::move(batch));
  co_return report;
}

std::vector<control::Counter> counters_of(const World& world) {
  std::vector<control::Counter> counters;
  for (const auto& [name, count] : world.store->change_counts())
    counters.push_back({std::string(name), count});
  return counters;
}

/// Runs on the dashboard's loop: it reads the file as anybody may.
Task<Result<LiveView>> look(std::string path, Clock* clock) {
  auto reader = store::Reader::open(path, kAccount);
  if (!reader) co_return std::unexpected(reader.error());
  store::HoldingFilter open;
  open.open = true;
  const auto held = reader->load_holdings(open);
  if (!held) co_return std::unexpected(held.error());
  LiveView view{clock->utc_now(), usdt(1200), usdt(700), {}, {}};
  for (const auto& result : *held) {
    const auto& holding = result.holding;
    const double mark = holding.entry_price.value().to_double() * 0.97;
    view.positions.push_back({holding.symbol, "BOTH", -holding.qty, holding.entry_price,
                              price(mark), holding.liq_price_latest,
                              (holding.entry_price - price(mark)) * holding.qty, usdt(100)});
    view.orders.push_back({holding.symbol, "BUY", "BOTH", "STOP_MARKET", Price(), *holding.sl_price,
                           Qty(), true, false, holding.id, "stop", clock->utc_now()});
    if (holding.id % 4 != 1)
      view.orders.push_back({holding.symbol, "BUY", "BOTH", "TAKE_PROFIT_MARKET", Price(),
                             *holding.tp_price, Qty(), true, false, holding.id, "target",
                             clock->utc_now()});
  }
  co_return view;
}

Task<Result<std::vector<Candle>>> make_candles(CandleQuery query, Clock* clock) {
  Random random(stable_hash(query.symbol.str()));
  std::vector<Candle> candles;
  double last = 0.05 + random.unit();
  for (TimePoint at = query.from; at < clock->utc_now() && candles.size() < 500;
       at += Minutes(15)) {
    const double open = last;
    last *= 1 + random.normal() * 0.006;
    const double high = std::max(open, last) * (1 + random.unit() * 0.003);
    const double low = std::min(open, last) * (1 - random.unit() * 0.003);
    candles.push_back({at, price(open), price(high), price(low), price(last), 1000});
  }
  co_return candles;
}

Options options_of(const World& world, const Settings& settings) {
  Options options{.settings = settings, .account = {}};
  options.port = 0;
  options.account = {kAccount, "paper", world.folder, world.folder + "/state.db", "USDT"};
  options.timezone = "Asia/Shanghai";
  options.log_dir = world.folder;
  options.config_path = "config.ini";
  options.next_jobs = [](TimePoint now) {
    return NextJobs{now + Minutes(312), now + Minutes(567)};
  };
  options.make_live = [path = options.account.db_path](boost::asio::io_context&, Clock& clock) {
    return Live{[path, clock = &clock] { return look(path, clock); },
                [clock = &clock](CandleQuery query) { return make_candles(query, clock); }};
  };
  return options;
}

int run(const std::string& folder, const std::string& password, const std::string& payloads) {
  World world;
  world.folder = folder;
  if (std::ifstream in(payloads); in)
    for (std::string line; std::getline(in, line);)
      if (!line.empty()) world.payloads.push_back(line);
  store::StoreOptions where;
  where.path = folder + "/state.db";
  where.threaded = false;
  where.sync = false;
  auto opened =
      store::Store::open(where, kAccount, world.io.get_executor(), world.clock, world.log);
  if (!opened) throw std::runtime_error(opened.error().text);
  world.store = std::move(*opened);
  fill(world, world.payloads.empty() ? 370 : 60);

  control::Handlers handlers;
  handlers.self = {"service", 4711};
  handlers.carry_out = [&world](control::Command command) {
    return carry_out(&world, std::move(command));
  };
  handlers.counters = [&world] { return counters_of(world); };
  auto door = control::Door::open(world.io, world.clock, world.log, folder, std::move(handlers));
  if (!door) throw std::runtime_error(door.error().text);

  Settings settings;
  settings.live_interval_sec = 5;
  if (!password.empty()) settings.password_hash = Secret(hash_password(password).value());
  auto page = Dashboard::start(options_of(world, settings), world.log);
  if (!page) throw std::runtime_error(page.error().text);
  std::cout << "{\"url\":\"" << (*page)->url() << "\"}" << std::endl;
  boost::asio::signal_set signals(world.io, SIGTERM, SIGINT);
  signals.async_wait([&world](boost::system::error_code, int) { world.stop.request(); });
  run_to_end(world.io, (*door)->run(world.stop));
  return 0;
}

}  // namespace
}  // namespace bb::dashboard::test

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments, arguments + count);
  if (words.size() < 3) return 2;
  try {
    return bb::dashboard::test::run(words[1], words[2], words.size() > 3 ? words[3] : "");
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
