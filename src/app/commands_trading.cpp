// entry, manage, loss-cut, flatten, pause, resume, service: the commands that act on an account.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/commands.h"
#include "app/daily_report.h"
#include "app/delivery.h"
#include "app/holding.h"
#include "app/mailroom.h"
#include "app/perform.h"
#include "app/report_commands.h"
#include "app/service_command.h"
#include "service/service.h"

namespace bb::app {

namespace {

using control::CommandKind;

constexpr Micros kReconnectFirst{1'000'000};
constexpr Micros kReconnectLast{60'000'000};

// The file, and standard output as the original; with --json that is the result's alone.
Result<Log> open_log(const Config& config, bool json) {
  const auto level = parse_log_level(config.runtime.log_level);
  if (!level) return std::unexpected(level.error());
  std::error_code error;
  std::filesystem::create_directories(config.runtime.log_dir, error);
  auto sink = file_sink(config.runtime.log_dir, !json);
  if (!sink) return std::unexpected(sink.error());
  const auto environment = binance::environment_of(config.binance.base_url);
  // Every line says whose money it is about.
  return Log(*level, [sink = std::move(*sink), tail = " env=" + environment](
                         LogLevel severity, std::string_view line) {
    sink(severity, std::string(line) + tail);
  });
}

// A text without a trace of success or failure is no use to cron: errors are for standard error.
int failed(Session& session, const Error& error) {
  session.log().error("command failed", {{"why", error.text}});
  return report_error(error, session.json());
}

// A part whose end nobody would notice: its fault ends the process, which is then started again.
Task<void> essential(Session& session, const char* name, Task<void> part) {
  try {
    co_await std::move(part);
  } catch (const std::exception& error) {
    session.log().error("part failed", {{"part", name}, {"why", error.what()}});
    session.stop().request();
  }
}

Task<void> patrol_until_stopped(Session& session, service::Jobs& jobs, int& code) {
  const Micros interval = session.config().runtime.manager_interval();
  while (!session.stop().requested()) {
    const SteadyTime next = session.clock().after(interval);
    try {
      const auto report = co_await jobs.patrol();
      print(render(report), session.json());
      code = exit_code_of(report);
    } catch (const std::exception& error) {
      code = kFailed;
      session.log().error("patrol failed", {{"why", error.what()}});
    }
    (void)co_await session.stop().sleep_until(next);
  }
}

Task<int> manage_until_stopped(Session& session) {
  const Micros patience = session.config().runtime.lock_wait();
  auto account = co_await Account::open(session.ground(), {"manage --loop", true, false, patience});
  if (!account) co_return failed(session, account.error());
  service::Jobs jobs({(*account)->desk(), session.config().strategy, session.config().runtime});
  Holding holding(session, **account, jobs, "manage --loop");
  Delivery delivery(session, **account, co_await boost::asio::this_coro::executor);
  int code = kDone;
  TaskGroup parts(co_await boost::asio::this_coro::executor);
  parts.spawn(essential(session, "patrol", patrol_until_stopped(session, jobs, code)));
  parts.spawn(essential(session, "door", holding.run(session.stop())));
  co_await parts.join();
  co_await delivery.finish();
  co_return code;
}

// A service outlives a night without network: it tries again, but never against a refusal.
Task<Result<std::unique_ptr<Account>>> open_patiently(Session& session) {
  const Micros patience = session.config().runtime.lock_wait();
  Micros pause = kReconnectFirst;
  for (;;) {
    auto account = co_await Account::open(session.ground(), {"service", true, true, patience});
    if (account || exit_code_of(account.error()) != kUnreachable) co_return account;
    session.log().warn("exchange not reached", {{"why", account.error().text}});
    if (!co_await session.stop().sleep_until(session.clock().after(pause))) co_return account;
    pause = std::min(pause * 2, kReconnectLast);
  }
}

}  // namespace

Task<int> serve_account(Session& session) {
  auto account = co_await open_patiently(session);
  if (!account) co_return failed(session, account.error());
  Mailroom mailroom(session.ground(), **account);
  DailyReporter reporter(session.ground(), **account);
  service::Service service(
      {(*account)->desk(), session.config().strategy, session.config().runtime});
  Holding holding(session, **account, service.jobs(), "service");
  TaskGroup parts(co_await boost::asio::this_coro::executor);
  parts.spawn(essential(session, "door", holding.run(session.stop())));
  parts.spawn(essential(session, "service", service.run(session.stop())));
  parts.spawn(essential(session, "messages", mailroom.pump().run(session.stop())));
  parts.spawn(essential(session, "daily report", reporter.run(session.stop())));
  co_await parts.join();
  co_return kDone;
}

int run_session(const CommandContext& context, const std::function<Task<int>(Session&)>& body) {
  auto log = open_log(context.config, context.json);
  if (!log) return report_error(log.error(), context.json);
  Session session(context.config, std::move(*log), context.json);
  return session.run(body);
}

int report_error(const Error& error, bool json) {
  fmt::print(stderr, "bubble-buster: {}\n", error.text);
  if (json) print(render_error(error), true);
  return exit_code_of(error);
}

int run_command(const CommandContext& context, const EntryCommand& command) {
  const auto& runtime = context.config.runtime;
  if (!runtime.entry_enabled)
    return report_error({ErrorKind::configuration,
                         "[runtime] entry_enabled is false: this instance opens nothing", 0},
                        context.json);
  const std::string& day = command.trade_day_utc;
  if (!day.empty() && !runtime.entry_schedule().of_trade_day(day))
    return report_error({ErrorKind::invalid_input,
                         fmt::format("--trade-day-utc '{}' is not a date of the schedule; write "
                                     "it as YYYY-MM-DD",
                                     day),
                         0},
                        context.json);
  return run_session(context, [day](Session& session) {
    auto wish = make_command(session, CommandKind::entry);
    wish.trade_day = day;
    return perform(session, std::move(wish));
  });
}

int run_command(const CommandContext& context, const ManageCommand& command) {
  if (command.loop) return run_session(context, manage_until_stopped);
  return run_session(context, [](Session& session) {
    return perform(session, make_command(session, CommandKind::manage));
  });
}

int run_command(const CommandContext& context, const LossCutCommand&) {
  return run_session(context, [](Session& session) {
    return perform(session, make_command(session, CommandKind::loss_cut));
  });
}

int run_command(const CommandContext& context, const FlattenCommand& command) {
  return run_session(context, [command](Session& session) {
    auto wish =
        make_command(session, command.preview ? CommandKind::preview : CommandKind::flatten);
    wish.percent = command.percent;
    wish.symbols = command.symbols;
    wish.tracked = command.tracked;
    if (!command.side.empty())
      wish.sides = command.side == "long" ? control::Sides::longs : control::Sides::shorts;
    if (command.losers) wish.profits = control::Profits::losers;
    if (command.winners) wish.profits = control::Profits::winners;
    return perform(session, std::move(wish));
  });
}

int run_command(const CommandContext& context, const PauseCommand& command) {
  return run_session(context, [reason = command.reason](Session& session) {
    auto wish = make_command(session, CommandKind::pause);
    wish.reason = reason;
    return perform(session, std::move(wish));
  });
}

int run_command(const CommandContext& context, const ResumeCommand&) {
  return run_session(context, [](Session& session) {
    return perform(session, make_command(session, CommandKind::resume));
  });
}

int run_command(const CommandContext& context, const ServiceCommand&) {
  return run_session(context, serve_account);
}

}  // namespace bb::app
