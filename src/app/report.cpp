#include "app/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "net/json.h"

namespace bb::app {

namespace {

using net::JsonWriter;

constexpr std::size_t kDifferencesMax = 50;

void write_list(JsonWriter& json, const char* name, const std::vector<std::string>& lines,
                std::size_t most) {
  json.key(name).begin_array();
  for (std::size_t i = 0; i < lines.size() && i < most; ++i)
    json.value(lines[i]);
  json.end_array();
}

std::string lines_of(const std::vector<std::string>& lines, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < lines.size() && i < most; ++i)
    out += "  " + lines[i] + "\n";
  if (lines.size() > most) out += fmt::format("  ... and {} more\n", lines.size() - most);
  return out;
}

std::string percent_text(Ratio change) {
  const Decimal value = Decimal::mul(change.value(), Decimal::from_int(100), Rounding::nearest);
  return value.round_to(Decimal::from_raw(Decimal::kScale / 100), Rounding::nearest).str_fixed(2);
}

std::size_t shown(const trading::Board& board, std::size_t rows) {
  return std::min(rows, board.gainers.size());
}

}  // namespace

Rendered render(const trading::EntryReport& report, const std::string& trade_day) {
  JsonWriter json;
  json.begin_object()
      .field("command", "entry")
      .field("status", trading::str(report.status))
      .field("run_id", report.run_id)
      .field("trade_day_utc", trade_day)
      .field("opened", report.opened)
      .field("entry_failed", report.entry_failed)
      .field("protection_failed", report.protection_failed)
      .field("unknown", report.unknown)
      .field("skipped_existing", report.skipped_existing)
      .field("failed_notional", report.failed_notional.str())
      .field("message", report.message);
  write_list(json, "details", report.details, report.details.size());
  json.end_object();
  std::string text = fmt::format(
      "entry {}: {}, opened {}, failed {}, unresolved {}, already held {}\n{}", trade_day,
      trading::str(report.status), report.opened, report.entry_failed + report.protection_failed,
      report.unknown, report.skipped_existing, lines_of(report.details, report.details.size()));
  if (!report.message.empty()) text += "  " + report.message + "\n";
  return {json.take() + "\n", std::move(text)};
}

Rendered render(const trading::PatrolReport& report) {
  JsonWriter json;
  json.begin_object()
      .field("command", "manage")
      .field("total", report.total)
      .field("closed_tp", report.closed_tp)
      .field("closed_sl", report.closed_sl)
      .field("closed_timeout", report.closed_timeout)
      .field("closed_external", report.closed_external)
      .field("closed_risk_off", report.closed_risk_off)
      .field("updated_sl", report.updated_sl)
      .field("restored", report.restored)
      .field("adopted", report.adopted)
      .field("swept", report.swept)
      .field("errors", report.errors)
      .end_object();
  return {json.take() + "\n",
          fmt::format("patrol: {} positions; closed {} tp, {} sl, {} time-out, {} elsewhere, {} "
                      "risk-off; {} stops moved, {} restored, {} adopted, {} swept; {} errors\n",
                      report.total, report.closed_tp, report.closed_sl, report.closed_timeout,
                      report.closed_external, report.closed_risk_off, report.updated_sl,
                      report.restored, report.adopted, report.swept, report.errors)};
}

Rendered render(const trading::LossCutReport& report) {
  JsonWriter json;
  json.begin_object()
      .field("command", "loss-cut")
      .field("total", report.total)
      .field("closed_loss_cut", report.closed)
      .field("errors", report.errors);
  write_list(json, "details", report.details, report.details.size());
  json.end_object();
  return {json.take() + "\n", fmt::format("loss cut: {} positions, {} closed, {} errors\n{}",
                                          report.total, report.closed, report.errors,
                                          lines_of(report.details, report.details.size()))};
}

Rendered render(const trading::Board& board, std::size_t rows, TimePoint now) {
  JsonWriter json;
  json.begin_object()
      .field("command", "board")
      .field("midnight_utc", iso_seconds(board.midnight))
      .field("as_of_utc", iso_seconds(now))
      .field("universe", board.universe)
      .field("without_open", board.without_open);
  json.key("gainers").begin_array();
  std::string text = fmt::format("Gainers since {} ({} contracts)\n{:>4}  {:<16} {:>9} {:>14}\n",
                                 iso_seconds(board.midnight), board.universe, "rank", "symbol",
                                 "change %", "24h volume M");
  for (std::size_t i = 0; i < shown(board, rows); ++i) {
    const auto& gainer = board.gainers[i];
    const std::string change = percent_text(gainer.change);
    json.begin_object()
        .field("rank", static_cast<std::int64_t>(i + 1))
        .field("symbol", gainer.symbol.str())
        .field("change_pct", change)
        .field("open", gainer.open.str())
        .field("last", gainer.last.str())
        .field("quote_volume", gainer.quote_volume)
        .end_object();
    text += fmt::format("{:>4}  {:<16} {:>9} {:>14.0f}\n", i + 1, gainer.symbol.str(), change,
                        gainer.quote_volume / 1e6);
  }
  json.end_array().key("rescaled").begin_array();
  std::string rescaled;
  for (const Symbol symbol : board.rescaled) {
    json.value(symbol.str());
    rescaled += (rescaled.empty() ? "" : ", ") + symbol.str();
  }
  json.end_array().end_object();
  if (!rescaled.empty())
    text += fmt::format(
        "Not ranked, their price stands more than five times away from the day's open: {}\n",
        rescaled);
  return {json.take() + "\n", std::move(text)};
}

std::string board_markdown(const trading::Board& board, std::size_t rows, TimePoint now) {
  std::string out =
      "| 排名 rank | 合约 symbol | 涨幅 change | 24h 成交额 volume (M USDT) |\n"
      "|---|---|---|---|\n";
  for (std::size_t i = 0; i < shown(board, rows); ++i) {
    const auto& gainer = board.gainers[i];
    out += fmt::format("| {} | {} | {}% | {:.0f} |\n", i + 1, gainer.symbol.str(),
                       percent_text(gainer.change), gainer.quote_volume / 1e6);
  }
  std::string stamp = iso_seconds(now + Hours(8)).substr(0, 19);
  stamp[10] = ' ';
  return out + "\n" + stamp + " UTC+8\n";
}

Rendered render(const AuditReport& report) {
  JsonWriter json;
  json.begin_object()
      .field("command", "audit")
      .field("ok", report.ok())
      .field("orders", report.orders)
      .field("fills", report.fills)
      .field("positions", report.positions)
      .field("foreign", report.foreign);
  write_list(json, "differences", report.differences, report.differences.size());
  json.end_object();
  return {
      json.take() + "\n",
      fmt::format("audit: {} orders, {} fills, {} positions compared, {} of others seen: {}\n{}",
                  report.orders, report.fills, report.positions, report.foreign,
                  report.ok() ? "equal" : fmt::format("{} differences", report.differences.size()),
                  lines_of(report.differences, kDifferencesMax))};
}

Rendered render_error(const Error& error) {
  JsonWriter json;
  json.begin_object().field("error", error.text).field("exit_code", exit_code_of(error));
  if (error.code != 0) json.field("code", error.code);
  json.end_object();
  return {json.take() + "\n", ""};
}

int exit_code_of(const trading::EntryReport& report) {
  switch (report.status) {
    case trading::EntryStatus::success:
    case trading::EntryStatus::skipped:
      return kDone;
    case trading::EntryStatus::partial:
      return kPartial;
    case trading::EntryStatus::failed:
      return kFailed;
  }
  return kFailed;
}

int exit_code_of(const trading::PatrolReport& report) {
  if (report.unreadable) return kUnreachable;
  return report.errors == 0 ? kDone : kPartial;
}

int exit_code_of(const trading::LossCutReport& report) {
  if (report.failed) return kFailed;
  if (report.errors == 0) return kDone;
  return report.closed > 0 ? kPartial : kFailed;
}

void print(const Rendered& rendered, bool json) {
  const std::string& out = json ? rendered.json : rendered.text;
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

}  // namespace bb::app
