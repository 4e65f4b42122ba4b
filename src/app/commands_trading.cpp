// entry, manage, loss-cut, service: the commands that hold an account.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/report.h"
#include "app/session.h"
#include "notify/notifier.h"
#include "notify/outbox_pump.h"
#include "service/journeys.h"
#include "service/service.h"

namespace bb::app {

namespace {

constexpr Micros kDeliveryPatience{12'000'000};
constexpr Micros kDeliveryLook{100'000};
constexpr Micros kSecondLook{2'100'000};  // absence needs two reads this far apart
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

/// Messages of one-shot commands: sent while the command runs, and shortly after it.
class Delivery {
 public:
  Delivery(Session& session, Account& account, boost::asio::any_io_executor executor)
      : session_(session),
        store_(account.store()),
        stop_(session.clock()),
        notifier_(notify::make_notifier(session.config().notify, {}, session.dialer(),
                                        session.clock(), session.log())),
        pump_(store_, notifier_.get(), session.clock(), session.log(), account.name()),
        group_(executor) {
    group_.spawn(pump_.run(stop_));
  }

  Task<void> finish() {
    const SteadyTime limit = session_.clock().after(kDeliveryPatience);
    while (!store_.pending_messages().empty() && session_.clock().steady_now() < limit) {
      const SteadyTime next = session_.clock().after(kDeliveryLook);
      if (!co_await session_.stop().sleep_until(next)) break;
    }
    stop_.request();
    co_await group_.join();
  }

 private:
  Session& session_;
  store::Store& store_;
  Stop stop_;
  std::unique_ptr<notify::Notifier> notifier_;
  notify::OutboxPump pump_;
  TaskGroup group_;
};

using Journey = std::function<Task<int>(Session&, Account&)>;

Task<int> with_account(Session& session, std::string name, const Journey& journey) {
  auto account = co_await Account::open(session.ground(), {std::move(name), true, false});
  if (!account) co_return failed(session, account.error());
  Delivery delivery(session, **account, co_await boost::asio::this_coro::executor);
  std::exception_ptr fault;
  int code = kFailed;
  try {
    code = co_await journey(session, **account);
  } catch (...) {
    fault = std::current_exception();
  }
  co_await delivery.finish();
  if (fault) std::rethrow_exception(fault);
  co_return code;
}

int run_with_account(const CommandContext& context, const char* name, const Journey& journey) {
  auto log = open_log(context.config, context.json);
  if (!log) return report_error(log.error(), context.json);
  Session session(context.config, std::move(*log), context.json);
  return session.run([&](Session& s) { return with_account(s, name, journey); });
}

Task<int> do_entry(Session& session, Account& account, std::string trade_day) {
  const auto schedule = session.config().runtime.entry_schedule();
  const auto slot = trade_day.empty() ? schedule.of_today(account.market().exchange_now())
                                      : schedule.of_trade_day(trade_day).value();
  // Start-up is recovery: what a crash left open is settled and protected before anything is added.
  trading::Patrol patrol(account.desk(), session.config().strategy);
  (void)co_await service::run_patrol(account.desk(), patrol);
  trading::Entry entry(account.desk(), session.config().strategy);
  const auto report = co_await service::run_entry(account.desk(), entry, slot);
  print(render(report, slot.trade_day_utc()), session.json());
  co_return exit_code_of(report);
}

Task<int> patrol_once(Session& session, Account& account, trading::Patrol& patrol) {
  try {
    const auto report = co_await service::run_patrol(account.desk(), patrol);
    print(render(report), session.json());
    co_return exit_code_of(report);
  } catch (const std::exception& error) {
    session.log().error("patrol failed", {{"why", error.what()}});
  }
  co_return kFailed;
}

Task<int> do_manage(Session& session, Account& account, bool loop) {
  trading::Patrol patrol(account.desk(), session.config().strategy);
  const Micros interval = session.config().runtime.manager_interval();
  int code = kDone;
  do {
    const SteadyTime next = session.clock().after(interval);
    code = co_await patrol_once(session, account, patrol);
    if (!loop && patrol.wants_second_look()) {
      (void)co_await session.stop().sleep_until(session.clock().after(kSecondLook));
      code = co_await patrol_once(session, account, patrol);
    }
    if (loop) (void)co_await session.stop().sleep_until(next);
  } while (loop && !session.stop().requested());
  co_return code;
}

Task<int> do_loss_cut(Session& session, Account& account) {
  const auto& runtime = session.config().runtime;
  const TimePoint now = account.market().exchange_now();
  const auto schedule = runtime.loss_cut_schedule();
  const std::string when = schedule.zone.clock_text(now) + " " + schedule.zone.name();
  const auto report = co_await service::run_loss_cut(account.desk(), runtime, utc_date(now), when);
  print(render(report), session.json());
  co_return exit_code_of(report);
}

// A service outlives a night without network: it tries again, but never against a refusal.
Task<Result<std::unique_ptr<Account>>> open_patiently(Session& session) {
  Micros pause = kReconnectFirst;
  for (;;) {
    auto account = co_await Account::open(session.ground(), {"service", true, true});
    if (account || exit_code_of(account.error()) != kUnreachable) co_return account;
    session.log().warn("exchange not reached", {{"why", account.error().text}});
    if (!co_await session.stop().sleep_until(session.clock().after(pause))) co_return account;
    pause = std::min(pause * 2, kReconnectLast);
  }
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

Task<int> do_service(Session& session) {
  auto account = co_await open_patiently(session);
  if (!account) co_return failed(session, account.error());
  const auto notifier = notify::make_notifier(session.config().notify, {}, session.dialer(),
                                              session.clock(), session.log());
  notify::OutboxPump pump((*account)->store(), notifier.get(), session.clock(), session.log(),
                          (*account)->name());
  service::Service service(
      {(*account)->desk(), session.config().strategy, session.config().runtime});
  TaskGroup parts(co_await boost::asio::this_coro::executor);
  parts.spawn(essential(session, "service", service.run(session.stop())));
  parts.spawn(essential(session, "messages", pump.run(session.stop())));
  co_await parts.join();
  co_return kDone;
}

}  // namespace

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
  return run_with_account(context, "entry", [day](Session& session, Account& account) {
    return do_entry(session, account, day);
  });
}

int run_command(const CommandContext& context, const ManageCommand& command) {
  const bool loop = command.loop;
  return run_with_account(context, "manage", [loop](Session& session, Account& account) {
    return do_manage(session, account, loop);
  });
}

int run_command(const CommandContext& context, const LossCutCommand&) {
  return run_with_account(context, "loss-cut", do_loss_cut);
}

int run_command(const CommandContext& context, const ServiceCommand&) {
  auto log = open_log(context.config, context.json);
  if (!log) return report_error(log.error(), context.json);
  Session session(context.config, std::move(*log), context.json);
  return session.run(do_service);
}

}  // namespace bb::app
