#include "bot/strategy_words.h"

#include <array>

#include "supervise/render.h"
#include "supervise/text.h"

namespace bb::bot {

namespace {

using supervise::ActionResult;
using supervise::Process;
using supervise::State;
using supervise::Strategy;
using supervise::Verdict;

constexpr std::string_view kNothing = "-";
constexpr std::size_t kProcessesShown = 10;

constexpr Phrase kMissing{"missing", "不存在"};
constexpr std::array<Phrase, 8> kStates{{{"running", "运行中"},
                                         {"starting", "启动中"},
                                         {"stopping", "停止中"},
                                         {"stopped", "已停止"},
                                         {"failed", "异常退出"},
                                         {"restarting", "重启中"},
                                         {"paused", "已挂起"},
                                         {"unknown", "状态未知"}}};
constexpr std::array<Phrase, 4> kHealths{{{"", ""},
                                          {"health check starts", "健康检查中"},
                                          {"healthy", "健康"},
                                          {"unhealthy", "不健康"}}};
constexpr Phrase kUp{"up {}", "已运行 {}"};
constexpr Phrase kRestarts{"restarts {}", "重启 {} 次"};
constexpr Phrase kRunner{"under {}", "由 {} 管理"};
constexpr Phrase kUndeclared{"🔒 not declared: shown, never touched",
                             "🔒 未声明：仅显示，不可操作"};
constexpr Phrase kLastExit{"last exit: {}", "上次退出：{}"};
constexpr Phrase kExitCode{"code {}", "代码 {}"};
constexpr Phrase kNeverEnded{"no end of a run is known", "没有退出记录"};
constexpr Phrase kIs{"<b>{}</b> is {}", "<b>{}</b> {}"};
constexpr Phrase kWas{"<b>{}</b> was {} already", "<b>{}</b> 原本就{}"};
constexpr Phrase kNotReached{"<b>{}</b> is {}, not as asked", "<b>{}</b> {}，未达到要求"};
constexpr Phrase kRefused{"<b>{}</b>: refused", "<b>{}</b>：被拒绝"};
constexpr Phrase kUnknown{"<b>{}</b>: what it is now is not known", "<b>{}</b>：当前状态未知"};
constexpr Phrase kStart{"Start {}", "启动 {}"};
constexpr Phrase kStop{"Stop {}", "停止 {}"};
constexpr Phrase kRestart{"Restart {}", "重启 {}"};
constexpr Phrase kAllOf{"all of {}", "{} 组全部策略"};

std::string name_of(const Strategy& strategy) {
  return shown(supervise::clean_text(strategy.name));
}

// The columns' spans in English are of fixed words.
std::string span_words(Language in, std::string text) {
  if (in == Language::english) return text;
  const std::pair<std::string_view, std::string_view> units[] = {
      {" min", " 分钟"}, {" h", " 小时"}, {" d", " 天"}, {" s", " 秒"}};
  for (const auto& [from, to] : units)
    if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

std::string_view mark_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::done:
    case Verdict::already:
      return "✅";
    case Verdict::not_reached:
      return "🟠";
    case Verdict::refused:
      return "🚫";
    case Verdict::unknown:
      return "❓";
  }
  return "❓";
}

std::string process_state(Language in, const ActionResult& result) {
  if (!result.now) return say(in, kMissing);
  std::string text = state_words(in, result.now->state);
  if (result.now->pid != 0) text += fmt::format(" (pid {})", result.now->pid);
  const auto health = static_cast<std::size_t>(result.now->health);
  if (health != 0) text += ", " + say(in, kHealths[health]);
  return text;
}

std::string end_of(Language in, const Process& process) {
  std::string text;
  if (!process.last_exit.empty())
    text = shown(supervise::clean_text(process.last_exit));
  else if (process.exit_code)
    text = say(in, kExitCode, *process.exit_code);
  return text;
}

}  // namespace

std::string_view glyph_of(std::optional<State> state) {
  if (!state) return "🔴";
  switch (*state) {
    case State::running:
      return "🟢";
    case State::stopped:
      return "⚪";
    case State::starting:
    case State::stopping:
    case State::restarting:
    case State::paused:
      return "🟡";
    case State::failed:
    case State::unknown:
      return "🔴";
  }
  return "🔴";
}

std::string_view glyph_of(const Strategy& strategy) { return glyph_of(state_of(strategy)); }

std::string state_words(Language in, std::optional<State> state) {
  return state ? say(in, kStates[static_cast<std::size_t>(*state)]) : say(in, kMissing);
}

std::string line_words(Language in, const Strategy& strategy, TimePoint now) {
  const auto columns = columns_of(strategy, now);
  std::string text = fmt::format("{} <b>{}</b> · {}", glyph_of(strategy), name_of(strategy),
                                 state_words(in, state_of(strategy)));
  // "running 2/4" of a cluster.
  if (const auto parts = columns.state.find(' '); parts != std::string::npos)
    text += columns.state.substr(parts);
  if (columns.uptime != kNothing) text += " · " + say(in, kUp, span_words(in, columns.uptime));
  if (columns.restarts != kNothing && columns.restarts != "0")
    text += " · " + say(in, kRestarts, columns.restarts);
  for (const auto* each : {&columns.cpu, &columns.memory})
    if (*each != kNothing) text += " · " + *each;
  auto health = supervise::Health::none;
  for (const auto& process : strategy.processes)
    health = std::max(health, process.health);
  if (health != supervise::Health::none)
    text += " · " + say(in, kHealths[static_cast<std::size_t>(health)]);
  if (!strategy.host.empty()) text += " · 🖥 " + shown(columns.host);
  if (!strategy.touchable) text += " · 🔒";
  return text;
}

std::string card_words(Language in, const Strategy& strategy, TimePoint now) {
  std::string text = line_words(in, strategy, now);
  text += "\n" + say(in, kRunner, shown(strategy.runner));
  if (!strategy.account.empty()) text += " · 💼 " + shown(supervise::clean_text(strategy.account));
  if (!strategy.group.empty()) text += " · 👥 " + shown(supervise::clean_text(strategy.group));
  std::size_t count = 0;
  for (const auto& process : strategy.processes) {
    if (++count > kProcessesShown) break;
    text += fmt::format("\n· <code>{}</code> {}", shown(supervise::clean_text(process.id, 12)),
                        state_words(in, process.state));
    if (process.pid != 0) text += fmt::format(", pid {}", process.pid);
    if (const auto end = end_of(in, process); !end.empty()) text += ", " + say(in, kLastExit, end);
  }
  if (count > kProcessesShown)
    text += fmt::format("\n· … +{}", strategy.processes.size() - kProcessesShown);
  if (!strategy.touchable) text += "\n" + say(in, kUndeclared);
  return text;
}

std::string exit_words(Language in, const Strategy& strategy) {
  std::string text;
  std::size_t count = 0;
  for (const auto& process : strategy.processes) {
    if (++count > kProcessesShown) break;
    const auto end = end_of(in, process);
    text += fmt::format("\n· <code>{}</code> {}", shown(supervise::clean_text(process.id, 12)),
                        end.empty() ? say(in, kNeverEnded) : end);
    if (process.restarts && *process.restarts > 0)
      text += " · " + say(in, kRestarts, *process.restarts);
  }
  return text.empty() ? "\n" + say(in, kMissing) : text;
}

std::string result_words(Language in, const ActionResult& result) {
  const auto name = shown(supervise::clean_text(result.name));
  std::string text = std::string(mark_of(result.verdict)) + " ";
  switch (result.verdict) {
    case Verdict::done:
      return text + say(in, kIs, name, process_state(in, result));
    case Verdict::already:
      return text + say(in, kWas, name, process_state(in, result));
    case Verdict::not_reached:
      text += say(in, kNotReached, name, process_state(in, result));
      break;
    case Verdict::refused:
      text += say(in, kRefused, name);
      break;
    case Verdict::unknown:
      text += say(in, kUnknown, name);
      break;
  }
  return text + "\n   <i>" + shown(runner_words(in, result.text)) + "</i>";
}

std::string trouble_words(Language in, const supervise::RunnerTrouble& trouble) {
  return fmt::format("⚠️ <b>{}</b>: <i>{}</i>", shown(trouble.runner),
                     shown(runner_words(in, trouble.error.text)));
}

std::string word_of(const Strategy& strategy) {
  if (is_typable(strategy.name)) return strategy.runner + ":" + strategy.name;
  for (const auto& process : strategy.processes)
    if (is_typable(process.id)) return process.id;
  return {};
}

supervise::Action action_of(Verb verb) {
  if (verb == Verb::start_strategy) return supervise::Action::start;
  return verb == Verb::stop_strategy ? supervise::Action::stop : supervise::Action::restart;
}

std::string strategy_title(Language in, Verb verb, const std::string& what) {
  switch (verb) {
    case Verb::start_strategy:
      return say(in, kStart, what);
    case Verb::stop_strategy:
      return say(in, kStop, what);
    default:
      return say(in, kRestart, what);
  }
}

std::string group_words(Language in, const std::string& group) { return say(in, kAllOf, group); }

}  // namespace bb::bot
