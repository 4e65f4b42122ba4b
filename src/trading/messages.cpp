#include "trading/messages.h"

#include <fmt/format.h>

namespace bb::trading {

namespace {

std::string escape_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n')
      out += "<br>";
    else if (c == '|')
      out += "\\|";
    else
      out += c;
  }
  return out;
}

std::string title_of(const EntryReport& report) {
  switch (report.status) {
    case EntryStatus::success:
      return report.opened > 0
                 ? fmt::format("开仓完成 {} 个 / {} shorts opened", report.opened, report.opened)
                 : "今日无可开仓 / nothing to trade";
    case EntryStatus::partial:
      return fmt::format("开仓部分完成 {} 个 / {} opened, some failed", report.opened,
                         report.opened);
    case EntryStatus::failed:
      return "开仓失败 / entry failed";
    case EntryStatus::skipped:
      return "开仓跳过 / entry skipped";
  }
  return "";
}

}  // namespace

std::string two_column_table(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string out = "| | |\n|---|---|\n";
  for (const auto& [name, value] : rows)
    out += fmt::format("| {} | {} |\n", escape_cell(name), escape_cell(value));
  return out;
}

store::OutboxMessage entry_message(const EntryReport& report, const EntrySlot& slot, Usdt available,
                                   const Settings& settings, TimePoint now) {
  const Usdt effective = available * (one() - percent(settings.entry_fee_buffer_pct));
  store::OutboxMessage message;
  message.topic = "entry";
  message.title = title_of(report);
  message.body = two_column_table({
      {"run_id", report.run_id},
      {"交易日 / trade day (UTC)", slot.trade_day_utc},
      {"状态 / status", std::string(str(report.status))},
      {"可用余额 / available", available.str()},
      {"手续费缓冲 / fee buffer %", settings.entry_fee_buffer_pct.str()},
      {"有效余额 / effective", effective.str()},
      {"开仓 / opened", std::to_string(report.opened)},
      {"开仓失败 / entry failed", std::to_string(report.entry_failed)},
      {"保护失败已平 / protection failed", std::to_string(report.protection_failed)},
      {"结果未知 / unresolved", std::to_string(report.unknown)},
      {"已持仓跳过 / already held", std::to_string(report.skipped_existing)},
      {"未用名义 / unused notional", report.failed_notional.str()},
  });
  constexpr std::size_t kLines = 20;
  for (std::size_t i = 0; i < report.details.size() && i < kLines; ++i)
    message.body += "- " + report.details[i] + "\n";
  if (report.details.size() > kLines)
    message.body += fmt::format("- … 还有 {} 条 / {} more\n", report.details.size() - kLines,
                                report.details.size() - kLines);
  if (report.status == EntryStatus::failed) message.body += "\n" + report.message + "\n";
  message.created_at = now;
  message.next_attempt = now;
  return message;
}

}  // namespace bb::trading
