// Which alerts are sent, and silence for a while. Both are kept with the account, where whoever
// delivers its messages reads them.
#include <algorithm>

#include "bot/action.h"
#include "bot/screens.h"

namespace bb::bot {

namespace {

constexpr Phrase kTitle{"<b>Alerts</b> · {}", "<b>通知</b> · {}"};
constexpr Phrase kPressToChange{"Press a kind to change it. Critical ones always come.",
                                "点击某类通知可切换。严重告警始终发送。"};
constexpr Phrase kMutedUntil{"🔕 muted until {} (by {})", "🔕 静音至 {}（由 {} 设置）"};
constexpr Phrase kNotMuted{"🔔 not muted", "🔔 未静音"};
constexpr Phrase kOn{"on", "开"};
constexpr Phrase kSilent{"silent", "静默"};
constexpr Phrase kOff{"off", "关"};
constexpr Phrase kMuteAsk{"<b>Mute</b> · {}\nFor how long? Critical alerts come through.",
                          "<b>静音</b> · {}\n静音多久？严重告警不受影响。"};
constexpr Phrase kMuted{"🔕 Muted for {}. Critical alerts come through.",
                        "🔕 已静音 {}。严重告警不受影响。"};
constexpr Phrase kUnmuted{"🔔 Alerts are on again.", "🔔 已恢复通知。"};
constexpr Phrase kHalfHour{"30 min", "30 分钟"};
constexpr Phrase kHour{"1 h", "1 小时"};
constexpr Phrase kNight{"8 h", "8 小时"};
constexpr Phrase kUnmute{"Unmute", "取消静音"};
constexpr Phrase kMuteButton{"🔕 Mute", "🔕 静音"};
constexpr Phrase kMayNot{"Only an operator may change that.", "只有操作员可以更改。"};
constexpr Phrase kMenu{"‹ Menu", "‹ 菜单"};

const Phrase& level_phrase(const std::string& level) {
  if (level == "off") return kOff;
  return level == "silent" ? kSilent : kOn;
}

std::string next_level(const std::string& level) {
  if (level == "on") return "silent";
  return level == "silent" ? "off" : "on";
}

std::optional<Millis> length_of(const std::string& word) {
  if (word == "30m") return Minutes(30);
  if (word == "1h") return Hours(1);
  if (word == "8h") return Hours(8);
  return std::nullopt;
}

std::string names_of(const std::vector<AccountPort*>& accounts) {
  std::string text;
  for (const auto* account : accounts)
    text += (text.empty() ? "" : ", ") + Screens::head(*account);
  return text;
}

}  // namespace

Task<Screen> Screens::alerts(Person person, AccountPort& account, Request request) {
  const Language in = person.language;
  const bool may_change = access_.role(person.user, account.name) >= Role::operates;
  Screen screen;
  std::string note;
  if (!request.word.empty() && !may_change) note = "\n🚫 " + say(in, kMayNot);
  if (!request.word.empty() && may_change) {
    const auto split = request.word.find('=');
    const auto set =
        co_await account.set_level(request.word.substr(0, split), request.word.substr(split + 1));
    if (!set) note = "\n" + excuse(person, set.error());
  }
  const auto facts = co_await account.alerts();
  screen.html = say(in, kTitle, head(account)) + note;
  request.word.clear();
  request.target = account.name;
  if (!facts) {
    screen.html += "\n" + excuse(person, facts.error());
  } else {
    screen.html +=
        "\n" + (facts->muted_until > parts_.clock.utc_now()
                    ? say(in, kMutedUntil, moment(facts->muted_until), shown(facts->muted_by))
                    : say(in, kNotMuted));
    std::vector<Button> row;
    for (const auto& kind : facts->kinds) {
      const std::string name = in == Language::chinese ? kind.chinese : kind.english;
      screen.html += fmt::format("\n{} {}: {}", kind.is_critical ? "❗" : "·", shown(name),
                                 say(in, level_phrase(kind.level)));
      if (kind.is_critical || !may_change) continue;
      Request change = request;
      change.word = kind.name + "=" + next_level(kind.level);
      row.push_back(
          {fmt::format("{}: {}", name, say(in, level_phrase(kind.level))), line_of(change)});
      if (row.size() == 2) screen.rows.push_back(std::exchange(row, {}));
    }
    if (!row.empty()) screen.rows.push_back(std::move(row));
    if (may_change) {
      screen.html += "\n\n" + say(in, kPressToChange);
      Request mute;
      mute.verb = Verb::mute;
      mute.target = account.name;
      screen.rows.push_back({{say(in, kMuteButton), line_of(mute)}});
    }
  }
  screen.rows.push_back(foot(person, request));
  co_return screen;
}

Task<Screen> Screens::mute(Person person, std::vector<AccountPort*> accounts, Request request) {
  const Language in = person.language;
  Screen screen;
  if (request.word.empty()) {
    screen.html = say(in, kMuteAsk, names_of(accounts));
    const std::pair<const char*, Phrase> choices[] = {
        {"30m", kHalfHour}, {"1h", kHour}, {"8h", kNight}, {"off", kUnmute}};
    for (const auto& [word, label] : choices) {
      Request chosen = request;
      chosen.word = word;
      screen.rows.push_back({{say(in, label), line_of(chosen)}});
    }
    screen.rows.push_back({{say(in, kMenu), "/start"}});
    co_return screen;
  }
  const auto length = length_of(request.word);
  const TimePoint until = length ? parts_.clock.utc_now() + *length : TimePoint{};
  for (auto* account : accounts) {
    const auto muted = co_await account->mute(until, person.name);
    screen.html += head(*account) + " · " +
                   (!muted   ? excuse(person, muted.error())
                    : length ? say(in, kMuted, span(in, *length))
                             : say(in, kUnmuted)) +
                   "\n";
  }
  screen.rows.push_back({{say(in, kMenu), "/start"}});
  co_return screen;
}

}  // namespace bb::bot
