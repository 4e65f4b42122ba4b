// What runners of processes answer, in Chinese: sentences of src/supervise, known by their form.
#include <array>
#include <optional>
#include <vector>

#include "bot/strategy_words.h"

namespace bb::bot {

namespace {

/// {} stands for any text. In the Chinese {0} is that text as it is, <0> the same in Chinese.
struct Form {
  std::string_view english, chinese;
};

// The first that fits counts: what is more particular stands first.
constexpr auto kForms = std::to_array<Form>({
    {"running", "运行中"},
    {"starting", "启动中"},
    {"stopping", "停止中"},
    {"stopped", "已停止"},
    {"failed", "异常退出"},
    {"restarting", "重启中"},
    {"paused", "已挂起"},
    {"unknown", "状态未知"},
    {"healthy", "健康"},
    {"unhealthy", "不健康"},
    {"start", "启动"},
    {"stop", "停止"},
    {"restart", "重启"},
    {"{} (pid {}) ({}), {}", "<0>（pid {1}，{2}），<3>"},
    {"{} (pid {}), {}", "<0>（pid {1}），<2>"},
    {"{} (pid {})", "<0>（pid {1}）"},
    {"it is not declared, and nothing undeclared is touched", "未声明；未声明的进程不会被操作"},
    {"another action on it is under way; wait for its answer", "另一操作正在进行，请等待其结果"},
    {"its id belongs to another process now; list again", "该 id 现属于另一进程，请重新列出"},
    {"nothing was done: {}", "未执行任何操作：<0>"},
    {"no declared strategy is in a group {}", "组 {0} 中没有已声明的策略"},
    {"you are not among the operators of {} ([process.{}] operators)",
     "你不在 {0} 的操作员之列（[process.{1}] operators）"},
    {"{} has no process of that name", "{0} 中没有同名进程"},
    {"{} means more than one: {}; say one of these", "{0} 对应多个策略：{1}；请选择其一"},
    {"no strategy is called {}; known: {}. {}", "没有名为 {0} 的策略；已知：{1}。\n<2>"},
    {"{} is under {}, but is not declared, and nothing undeclared is touched. {}",
     "{0} 由 {1} 管理，但未声明；未声明的进程不会被操作。\n<2>"},
    {"{} could not be asked: {}. To allow it, {}", "无法询问 {0}：<1>。"},
    {"To allow it, add a section [process.{}] to the configuration, or name it in STRATEGIES "
     "(docs/strategies.md).",
     "如需允许，请在配置中添加 [process.{0}]，或写入 STRATEGIES（docs/strategies.md）。"},
    {"{}: what it is now is not known: {}", "{0}：当前状态未知：<1>"},
    {"{} is {} after {} s, and may still {}: {}", "{0} 在 {2} 秒后为<1>，之后仍可能<3>：<4>"},
    {"{} was told to {}, but is {} after {} s", "已要求 {0} <1>，但 {3} 秒后为<2>"},
    {"PM2 has no process {} any more", "PM2 中已没有进程 {0}"},
    {"PM2 refuses: {}", "PM2 拒绝：{0}"},
    {"PM2 does not run at {} ({})", "PM2 未在 {0} 运行（{1}）"},
    {"not allowed to speak to PM2 at {} ({}); {}", "无权访问 {0} 的 PM2（{1}）；请以其用户运行"},
    {"PM2 at {} hangs: {}", "{0} 的 PM2 已挂起：{1}"},
    {"PM2 at {} does not answer ({}): its daemon hangs; see {}",
     "{0} 的 PM2 无响应（{1}）：其守护进程已挂起；请查看 {2}"},
    {"PM2 at {} broke off: {}", "{0} 的 PM2 中断：{1}"},
    {"PM2 closed its events at {}", "{0} 的 PM2 关闭了事件流"},
    {"the socket does not speak the protocol of PM2", "该套接字不是 PM2 协议"},
    {"the Docker engine at {} does not answer ({})", "{0} 的 Docker 引擎无响应（{1}）"},
    {"the Docker engine at {} does not answer: {}", "{0} 的 Docker 引擎无响应：{1}"},
    {"the Docker engine at {} does not allow this ({}); allow it in the proxy before it",
     "{0} 的 Docker 引擎不允许此操作（{1}）；请在其前面的代理中放行"},
    {"not allowed to speak to the Docker engine at {} ({}); {}",
     "无权访问 {0} 的 Docker 引擎（{1}）；请使用 rootless 引擎或套接字代理（docs/strategies.md）"},
    {"the Docker engine at {} is no manager of a Swarm: {}",
     "{0} 的 Docker 引擎不是 Swarm 管理节点：{1}"},
    {"the Docker engine at {} ended its events", "{0} 的 Docker 引擎关闭了事件流"},
    {"the Docker engine at {} does not speak its API", "{0} 的 Docker 引擎返回了无法识别的内容"},
    {"Docker refuses ({}): {}", "Docker 拒绝（{0}）：{1}"},
    {"Docker refuses: {}", "Docker 拒绝：{0}"},
    {"this service is not replicated; a strategy is one with 0 or 1 replica",
     "该服务不是 replicated 模式；策略须为 0 或 1 个副本的服务"},
    {"systemd has no unit {}", "systemd 中没有单元 {0}"},
    {"no bus of a user manager is known: {}",
     "找不到用户 systemd 的总线：请设置 XDG_RUNTIME_DIR，或在 [runner.NAME] 中设置 address"},
    {"{} does not answer: {}", "{0} 无响应：<1>"},
    {"the bus does not answer: its daemon or systemd hangs",
     "总线无响应：其守护进程或 systemd 已挂起"},
    {"the bus does not let this user in", "总线不允许此用户访问"},
    {"the bus went away: {}", "总线连接断开：{0}"},
    {"the bus broke off: {}", "总线连接中断：{0}"},
    {"the bus: {}", "总线：{0}"},
    {"{} did not end in time and was killed", "{0} 未按时结束，已被终止"},
    {"cannot run {}: {}", "无法运行 {0}：{1}"},
    {"{} failed: {}", "{0} 失败：{1}"},
    {"the log {} cannot be read: {}", "无法读取日志 {0}：{1}"},
    // What remains of an action: a state, and perhaps why.
    {"{} is {}: {}", "{0} 为<1>：<2>"},
    {"{} is {}", "{0} 为<1>"},
});

std::optional<std::vector<std::string_view>> match(std::string_view form, std::string_view text) {
  constexpr std::string_view kAny = "{}";
  std::vector<std::string_view> found;
  for (auto at = form.find(kAny);; at = form.find(kAny)) {
    const auto piece = form.substr(0, at);
    if (!text.starts_with(piece)) return std::nullopt;
    text.remove_prefix(piece.size());
    if (at == std::string_view::npos) break;
    form.remove_prefix(at + kAny.size());
    const auto next = form.substr(0, form.find(kAny));
    const bool is_last = form.find(kAny) == std::string_view::npos;
    // The last piece ends the text; one before it begins where it is found first.
    if (is_last && (text.size() <= next.size() || !text.ends_with(next))) return std::nullopt;
    const auto end = is_last ? text.size() - next.size() : text.find(next);
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (!text.empty()) return std::nullopt;
  return found;
}

std::string in_chinese(std::string_view text) {
  for (const auto& form : kForms) {
    const auto found = match(form.english, text);
    // "is" stands in many a sentence; before a state it is ours.
    const bool is_state = form.english.starts_with("{} is {}") && !form.english.contains("not");
    if (!found || (is_state && in_chinese((*found)[1]) == (*found)[1])) continue;
    std::string out;
    for (std::size_t at = 0; at < form.chinese.size(); ++at) {
      const char c = form.chinese[at];
      const bool is_place = (c == '{' || c == '<') && at + 2 < form.chinese.size() &&
                            form.chinese[at + 1] >= '0' && form.chinese[at + 1] <= '9';
      if (!is_place) {
        out += c;
        continue;
      }
      const auto which = static_cast<std::size_t>(form.chinese[at + 1] - '0');
      out += c == '{' ? std::string((*found)[which]) : in_chinese((*found)[which]);
      at += 2;
    }
    return out;
  }
  return std::string(text);
}

}  // namespace

std::string runner_words(Language language, std::string_view text) {
  return language == Language::chinese ? in_chinese(text) : std::string(text);
}

}  // namespace bb::bot
