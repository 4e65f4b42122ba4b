// entry, manage, loss-cut, flatten, cancel, pause, resume, service: what acts on an account.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/account_group.h"
#include "app/commands.h"
#include "app/daily_report.h"
#include "app/delivery.h"
#include "app/holding.h"
#include "app/mailroom.h"
#include "app/perform.h"
#include "app/report_commands.h"
#include "app/service_command.h"
#include "app/version.h"
#include "service/service.h"
#include "store/goodbye.h"

namespace bb::app {

namespace {

using control::CommandKind;

constexpr Micros kReconnectFirst{1'000'000};
constexpr Micros kReconnectLast{60'000'000};

// A text without a trace of success or failure is no use to cron: errors are for standard error.
int failed(Session& session, const Error& error) {
  session.log().error("command failed", {{"why", error.text}});
  return report_error(error, session.json());
}

Task<int> settle_and_run(Session& session, Config& config,
                         std::function<Task<int>(Session&)> body) {
  const auto done = co_await settle_files(session.ground(), config);
  if (!done) co_return report_error(done.error(), session.json());
  co_return co_await body(session);
}

// Everybody's result as soon as it is there; what is not known weighs most.
Task<int> perform_for_all(Session& host, const std::vector<std::unique_ptr<Config>>& configs,
                          control::Command wish) {
  std::vector<NamedAccount> accounts;
  for (const auto& config : configs)
    accounts.push_back({config->account, config.get()});
  AccountGroup group(host, std::move(accounts));
  const auto tell = [&](const AccountResult& result) {
    if (!host.json()) print(Rendered{{}, result.name + "\n" + result.report.text}, false);
  };
  const auto results = co_await group.carry_out(std::move(wish), {}, tell);
  if (host.json()) print(Rendered{render_results(results), {}}, true);
  co_return exit_code_of(results);
}

// Cron of Debian knows no time zone of its own: it asks every minute, whatever the host's is.
bool is_minute(const Config& config, const std::string& at_local) {
  boost::asio::io_context io;
  const SystemClock clock(io);
  return config.runtime.entry_schedule().zone.clock_text(clock.utc_now()) == at_local;
}

using MakeWish = std::function<control::Command(Session&)>;

int run_journey(const CommandContext& context, const MakeWish& make_wish) {
  return run_session(context, [&](Session& session) {
    if (context.accounts.empty()) return perform(session, make_wish(session));
    return perform_for_all(session, context.accounts, make_wish(session));
  });
}

// A part whose end nobody would notice: its fault ends the process, which is then started again.
Task<void> essential(Session& session, const char* name, Task<void> part, int& code) {
  try {
    co_await std::move(part);
  } catch (const std::exception& error) {
    session.log().error("part failed", {{"part", name}, {"why", error.what()}});
    code = kFailed;
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

void say_goodbye(Session& session, const std::string& directory) {
  if (const auto said = store::say_goodbye(directory, session.clock()); !said)
    session.log().warn("goodbye not written", {{"why", said.error().text}});
}

Task<int> manage_until_stopped(Session& session) {
  const Micros patience = session.config().runtime.lock_wait();
  auto account = co_await Account::open(session.ground(), {"manage --loop", true, false, patience});
  if (!account) co_return failed(session, account.error());
  service::Jobs jobs({(*account)->desk(), session.config().strategy, session.config().runtime});
  Holding holding(session, **account, jobs, "manage --loop");
  Delivery delivery(session, **account, co_await boost::asio::this_coro::executor);
  int code = kDone;
  int fault = kDone;
  TaskGroup parts(co_await boost::asio::this_coro::executor);
  parts.spawn(essential(session, "patrol", patrol_until_stopped(session, jobs, code), fault));
  parts.spawn(essential(session, "door", holding.run(session.stop()), fault));
  co_await parts.join();
  co_await delivery.finish();
  if (fault == kDone && session.stop().requested()) say_goodbye(session, (*account)->home().path());
  co_return fault != kDone ? fault : session.stop().requested() ? kDone : code;
}

// A service outlives a night without network: it tries again, but never against a refusal.
Task<Result<std::unique_ptr<Account>>> open_patiently(Session& session) {
  const Micros patience = session.config().runtime.lock_wait();
  Micros pause = kReconnectFirst;
  for (;;) {
    auto account = co_await Account::open(session.ground(), {"service", true, true, patience});
    if (account || exit_code_of(account.error()) != kUnreachable) co_return account;
    // Up, and waiting: a start must not be undone because a network is late.
    session.notice().ready("the exchange does not answer; it is tried again");
    session.log().warn("exchange not reached", {{"why", account.error().text}});
    if (!co_await session.stop().sleep_until(session.clock().after(pause))) co_return account;
    pause = std::min(pause * 2, kReconnectLast);
  }
}

}  // namespace

Task<int> serve_account(Session& session) {
  session.log().info("service starts", {{"version", version_text()}});
  auto account = co_await open_patiently(session);
  if (!account && session.stop().requested()) {
    // It had the account each time that it tried.
    if (const auto home = known_home(session.config())) say_goodbye(session, *home);
    co_return kDone;
  }
  if (!account) co_return failed(session, account.error());
  session.notice().ready("holds " + (*account)->name());
  int code = kDone;
  Mailroom mailroom(session.ground(), **account);
  DailyReporter reporter(session.ground(), **account);
  service::Service service(
      {(*account)->desk(), session.config().strategy, session.config().runtime});
  Holding holding(session, **account, service.jobs(), "service");
  TaskGroup parts(co_await boost::asio::this_coro::executor);
  parts.spawn(essential(session, "door", holding.run(session.stop()), code));
  parts.spawn(essential(session, "service", service.run(session.stop()), code));
  parts.spawn(essential(session, "messages", mailroom.pump().run(session.stop()), code));
  parts.spawn(essential(session, "daily report", reporter.run(session.stop()), code));
  co_await parts.join();
  // An end that nobody asked for is no goodbye, however orderly it is.
  if (session.stop().requested() && code == kDone) say_goodbye(session, (*account)->home().path());
  co_return code;
}

int run_session(const CommandContext& context, const std::function<Task<int>(Session&)>& body,
                AfterStop after_stop) {
  auto log = open_log(context.config, context.json);
  if (!log) return report_error(log.error(), context.json);
  Session session(context.config, std::move(*log), context.json);
  return session.run(settled(context.config, body), after_stop);
}

std::function<Task<int>(Session&)> settled(Config& config,
                                           std::function<Task<int>(Session&)> body) {
  return [&config, body = std::move(body)](Session& session) {
    return settle_and_run(session, config, body);
  };
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
  if (command.loop) return run_session(context, manage_until_stopped, AfterStop::own_code);
  return run_session(context, [](Session& session) {
    return perform(session, make_command(session, CommandKind::manage));
  });
}

int run_command(const CommandContext& context, const LossCutCommand& command) {
  if (!command.at_local.empty() && !is_minute(context.config, command.at_local)) return kDone;
  return run_journey(context,
                     [](Session& session) { return make_command(session, CommandKind::loss_cut); });
}

int run_command(const CommandContext& context, const FlattenCommand& command) {
  return run_journey(context, [&](Session& session) {
    auto wish =
        make_command(session, command.preview ? CommandKind::preview : CommandKind::flatten);
    wish.percent = command.percent;
    wish.symbols = command.symbols;
    wish.tracked = command.tracked;
    if (!command.side.empty())
      wish.sides = command.side == "long" ? control::Sides::longs : control::Sides::shorts;
    if (command.losers) wish.profits = control::Profits::losers;
    if (command.winners) wish.profits = control::Profits::winners;
    return wish;
  });
}

int run_command(const CommandContext& context, const CancelCommand& command) {
  return run_journey(context, [&](Session& session) {
    auto wish = make_command(session, CommandKind::cancel);
    wish.symbols = command.symbols;
    return wish;
  });
}

int run_command(const CommandContext& context, const PauseCommand& command) {
  return run_journey(context, [&](Session& session) {
    auto wish = make_command(session, CommandKind::pause);
    wish.reason = command.reason;
    return wish;
  });
}

int run_command(const CommandContext& context, const ResumeCommand&) {
  return run_journey(context,
                     [](Session& session) { return make_command(session, CommandKind::resume); });
}

int run_command(const CommandContext& context, const ServiceCommand&) {
  return run_session(context, serve_account, AfterStop::own_code);
}

}  // namespace bb::app
