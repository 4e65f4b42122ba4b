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
  return make("service_late", fmt::format("{}未执行 / {} skipped", chinese, english),
              trading::two_column_table(rows), now);
}

store::OutboxMessage damage_message(std::string_view why, TimePoint now) {
  const Rows rows = {
      {"原因 / reason", std::string(why)},
      {"时间 / time", iso_seconds(now)},
  };
  return make("database", "数据库检查失败 / database check failed", trading::two_column_table(rows),
              now);
}

store::OutboxMessage latch_message(const store::LatchNote& note, TimePoint now) {
  const bool halts = note.kind == store::LatchKind::halted;
  const Rows rows = {
      {"状态 / state", halts ? "已停机 / halted" : "已暂停开仓 / entries paused"},
      {"操作者 / by", note.who},
      {"原因 / reason", note.why},
      {"起始 / since", iso_seconds(note.since)},
      {"恢复 / to resume", "bubble-buster resume"},
      {"时间 / time", iso_seconds(now)},
  };
  return make("latch",
              halts ? "账户已停机：不再开仓 / account halted: nothing is opened"
                    : "开仓已暂停 / entries paused",
              trading::two_column_table(rows), now);
}

store::OutboxMessage resumed_message(TimePoint now) {
  const Rows rows = {{"时间 / time", iso_seconds(now)}};
  return make("latch", "开仓已恢复 / entries resumed", trading::two_column_table(rows), now);
}

store::OutboxMessage flatten_message(const desk::FlattenReport& report, std::string_view who,
                                     TimePoint now) {
  std::vector<std::string> details;
  int left = 0;
  for (const auto& row : report.rows) {
    if (row.left != row.target) ++left;
    if (row.left == row.target && row.text.empty()) continue;
    details.push_back(fmt::format("{} {}: {} -> {} ({})", row.symbol.str(), str(row.side),
                                  row.before.str(), row.left.str(), row.text));
  }
  const Rows rows = {
      {"结论 / verdict", std::string(desk::str(report.verdict))},
      {"操作者 / by", std::string(who)},
      {"仓位 / positions", std::to_string(report.rows.size())},
      {"未达目标 / not at target", std::to_string(left)},
      {"剩余挂单 / orders left", std::to_string(report.orders_left)},
      {"说明 / note", report.text},
      {"时间 / time", iso_seconds(now)},
  };
  std::string_view title;
  switch (report.verdict) {
    case desk::FlattenVerdict::flat:
      title = "平仓完成 / flatten: done";
      break;
    case desk::FlattenVerdict::partial:
      title = "平仓部分完成 / flatten: PARTIAL";
      break;
    case desk::FlattenVerdict::unknown:
      title = "平仓结果未知 / flatten: UNKNOWN";
      break;
  }
  const bool is_flat = report.verdict == desk::FlattenVerdict::flat;
  return make(is_flat ? "flatten" : "flatten_left", std::string(title),
              trading::two_column_table(rows) + list(details), now);
}

store::OutboxMessage bypass_message(const std::vector<store::BypassCommand>& commands, int orders,
                                    TimePoint now) {
  std::vector<std::string> details;
  for (const auto& command : commands)
    details.push_back(
        fmt::format("{} ({}) {}", command.kind, command.who, iso_seconds(command.made_at)));
  const Rows rows = {
      {"订单 / orders", std::to_string(orders)},
      {"恢复 / to resume", "bubble-buster resume"},
      {"时间 / time", iso_seconds(now)},
  };
  return make("service_down",
              "服务未应答，他人已代为平仓 / closed past a service that did not answer",
              trading::two_column_table(rows) + list(details), now);
}

store::OutboxMessage operator_message(const store::CommandRecord& record, TimePoint now) {
  constexpr std::size_t kShown = 700;
  std::string result = record.report_text.substr(0, kShown);
  // Not inside a character.
  while (!result.empty() && record.report_text.size() > kShown &&
         (static_cast<unsigned char>(record.report_text[result.size()]) & 0xc0) == 0x80)
    result.pop_back();
  const Rows rows = {
      {"操作者 / by", record.who},
      {"操作 / what", record.kind},
      {"参数 / arguments", record.arguments},
      {"状态 / state", fmt::format("{} ({})", store::str(record.state), record.exit_code)},
      {"时间 / time", iso_seconds(now)},
  };
  return make(
      "operator",
      fmt::format("操作 {} 由 {} / {} by {}", record.kind, record.who, record.kind, record.who),
      trading::two_column_table(rows) + "\n" + result + "\n", now);
}

store::OutboxMessage trouble_message(std::string kind, std::string title, std::string_view what,
                                     TimePoint now) {
  const Rows rows = {
      {"原因 / reason", std::string(what)},
      {"时间 / time", iso_seconds(now)},
  };
  return make(std::move(kind), std::move(title), trading::two_column_table(rows), now);
}

void put_message(store::Store& store, store::Batch& batch, store::OutboxMessage message) {
  message.id = store.next_outbox_id();
  batch.put(message);
}

}  // namespace bb::service
