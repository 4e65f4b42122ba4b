#include "service/messages.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/plant.h"
#include "trading/messages.h"

namespace bb::service {

namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kDetailsMax = 20;

store::OutboxMessage make(std::string topic, std::string title, std::string body, TimePoint now) {
  store::OutboxMessage message;
  message.topic = std::move(topic);
  message.title = std::move(title);
  message.body = std::move(body);
  message.created_at = now;
  message.next_attempt = now;
  return message;
}

std::string list(const std::vector<std::string>& details) {
  std::string out;
  for (std::size_t i = 0; i < details.size() && i < kDetailsMax; ++i)
    out += "- " + details[i] + "\n";
  if (details.size() > kDetailsMax) {
    const std::size_t more = details.size() - kDetailsMax;
    out += fmt::format("- … 还有 {} 条 / {} more\n", more, more);
  }
  return out;
}

std::string_view scope_text(trading::LossCutScope scope) {
  switch (scope) {
    case trading::LossCutScope::tracked:
      return "tracked";
    case trading::LossCutScope::exchange:
      return "exchange";
  }
  return "";
}

std::pair<std::string_view, std::string_view> job_names(Job job) {
  switch (job) {
    case Job::entry:
      return {"每日开仓", "daily entry"};
    case Job::loss_cut:
      return {"每日止损", "daily loss cut"};
    case Job::patrol:
      return {"巡检", "patrol"};
    case Job::manual:
      return {"手动", "manual"};
  }
  return {};
}

}  // namespace

std::optional<store::OutboxMessage> patrol_message(const trading::PatrolReport& report,
                                                   TimePoint now) {
  if (!report.anything_to_tell()) return std::nullopt;
  const auto number = [](int value) { return std::to_string(value); };
  const int closed = report.closed_tp + report.closed_sl + report.closed_timeout +
                     report.closed_external + report.closed_risk_off;
  const std::string title =
      report.errors > 0
          ? fmt::format("持仓巡检异常 {} 个 / patrol: {} errors", report.errors, report.errors)
          : fmt::format("持仓巡检：平仓 {} 个 / patrol: {} closed", closed, closed);
  const Rows rows = {
      {"持仓 / positions", number(report.total)},
      {"止盈 / take-profit", number(report.closed_tp)},
      {"止损 / stop", number(report.closed_sl)},
      {"超时 / time-out", number(report.closed_timeout)},
      {"外部平仓 / closed elsewhere", number(report.closed_external)},
      {"风控平仓 / risk-off", number(report.closed_risk_off)},
      {"移动止损 / stops moved", number(report.updated_sl)},
      {"补挂保护单 / protection restored", number(report.restored)},
      {"接管 / adopted", number(report.adopted)},
      {"清理孤单 / orphans swept", number(report.swept)},
      {"异常 / errors", number(report.errors)},
      {"时间 / time", iso_seconds(now)},
  };
  return make("patrol", title, trading::two_column_table(rows), now);
}

std::optional<store::OutboxMessage> loss_cut_message(const trading::LossCutReport& report,
                                                     trading::LossCutScope scope,
                                                     std::string_view time_text, TimePoint now) {
  if (report.closed == 0 && report.errors == 0 && !report.failed) return std::nullopt;
  if (planted("title_hard_coded")) time_text = "11:55";
  const std::string title = report.failed
                                ? fmt::format("{} 止损检查失败 / loss cut failed", time_text)
                                : fmt::format("{} 止损：平仓 {} 个 / loss cut: {} closed",
                                              time_text, report.closed, report.closed);
  const Rows rows = {
      {"范围 / scope", std::string(scope_text(scope))},
      {"检查 / looked at", std::to_string(report.total)},
      {"平仓 / closed", std::to_string(report.closed)},
      {"异常 / errors", std::to_string(report.errors)},
      {"时间 / time", iso_seconds(now)},
  };
  return make("loss_cut", title, trading::two_column_table(rows) + list(report.details), now);
}

store::OutboxMessage missed_message(Job job, const Slot& slot, std::string_view time_text,
                                    std::string_view reason, TimePoint now) {
  const auto [chinese, english] = job_names(job);
  const Rows rows = {
      {"计划 / scheduled", fmt::format("{} {}", str(slot.date), time_text)},
      {"原因 / reason", std::string(reason)},
      {"时间 / time", iso_seconds(now)},
  };
  return make("alert", fmt::format("{}未执行 / {} skipped", chinese, english),
              trading::two_column_table(rows), now);
}

store::OutboxMessage damage_message(std::string_view why, TimePoint now) {
  const Rows rows = {
      {"原因 / reason", std::string(why)},
      {"时间 / time", iso_seconds(now)},
  };
  return make("alert", "数据库检查失败 / database check failed", trading::two_column_table(rows),
              now);
}

void put_message(store::Store& store, store::Batch& batch, store::OutboxMessage message) {
  message.id = store.next_outbox_id();
  batch.put(message);
}

}  // namespace bb::service
