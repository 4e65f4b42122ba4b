// board, audit and doctor: they read, and change nothing.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "app/commands.h"
#include "app/doctor.h"
#include "app/mailroom.h"
#include "app/report.h"
#include "app/session.h"

namespace bb::app {

namespace {

Task<Result<trading::Board>> fetch_board(exchange::MarketData& market, Clock& clock,
                                         const trading::Settings& settings) {
  auto [rules, tickers] = co_await both(market.fetch_rules(), market.fetch_tickers());
  if (!rules) co_return std::unexpected(rules.error());
  if (!tickers) co_return std::unexpected(tickers.error());
  const TimePoint now = market.exchange_now();
  const TimePoint midnight = utc_midnight(now);
  std::vector<Symbol> symbols;
  for (const auto& each : rules->symbols)
    if (trading::is_eligible(each, now, settings)) symbols.push_back(each.symbol);
  trading::Opens opens;
  const auto fetched =
      co_await trading::fetch_opens(market, clock, symbols, midnight, settings, opens);
  if (!fetched) co_return std::unexpected(fetched.error());
  co_return trading::build_board(*rules, *tickers, opens, midnight, settings);
}

Task<int> push(Session& session, const trading::Board& board, std::size_t rows, TimePoint now) {
  const auto channels = make_channels(session.ground());
  if (channels.empty())
    co_return report_error({ErrorKind::configuration,
                            "there is no way to anybody: set [notify] enabled and [telegram] token "
                            "and chat_id, or serverchan_sendkey, or webhook_url",
                            0},
                           session.json());
  notify::Letter letter;
  letter.title =
      notify::marked_title(binance::environment_of(session.config().binance.base_url),
                           fmt::format("U本位合约涨幅榜 Top {0} / futures gainers top {0}", rows));
  letter.body = board_markdown(board, rows, now);
  letter.kind = "board";
  letter.written_at = now;
  letter.language = session.config().notify.message_language();
  std::string problems;
  for (const auto& channel : channels) {
    const auto result = co_await channel->send(letter);
    if (!result.delivered())
      problems += fmt::format("{}board not delivered by {}: {}", problems.empty() ? "" : "; ",
                              channel->name(), result.problem);
  }
  if (problems.empty()) co_return kDone;
  co_return report_error({ErrorKind::unreachable, std::move(problems), 0}, session.json());
}

Task<int> do_board(Session& session, bool with_push) {
  PublicSide side(session.ground());
  const auto prepared = co_await side.market().prepare(1);
  if (!prepared) co_return report_error(prepared.error(), session.json());
  const auto board =
      co_await fetch_board(side.market(), session.clock(), session.config().strategy);
  if (!board) co_return report_error(board.error(), session.json());
  const auto rows = static_cast<std::size_t>(session.config().strategy.top_n);
  const TimePoint now = side.market().exchange_now();
  print(render(*board, rows, now), session.json());
  if (!with_push) co_return kDone;
  co_return co_await push(session, *board, rows, now);
}

Task<int> do_audit(Session& session) {
  const auto view = co_await AccountView::open(session.ground());
  if (!view) co_return report_error(view.error(), session.json());
  const auto report = co_await audit_account(**view);
  if (!report) co_return report_error(report.error(), session.json());
  print(render(*report), session.json());
  co_return report->ok() ? kDone : kFailed;
}

Task<int> do_doctor(Session& session, DoctorOptions options) {
  const auto report = co_await examine(session.ground(), options);
  print(render(report, isatty(STDOUT_FILENO) != 0), session.json());
  co_return exit_code_of(report);
}

Log quiet_log() { return Log(LogLevel::warn, stderr_sink()); }

}  // namespace

int run_command(const CommandContext& context, const BoardCommand& command) {
  Session session(context.config, quiet_log(), context.json);
  const bool with_push = command.push;
  return session.run([with_push](Session& s) { return do_board(s, with_push); });
}

int run_command(const CommandContext& context, const AuditCommand&) {
  Session session(context.config, quiet_log(), context.json);
  return session.run(settled(context.config, do_audit));
}

int run_command(const CommandContext& context, const DoctorCommand& command) {
  // What goes wrong stands in the report.
  Session session(context.config, Log(LogLevel::error, null_sink()), context.json);
  const DoctorOptions options{command.send};
  const auto body = [options](Session& s) { return do_doctor(s, options); };
  return session.run(settled(context.config, body), AfterStop::own_code);
}

}  // namespace bb::app
