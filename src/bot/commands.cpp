#include "bot/commands.h"

#include <algorithm>
#include <array>

#include "net/json.h"

namespace bb::bot {

namespace {

constexpr std::array<CommandRow, 33> kCommands{{
    {Verb::start, "start", "menu", Role::viewer, "", {"The menu", "主菜单"}},
    {Verb::status,
     "status",
     "",
     Role::viewer,
     "[account]",
     {"Is everything all right?", "一切是否正常"}},
    {Verb::positions,
     "positions",
     "pos",
     Role::viewer,
     "[account]",
     {"Open positions", "当前持仓"}},
    {Verb::balance, "balance", "bal", Role::viewer, "[account]", {"Balances", "账户余额"}},
    {Verb::orders, "orders", "", Role::viewer, "[account]", {"Resting orders", "挂单"}},
    {Verb::pnl, "pnl", "", Role::viewer, "[day|week|month] [account]", {"Profit and loss", "盈亏"}},
    {Verb::equity,
     "equity",
     "",
     Role::viewer,
     "[account]",
     {"Equity curve and drawdown", "权益曲线与回撤"}},
    {Verb::flatten,
     "flatten",
     "flat",
     Role::operates,
     "[account|group:NAME|all] [percent] [long|short|losers|winners] [SYMBOL..]",
     {"Close positions (asks first)", "平仓（先确认）"}},
    {Verb::clear,
     "clearpos",
     "clear",
     Role::operates,
     "[account] [percent]",
     {"The same, as TgQuantRobot had it", "一键平仓（原机器人写法）"}},
    {Verb::pause,
     "pause",
     "",
     Role::operates,
     "[account]",
     {"No new entries; protection goes on", "暂停开仓，保护继续"}},
    {Verb::resume,
     "resume",
     "",
     Role::admin,
     "[account] [code]",
     {"Allow entries again (second factor)", "恢复开仓（需二次验证）"}},
    {Verb::loss_cut,
     "losscut",
     "",
     Role::operates,
     "[account]",
     {"Close what floats at a loss", "平掉浮亏持仓"}},
    {Verb::cancel,
     "cancel",
     "",
     Role::operates,
     "[account] [SYMBOL]",
     {"Cancel orders that would open", "撤销开仓挂单"}},
    {Verb::last_run,
     "lastrun",
     "",
     Role::viewer,
     "[account]",
     {"The last entry: which coins and why", "上次开仓：币种与原因"}},
    {Verb::next, "next", "", Role::viewer, "[account]", {"What comes next", "下一次任务"}},
    {Verb::strategies,
     "strategies",
     "list_strategy",
     Role::viewer,
     "[filter|group:NAME]",
     {"Strategy processes", "策略进程"}},
    {Verb::strategy, "strategy", "", Role::viewer, "NAME", {"One strategy", "单个策略"}},
    {Verb::start_strategy,
     "start_strategy",
     "",
     Role::operates,
     "NAME|group:NAME",
     {"Start a strategy (asks first)", "启动策略（先确认）"}},
    {Verb::stop_strategy,
     "stop_strategy",
     "",
     Role::operates,
     "NAME|group:NAME",
     {"Stop a strategy (asks first)", "停止策略（先确认）"}},
    {Verb::restart_strategy,
     "restart_strategy",
     "",
     Role::operates,
     "NAME|group:NAME",
     {"Restart a strategy (asks first)", "重启策略（先确认）"}},
    {Verb::strategy_logs,
     "strategy_logs",
     "log_strategy",
     Role::operates,
     "NAME [lines]",
     {"What a strategy wrote", "策略日志"}},
    {Verb::last_exit,
     "last_exit",
     "",
     Role::operates,
     "NAME",
     {"How a strategy ended last", "策略上次退出原因"}},
    {Verb::accounts,
     "accounts",
     "list_account",
     Role::viewer,
     "",
     {"Accounts and what you may do", "账户与权限"}},
    {Verb::alerts,
     "alerts",
     "",
     Role::viewer,
     "[account] [KIND=on|silent|off]",
     {"Which alerts are sent", "通知设置"}},
    {Verb::mute,
     "mute",
     "",
     Role::operates,
     "[30m|1h|8h|off] [account]",
     {"No alerts for a while", "暂时静音"}},
    {Verb::logs, "logs", "log", Role::operates, "[lines] [account]", {"The log", "日志"}},
    {Verb::doctor, "doctor", "", Role::viewer, "[account]", {"Check everything", "全面体检"}},
    {Verb::audit,
     "audit",
     "",
     Role::admin,
     "",
     {"Who did what here; is the record whole?", "操作记录与校验"}},
    {Verb::lock,
     "lock",
     "",
     Role::admin,
     "",
     {"Nothing but flatten, pause and status, for everybody", "锁定机器人：只留平仓、暂停与状态"}},
    {Verb::unlock,
     "unlock",
     "",
     Role::admin,
     "[code]",
     {"End a lock (second factor)", "解除锁定（需二次验证）"}},
    {Verb::language,
     "language",
     "lang",
     Role::viewer,
     "[en|zh]",
     {"中文 / English", "English / 中文"}},
    {Verb::help, "help", "", Role::viewer, "", {"All commands", "全部命令"}},
    {Verb::version, "version", "", Role::viewer, "", {"Version", "版本"}},
}};

bool names(const char* list, std::string_view name) {
  std::string_view rest = list;
  while (!rest.empty()) {
    const auto blank = rest.find(' ');
    if (rest.substr(0, blank) == name) return true;
    rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
  }
  return false;
}

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }

const CommandRow& row_of(Verb verb) {
  return *std::ranges::find(kCommands, verb, &CommandRow::verb);
}

const CommandRow* find_command(std::string_view name) {
  for (const auto& row : kCommands)
    if (row.name == name || names(row.other_names, name)) return &row;
  return nullptr;
}

bool acts(Verb verb) {
  switch (verb) {
    case Verb::flatten:
    case Verb::clear:
    case Verb::pause:
    case Verb::resume:
    case Verb::loss_cut:
    case Verb::cancel:
    case Verb::lock:
    case Verb::unlock:
    case Verb::start_strategy:
    case Verb::stop_strategy:
    case Verb::restart_strategy:
      return true;
    case Verb::start:
    case Verb::help:
    case Verb::status:
    case Verb::accounts:
    case Verb::positions:
    case Verb::balance:
    case Verb::orders:
    case Verb::pnl:
    case Verb::equity:
    case Verb::last_run:
    case Verb::next:
    case Verb::alerts:
    case Verb::mute:
    case Verb::logs:
    case Verb::doctor:
    case Verb::language:
    case Verb::audit:
    case Verb::version:
    case Verb::strategies:
    case Verb::strategy:
    case Verb::strategy_logs:
    case Verb::last_exit:
      return false;
  }
  return true;
}

bool is_about_strategies(Verb verb) { return verb >= Verb::strategies; }

bool adds_risk(Verb verb) { return verb == Verb::resume || verb == Verb::unlock; }

bool goes_first(Verb verb) {
  return acts(verb) && !adds_risk(verb) && verb != Verb::start_strategy &&
         verb != Verb::restart_strategy;
}

bool goes_locked(Verb verb) {
  return goes_first(verb) || verb == Verb::status || verb == Verb::help || verb == Verb::start ||
         verb == Verb::unlock;
}

std::string menu_json(Language language, Role role) {
  net::JsonWriter json;
  json.begin_array();
  for (const auto& row : kCommands)
    if (role >= row.least)
      json.begin_object()
          .field("command", row.name)
          .field("description", row.help.in(language))
          .end_object();
  json.end_array();
  return json.take();
}

}  // namespace bb::bot
