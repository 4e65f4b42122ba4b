#include <algorithm>

#include "bot/deeds.h"
#include "net/json.h"

namespace bb::bot {

namespace {

using net::JsonView;

constexpr std::size_t kRowsShown = 12;

constexpr Phrase kFlattenTitle{"Close {} % of {}", "平掉{1}的 {0} %"};
constexpr Phrase kStrategiesFirst{", its strategies stopped first", "（先停止其策略）"};
constexpr Phrase kEvery{"all positions", "全部持仓"};
constexpr Phrase kLongs{"all longs", "全部多单"};
constexpr Phrase kShorts{"all shorts", "全部空单"};
constexpr Phrase kLosers{"all losing positions", "全部浮亏持仓"};
constexpr Phrase kWinners{"all winning positions", "全部浮盈持仓"};
constexpr Phrase kPauseTitle{"Pause entries", "暂停开仓"};
constexpr Phrase kResumeTitle{"Allow entries again", "恢复开仓"};
constexpr Phrase kLossCutTitle{"Close what floats at a loss now", "立即平掉浮亏持仓"};
constexpr Phrase kLockTitle{"Lock the bot", "锁定机器人"};
constexpr Phrase kUnlockTitle{"Unlock the bot", "解锁机器人"};
constexpr Phrase kCancelTitle{"Cancel orders that would open", "撤销开仓挂单"};

constexpr Phrase kFlat{"✅ <b>FLAT</b> · {} closed, checked afterwards",
                       "✅ <b>已平</b> · {} 个持仓，已复核"};
constexpr Phrase kReduced{"✅ <b>DONE</b> · {} reduced, checked afterwards",
                          "✅ <b>完成</b> · {} 个持仓已减仓，已复核"};
constexpr Phrase kNothingOpen{"✅ <b>FLAT</b> · nothing of it was open",
                              "✅ <b>已平</b> · 没有相关持仓"};
constexpr Phrase kPartial{"🟠 <b>PARTIAL</b> · this is left:", "🟠 <b>部分完成</b> · 剩余："};
constexpr Phrase kUnknown{"❓ <b>UNKNOWN</b> · look at the exchange now",
                          "❓ <b>结果未知</b> · 请立即到交易所查看"};
constexpr Phrase kOrdersLeft{
    "⚠️ orders that could not be canceled, of closed positions or such that can open again: {}. "
    "See /orders",
    "⚠️ 未能撤销的挂单（属于已平持仓，或可能重新开仓）：{} 笔，请查看 /orders"};
constexpr Phrase kEntriesPaused{"entries are paused until /resume", "已暂停开仓，/resume 恢复"};
constexpr Phrase kNotPaused{"⚠️ ENTRIES ARE NOT PAUSED: {}", "⚠️ 未能暂停开仓：{}"};
constexpr Phrase kPaused{"⏸ entries are paused", "⏸ 已暂停开仓"};
constexpr Phrase kHalted{"⛔ it stays halted", "⛔ 仍处于停止状态"};
constexpr Phrase kAllowed{"▶️ entries are allowed", "▶️ 已允许开仓"};
constexpr Phrase kCut{"✅ {0} of {1} position{1:s} closed", "✅ 已平 {0} / {1} 个持仓"};
constexpr Phrase kCutErrors{"🟠 {0} of {1} position{1:s} closed, {2} error{2:s}",
                            "🟠 已平 {0} / {1} 个持仓，{2} 个错误"};
constexpr Phrase kCanceled{"✅ {0} order{0:s} canceled", "✅ 已撤 {0} 笔挂单"};
constexpr Phrase kCanceledPart{"🟠 {0} order{0:s} canceled, {1} gone before that, {2} left:",
                               "🟠 已撤 {0} 笔挂单，{1} 笔已先消失（可能成交），剩余 {2} 笔："};
constexpr Phrase kFailed{"❌ {}", "❌ {}"};
constexpr Phrase kFlattenBroke{
    "❓ <b>UNKNOWN</b> · {}\n   Look at the exchange now. ENTRIES MAY NOT BE PAUSED.",
    "❓ <b>结果未知</b> · {}\n   请立即到交易所查看。可能未暂停开仓。"};
constexpr Phrase kClosingBroke{"❓ <b>UNKNOWN</b> · {}\n   Look at the exchange now.",
                               "❓ <b>结果未知</b> · {}\n   请立即到交易所查看。"};
constexpr Phrase kPauseBroke{"❌ <b>ENTRIES MAY NOT BE PAUSED</b>: {}",
                             "❌ <b>可能未暂停开仓</b>：{}"};
constexpr Phrase kBy{"done by {}", "执行者：{}"};
constexpr Phrase kPastHolder{"⚠️ done past a service that does not answer, by {}: look at it",
                             "⚠️ 服务无响应，已绕过它执行（{}）：请检查该服务"};
constexpr Phrase kPastRecords{"⚠️ done without the account's records, which cannot be used, by {}",
                              "⚠️ 账户记录无法使用，已绕过记录执行（{}）"};

std::string text_of(JsonView object, std::string_view name) {
  return object.has(name) && object.at(name).is_string() ? std::string(object.at(name).text())
                                                         : std::string();
}

std::int64_t count_of(JsonView object, std::string_view name) {
  return object.has(name) ? object.at(name).integer() : 0;
}

std::string flatten_words(Language in, JsonView report) {
  const std::string verdict = text_of(report, "verdict");
  std::vector<std::string> left;
  std::size_t rows = 0;
  bool is_part = false;
  if (report.has("positions"))
    report.at("positions").for_each([&](JsonView row) {
      ++rows;
      const auto remains = row.at("left").decimal();
      is_part |= !row.at("target").decimal().is_zero();
      const std::string why = text_of(row, "text");
      if (remains != row.at("target").decimal() || !why.empty())
        left.push_back(fmt::format("\n   {} {}{}", shown(text_of(row, "symbol")), number(remains),
                                   why.empty() ? "" : ": " + shown(why)));
    });
  std::string text;
  if (verdict == "FLAT" && rows == 0)
    text = say(in, kNothingOpen);
  else if (verdict == "FLAT")
    text = say(in, is_part ? kReduced : kFlat, rows);
  else
    text = say(in, verdict == "PARTIAL" ? kPartial : kUnknown);
  for (std::size_t i = 0; i < left.size() && i < kRowsShown; ++i)
    text += left[i];
  if (left.size() > kRowsShown) text += fmt::format("\n   … +{}", left.size() - kRowsShown);
  if (const auto why = text_of(report, "text"); !why.empty()) text += "\n   " + shown(why);
  if (const auto orders = count_of(report, "orders_left"); orders > 0)
    text += "\n   " + say(in, kOrdersLeft, orders);
  const auto problem = text_of(report, "latch_problem");
  return text + "\n   " +
         (problem.empty() ? say(in, kEntriesPaused) : say(in, kNotPaused, shown(problem)));
}

std::string latch_words(Language in, JsonView report) {
  const auto entries = text_of(report, "entries");
  if (entries == "paused") return say(in, kPaused);
  return say(in, entries == "halted" ? kHalted : kAllowed);
}

std::string cut_words(Language in, JsonView report) {
  const auto closed = count_of(report, "closed_loss_cut");
  const auto total = count_of(report, "total");
  const auto errors = count_of(report, "errors");
  std::string text = errors == 0 ? say(in, kCut, closed, Count{total})
                                 : say(in, kCutErrors, closed, Count{total}, Count{errors});
  std::size_t count = 0;
  if (report.has("details"))
    report.at("details").for_each([&](JsonView line) {
      if (count++ < kRowsShown) text += "\n   " + shown(line.text());
    });
  return text;
}

std::string cancel_words(Language in, JsonView report) {
  const auto done = count_of(report, "canceled");
  const auto left = count_of(report, "left");
  if (const auto problem = text_of(report, "problem"); !problem.empty())
    return say(in, kFailed, shown(problem));
  const auto gone = count_of(report, "gone");
  if (left == 0 && gone == 0) return say(in, kCanceled, Count{done});
  std::string text = say(in, kCanceledPart, Count{done}, gone, left);
  report.at("details").for_each([&](JsonView line) { text += "\n   " + shown(line.text()); });
  return text;
}

std::string_view first_line(std::string_view text) {
  if (text.starts_with("bubble-buster: ")) text.remove_prefix(15);
  return text.substr(0, text.find('\n'));
}

std::string whose(Language in, JsonView report) {
  if (!report.has("by")) return {};
  const auto by = report.at("by");
  const auto how = text_of(by, "how");
  const auto who = fmt::format("{}, pid {}", shown(text_of(by, "command")), count_of(by, "pid"));
  const Phrase* phrase = &kBy;
  if (how.contains("does not answer"))
    phrase = &kPastHolder;
  else if (how.contains("records"))
    phrase = &kPastRecords;
  else if (!how.empty() && how != "done by")
    return "\n   <i>⚠️ " + shown(how) + " " + who + "</i>";
  return "\n   <i>" + say(in, *phrase, who) + "</i>";
}

}  // namespace

namespace {

// Nothing is known but that it did not end well.
std::string failure_words(Language language, Verb verb, const std::string& why) {
  switch (verb) {
    case Verb::flatten:
    case Verb::clear:
      return say(language, kFlattenBroke, why);
    case Verb::loss_cut:
    case Verb::cancel:
      return say(language, kClosingBroke, why);
    case Verb::pause:
      return say(language, kPauseBroke, why);
    default:
      return say(language, kFailed, why);
  }
}

}  // namespace

std::string title_of(Language language, const Request& request) {
  switch (request.verb) {
    case Verb::flatten:
    case Verb::clear: {
      std::string what;
      for (const auto& symbol : request.symbols)
        what += (what.empty() ? "" : ", ") + shown(symbol);
      const Phrase* const picks[] = {&kEvery, &kLongs, &kShorts, &kLosers, &kWinners};
      if (what.empty() || request.pick != Pick::all)
        what = say(language, *picks[static_cast<std::size_t>(request.pick)]) +
               (what.empty() ? "" : " (" + what + ")");
      return say(language, kFlattenTitle, request.percent.str(), what) +
             (request.stops_strategies ? say(language, kStrategiesFirst) : "");
    }
    case Verb::lock:
      return say(language, kLockTitle);
    case Verb::unlock:
      return say(language, kUnlockTitle);
    case Verb::pause:
      return say(language, kPauseTitle);
    case Verb::resume:
      return say(language, kResumeTitle);
    case Verb::loss_cut:
      return say(language, kLossCutTitle);
    case Verb::cancel:
      return say(language, kCancelTitle);
    default:
      return row_of(request.verb).help.in(language);
  }
}

std::string describe(Language language, const Request& request, const control::Report& report) {
  const auto document = net::JsonDocument::parse(report.json);
  try {
    if (report.failed || !document || document->root().has("error"))
      return failure_words(language, request.verb, shown(first_line(report.text)));
    const auto root = document->root();
    std::string text;
    switch (request.verb) {
      case Verb::flatten:
      case Verb::clear:
        text = flatten_words(language, root);
        break;
      case Verb::pause:
      case Verb::resume:
        text = latch_words(language, root);
        break;
      case Verb::loss_cut:
        text = cut_words(language, root);
        break;
      case Verb::cancel:
        text = cancel_words(language, root);
        break;
      default:
        text = shown(report.text);
    }
    return text + whose(language, root);
  } catch (const net::JsonError&) {
    return failure_words(language, request.verb, shown(first_line(report.text)));
  }
}

std::string summary_of(const control::Report& report) {
  return fmt::format("exit {}: {}", report.exit_code, first_line(report.text));
}

}  // namespace bb::bot
