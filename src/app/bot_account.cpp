#include "app/bot_account.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "app/perform.h"
#include "app/report_commands.h"
#include "binance/settings.h"
#include "control/caller.h"
#include "net/json.h"

namespace bb::app {

namespace {

using control::Command;
using control::CommandKind;
using control::Report;

/// Every line says whose money it is about.
Log log_of(const Log& log, const std::string& name) {
  return Log(LogLevel::info,
             [&log, tail = " account=" + name](LogLevel level, std::string_view line) {
               const std::string whole = std::string(line) + tail;
               switch (level) {
                 case LogLevel::debug:
                   return log.debug(whole);
                 case LogLevel::info:
                   return log.info(whole);
                 case LogLevel::warn:
                   return log.warn(whole);
                 case LogLevel::error:
                   return log.error(whole);
               }
             });
}

Report refused(Error error) { return render(service::CommandResult(std::move(error))); }

void read_holder(const Report& report, bot::AccountState& state) {
  const auto document = net::JsonDocument::parse(report.json);
  try {
    if (!document) throw net::JsonError("no JSON");
    const auto root = document->root();
    state.holder_name =
        fmt::format("{}, pid {}", root.at("command").text(), root.at("pid").integer());
    state.fence_ours = root.at("fence_ours").boolean();
    state.store_healthy = root.at("store_healthy").boolean();
    state.unresolved = root.at("unresolved").size();
    if (!root.has("last_patrol")) return;
    state.patrol_could_read = root.at("last_patrol_read").boolean();
    if (const auto at = parse_utc_instant(root.at("last_patrol").text().substr(0, 19)))
      state.last_patrol = *at;
  } catch (const net::JsonError&) {
    // What it does not say may be wrong.
    state.holder_name = "a holder of another version";
    state.store_healthy = false;
  }
}

}  // namespace

BotAccount::BotAccount(Session& host, std::unique_ptr<Config> config, std::string name,
                       std::vector<std::string> groups, Venues& venues,
                       boost::asio::any_io_executor executor)
    : config_(std::move(config)),
      name_(std::move(name)),
      groups_(std::move(groups)),
      finds_database_(config_->runtime.db_path.empty()),
      session_(host, *config_, log_of(host.log(), name_), venues),
      tasks_(executor) {}

Task<void> BotAccount::finish() {
  co_await tasks_.join();
  view_.reset();
}

// The account's directory, and with it the files that the configuration does not name.
Task<Result<std::string>> BotAccount::prepare() {
  if (const auto settled = co_await settle_files(session_.ground(), *config_); !settled)
    co_return std::unexpected(settled.error());
  auto home = co_await find_home(session_.ground());
  // Its first holder may have come since, with a database of its own.
  if (home && finds_database_) config_->runtime.db_path = find_database(*home);
  co_return home;
}

Task<Result<AccountView*>> BotAccount::view() {
  if (view_) co_return view_.get();
  const auto home = co_await prepare();
  if (!home) co_return std::unexpected(home.error());
  auto opened = co_await AccountView::open(session_.ground());
  if (!opened) co_return std::unexpected(opened.error());
  // Another reader may have opened one meanwhile; what it gave out stays valid.
  if (!view_) view_ = std::move(*opened);
  co_return view_.get();
}

Task<Result<bot::AccountState>> BotAccount::read_state() {
  const auto home = co_await prepare();
  if (!home) co_return std::unexpected(home.error());
  bot::AccountState state;
  state.patrol_every = config_->runtime.manager_interval();
  state.latch = store::Latch(*home).read();
  Command wish = make_command(session_, CommandKind::status);
  const auto reply =
      co_await control::hand_over(session_.io(), session_.clock(), *home, std::move(wish));
  switch (reply.kind) {
    case control::Reply::Kind::answered:
      state.holder = bot::AccountState::Holder::answers;
      read_holder(reply.answer.report, state);
      break;
    case control::Reply::Kind::no_holder:
      state.holder = bot::AccountState::Holder::none;
      break;
    case control::Reply::Kind::refused:
    case control::Reply::Kind::silent:
    case control::Reply::Kind::lost:
      state.holder = bot::AccountState::Holder::silent;
      break;
  }
  co_return state;
}

namespace {

struct Waiting {
  explicit Waiting(Clock& clock) : done(clock) {}
  std::optional<Report> report;
  Stop done;
};

// Its own coroutine, because what follows a verdict, slow messengers among it, may take seconds.
Task<void> perform_for(Session& session, Command command, std::shared_ptr<Waiting> waiting) {
  try {
    (void)co_await carry_out(session, std::move(command), [waiting](const Report& report) {
      waiting->report = report;
      waiting->done.request();
    });
  } catch (const std::exception& error) {
    if (!waiting->report)
      waiting->report =
          refused({ErrorKind::conflict, std::string("it broke off: ") + error.what(), 0});
    waiting->done.request();
  }
}

}  // namespace

Task<Report> BotAccount::perform_it(Command command) {
  if (command.kind == CommandKind::loss_cut || command.kind == CommandKind::entry)
    if (const auto faults = check_environment(*config_); !faults.empty())
      co_return refused({ErrorKind::configuration, faults.front(), 0});
  const auto home = co_await prepare();
  if (!home) co_return refused(home.error());
  const auto waiting = std::make_shared<Waiting>(session_.clock());
  tasks_.spawn(perform_for(session_, std::move(command), waiting));
  constexpr Micros kSlice{60'000'000};
  while (!waiting->report)
    (void)co_await waiting->done.sleep_until(session_.clock().after(kSlice));
  co_return *waiting->report;
}

bot::AccountPort BotAccount::port() {
  bot::AccountPort port;
  port.name = name_;
  port.environment = binance::environment_of(config_->binance.base_url);
  port.groups = groups_;
  port.positions = [this] { return read_positions(); };
  port.orders = [this] { return read_orders(); };
  port.balances = [this] { return read_balances(); };
  port.state = [this] { return read_state(); };
  port.pnl = [this](TimePoint since) { return read_pnl(since); };
  port.equity = [this](bool is_chinese) { return read_equity(is_chinese); };
  port.last_run = [this] { return read_last_run(); };
  port.next = [this] { return plan_next(); };
  port.alerts = [this] { return read_alerts(); };
  port.mute = [this](TimePoint until, std::string who) { return mute(until, std::move(who)); };
  port.set_level = [this](std::string kind, std::string level) {
    return set_level(std::move(kind), std::move(level));
  };
  port.acknowledge = [this](std::string data, std::string who) {
    return acknowledge(std::move(data), std::move(who));
  };
  port.doctor = [this] { return examine_it(); };
  port.logs = [this](int lines) { return read_log(lines); };
  port.preview = [this](Command command) { return preview(std::move(command)); };
  port.perform = [this](Command command) { return perform_it(std::move(command)); };
  return port;
}

}  // namespace bb::app
