#include "trading/messages.h"

#include <fmt/format.h>

#include "desk/alarm.h"

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

namespace {

std::string shown(const std::optional<Price>& price) { return price ? price->str() : "–"; }

/// What its fills say, without funding. Nothing where they could not be read.
std::optional<Usdt> earned(desk::Desk& desk, std::int64_t holding_id, std::string& fees) {
  const auto fills = desk.parts().store.load_fills_of(holding_id);
  if (!fills || fills->empty()) return std::nullopt;
  Usdt sum;
  for (const auto& fill : *fills) {
    sum += fill.realized_pnl;
    if (fill.commission_asset == "USDT")
      sum -= fill.commission;
    else if (!fill.commission.is_zero())
      fees = fill.commission_asset;
  }
  return sum;
}

}  // namespace

Task<void> tell_opened(desk::Desk& desk, const store::Holding& holding) {
  const std::string& name = holding.symbol.str();
  co_await desk::tell(desk, "position_opened", fmt::format("已开仓 {} / opened {}", name, name),
                      two_column_table({
                          {"合约 / symbol", name},
                          {"数量 / qty", "-" + holding.qty.str()},
                          {"开仓价 / entry", holding.entry_price.str()},
                          {"止损 / stop", shown(holding.sl_price)},
                          {"止盈 / take-profit", shown(holding.tp_price)},
                      }));
}

Task<void> tell_stop_moved(desk::Desk& desk, const store::Holding& holding, Price before) {
  const std::string& name = holding.symbol.str();
  co_await desk::tell(
      desk, "stop_moved", fmt::format("止损已移动 {} / stop moved {}", name, name),
      two_column_table({{"止损 / stop", before.str() + " → " + shown(holding.sl_price)}}));
}

Task<void> tell_closed(desk::Desk& desk, std::int64_t holding_id, Symbol symbol) {
  const auto* holding = desk.parts().store.find_holding(holding_id);
  if (holding == nullptr || holding->status == store::HoldingStatus::open) co_return;
  std::string fees;
  const auto pnl = earned(desk, holding_id, fees);
  std::string amount = pnl ? (pnl->is_negative() ? "" : "+") + pnl->str() + " USDT" : "?";
  if (!fees.empty()) amount += " (fees in " + fees + " not counted)";
  const std::string& name = symbol.str();
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"合约 / symbol", name},
      {"盈亏 / PnL", amount},
      {"原因 / reason", holding->close_reason},
      {"数量 / qty", "-" + holding->qty.str()},
      {"开仓价 / entry", holding->entry_price.str()},
      {"持有 / held", fmt::format("{} min", std::chrono::duration_cast<Minutes>(
                                                holding->closed_at.value_or(holding->opened_at) -
                                                holding->opened_at)
                                                .count())},
  };
  co_await desk::tell(desk, "position_closed",
                      fmt::format("已平仓 {} {} / closed {} {}", name, amount, name, amount),
                      two_column_table(rows));
}

}  // namespace bb::trading
