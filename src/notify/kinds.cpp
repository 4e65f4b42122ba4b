#include "notify/kinds.h"

#include <algorithm>
#include <array>

namespace bb::notify {

namespace {

using enum Urgency;

// The result of a flatten is the first thing out: somebody stands there and waits for it.
constexpr std::array<Kind, 27> kKinds{{
    {"flatten", critical, false, "一键平仓", "flatten", "a flatten ended as it was asked for"},
    {"flatten_left", critical, true, "一键平仓未完成", "flatten not done",
     "a flatten left something open, or nobody knows"},
    {"protection", critical, true, "缺少保护", "protection missing",
     "a position without a stop, or a close that does not get through"},
    {"unknown_order", critical, true, "订单结果未知", "unknown order",
     "an order whose fate nobody knows, or that was executed twice"},
    {"intruder", critical, true, "他人操作", "somebody else",
     "orders or changes of somebody else on this account"},
    {"api_key", critical, true, "API 密钥异常", "API key trouble",
     "the exchange refuses the key, its address or its rights"},
    {"rate_ban", critical, true, "接口限流", "rate limit",
     "the exchange refuses requests of this address for a while"},
    {"service_down", critical, true, "服务停止", "service down",
     "the service does not answer, or had not run for a while"},
    {"service_late", critical, true, "任务未执行", "job missed",
     "a scheduled job that did not start in its time"},
    {"disk", critical, true, "磁盘异常", "disk", "the disk is full or refuses writes"},
    {"database", critical, true, "数据库异常", "database", "the daily check found damage"},
    {"clock", critical, true, "时钟异常", "clock", "the host's clock is wrong or jumped"},
    {"strategy_down", critical, true, "策略停止", "strategy down",
     "a strategy process stopped or keeps crashing"},
    {"notifier", critical, false, "通知渠道失效", "channel broken",
     "a way to people that does not work any more"},
    {"alert", critical, true, "告警", "alert", "everything else that a human must look at"},
    {"loss_cut", result, false, "每日止损", "loss cut", "result of the daily loss cut"},
    {"entry", result, false, "每日开仓", "entry", "result of the daily entry"},
    {"latch", result, false, "开仓开关", "entries on or off", "entries were paused or resumed"},
    {"operator", result, false, "操作记录", "operator", "who did what, and its result"},
    {"position_closed", result, false, "仓位已平", "position closed",
     "a position ended, with its PnL"},
    {"patrol", result, false, "巡检", "patrol", "what a patrol closed, restored or could not do"},
    {"board", result, false, "涨幅榜", "board", "the list of the day's gainers"},
    {"position_opened", info, false, "开仓", "position opened", "a position was opened",
     Level::silent},
    {"stop_moved", info, false, "移动止损", "stop moved", "a stop was tightened", Level::silent},
    {"daily_report", info, false, "每日报告", "daily report",
     "the day's figures with the equity picture"},
    {"strategy", info, false, "策略", "strategy", "a strategy process was started or stopped",
     Level::silent},
    {"service", info, false, "服务", "service", "a trouble that was told is over", Level::silent},
}};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

const Kind& kind_of(std::string_view topic) {
  const auto* found = std::ranges::find(kKinds, topic, &Kind::name);
  if (found == kKinds.end()) found = std::ranges::find(kKinds, "alert", &Kind::name);
  return *found;
}

std::string_view str(Urgency urgency) {
  switch (urgency) {
    case critical:
      return "critical";
    case result:
      return "result";
    case info:
      return "info";
  }
  return "";
}

std::string_view str(Level level) {
  switch (level) {
    case Level::on:
      return "on";
    case Level::silent:
      return "silent";
    case Level::off:
      return "off";
  }
  return "";
}

}  // namespace bb::notify
