// Hearing: what becomes of one update, before anything is done about it.
#include <algorithm>

#include "bot/bot.h"
#include "notify/text.h"

namespace bb::bot {

namespace {

constexpr Micros kMinute{60'000'000};
constexpr Micros kHour{3'600'000'000};
constexpr int kStrangersPerHour = 100;
constexpr std::size_t kCodeDigits = 6;
constexpr std::size_t kKeptBytes = 200;
constexpr std::size_t kUnwrittenMost = 4096;

constexpr Phrase kTooOld{
    "⌛ “{}” was sent {} ago and is expired: nothing was done. Send it again if you still want it.",
    "⌛「{}」是 {}前发送的，已过期，未执行任何操作。如仍需要请重新发送。"};
constexpr Phrase kOthersToo{" The same holds for any other old command here.",
                            "此处其他过期命令同样未执行。"};
constexpr Phrase kClockOff{
    "⏰ “{}” has a date {} ahead of this host's clock, so nobody knows how old it is: nothing was "
    "done. Set the host's clock (timedatectl), then send it again.",
    "⏰「{}」的时间比主机时钟快 {}，无法判断是否过期，未执行任何操作。"
    "请先校准主机时间（timedatectl），再重新发送。"};
constexpr Phrase kTooFast{"⏳ Too many commands in a minute. Wait a little.",
                          "⏳ 一分钟内命令过多，请稍候。"};
constexpr Phrase kUsage{"Usage: {}", "用法：{}"};
constexpr Phrase kBroken{
    "⚠️ The bot's database takes nothing (is the disk full?): nothing was done. Flatten, pause, "
    "loss cut and cancel work all the same.",
    "⚠️ 机器人数据库无法写入（磁盘已满？），未执行任何操作。平仓、暂停、止损、撤单仍可使用。"};

bool is_code(const std::string& text) {
  return text.size() == kCodeDigits && text.find_first_not_of("0123456789") == std::string::npos;
}

// Of a line that could not be understood: what might be a code is nobody's business.
std::string kept(const std::string& text) {
  return notify::first_bytes(without_codes(text), kKeptBytes);
}

bool is_resume(const std::string& text) {
  const auto words = words_of(text);
  if (words.empty() || !words.front().starts_with('/')) return false;
  const auto* row = find_command(words.front().substr(1, words.front().find('@') - 1));
  return row != nullptr && adds_risk(row->verb);
}

/// What may be done although nothing can be written down about it: closing, and looking.
bool goes_unwritten(const Request& request) {
  if (acts(request.verb)) return goes_first(request.verb);
  return request.word.empty() || request.verb == Verb::pnl;
}

Task<void> without_outcome(Task<std::string> deed) { (void)co_await std::move(deed); }

}  // namespace

const Phrase& broken_phrase() { return kBroken; }

std::string Bot::objection_to(const Update& update) const {
  if (!update.objection.empty()) return update.objection;
  if (!access_.is_user(update.user)) return "an unlisted user";
  if (!access_.is_chat(update.chat, update.chat_type, update.user)) return "an unlisted chat";
  return {};
}

void Bot::refuse(const Update& update, const std::string& why) {
  skip(update);
  // Strangers could fill the disk: after a hundred an hour they are counted.
  if (!access_.is_user(update.user)) {
    const auto now = parts_.clock.steady_now();
    if (strangers_ == 0 || now - strangers_since_ > kHour) {
      if (strangers_ > kStrangersPerHour)
        audit_.add({0, 0, update.id, "strangers",
                    fmt::format("refused: {} more", strangers_ - kStrangersPerHour)});
      strangers_ = 0;
      strangers_since_ = now;
    }
    if (++strangers_ > kStrangersPerHour) return;
  }
  const std::string what = update.kind == Update::Kind::press ? "a press" : kept(update.text);
  audit_.add({update.user, update.chat, update.id, what, "refused: " + why});
}

bool Bot::is_too_fast(std::int64_t user) {
  auto& times = heard_[user];
  const auto now = parts_.clock.steady_now();
  while (!times.empty() && now - times.front() > kMinute)
    times.pop_front();
  if (std::ssize(times) >= access_.settings().commands_per_minute) return true;
  times.push_back(now);
  return false;
}

void Bot::skip(const Update& update) {
  if (const auto moved = parts_.ops.skip(parts_.bot_id, update.id); !moved)
    note_unwritten(moved.error());
}

void Bot::note_unwritten(const Error& error) {
  const auto now = parts_.clock.steady_now();
  is_unwritten_ = true;
  if (told_unwritten_ != SteadyTime() && now - told_unwritten_ < kMinute) return;
  told_unwritten_ = now;
  parts_.log.error("bot's database takes nothing", {{"why", error.text}});
}

Bot::Taken Bot::take(const Update& update, const std::string& action) {
  // In doubt it was done before: nothing is done twice.
  if (unwritten_.contains(update.id)) return Taken::before;
  const auto taken = parts_.ops.take(
      {parts_.bot_id, update.id, update.user, update.chat, action, parts_.clock.utc_now()});
  if (taken) {
    if (!*taken) parts_.log.warn("update taken before", {{"update", update.id}});
    return *taken ? Taken::now : Taken::before;
  }
  note_unwritten(taken.error());
  unwritten_.insert(update.id);
  if (unwritten_.size() > kUnwrittenMost) unwritten_.erase(unwritten_.begin());
  return Taken::unwritten;
}

void Bot::spawn_saying(TaskGroup& group, Person person, Place place, std::string html) {
  group.spawn(without_outcome(say_to(std::move(person), place, std::move(html))));
}

void Bot::hear(std::vector<Update> updates, TaskGroup& group) {
  for (const auto& update : updates) {
    next_offset_ = std::max(next_offset_, update.id + 1);
    hear_one(update, group);
  }
}

void Bot::hear_one(const Update& update, TaskGroup& group) {
  if (update.kind == Update::Kind::membership) {
    const bool is_in = update.member_status == "member" || update.member_status == "administrator";
    refuse(update, update.member_status.empty() ? "a change of membership"
                                                : "the bot is now " + update.member_status);
    const bool is_group = update.chat_type != "private";
    if (is_in && is_group && !access_.chats().contains(update.chat))
      group.spawn(leave(update.chat));
    return;
  }
  const bool is_chatter = update.kind == Update::Kind::message && !update.text.starts_with('/') &&
                          (update.chat_type != "private" || !access_.is_user(update.user));
  const auto objection = objection_to(update);
  if (is_chatter && !deeds_.awaits_code(update.user, update.chat)) {
    skip(update);
    return;
  }
  if (!objection.empty()) return refuse(update, objection);
  if (is_too_fast(update.user)) {
    refuse(update, "too many in a minute");
    auto& told = told_slow_[update.user];
    const auto now = parts_.clock.steady_now();
    if (told != SteadyTime() && now - told < kMinute) return;
    told = now;
    const Person person = person_of(update);
    const Place place{update.chat, update.thread, 0};
    return spawn_saying(group, person, place, say(person.language, kTooFast));
  }
  if (update.kind == Update::Kind::message)
    hear_message(update, group);
  else if (update.kind == Update::Kind::press)
    hear_press(update, group);
  else
    refuse(update, "it is of an unknown kind");
}

void Bot::refuse_old(const Update& update, const std::string& line, Millis age, TaskGroup& group) {
  refuse(update, age > Millis(0)
                     ? fmt::format("expired, {} s old", age.count() / 1000)
                     : fmt::format("dated {} s after this host's clock", -age.count() / 1000));
  auto& told = told_expired_[update.chat];
  const auto now = parts_.clock.steady_now();
  if (told != SteadyTime() && now - told < kMinute) return;
  told = now;
  const Person person = person_of(update);
  const Language in = person.language;
  const Millis length = age > Millis(0) ? age : -age;
  spawn_saying(group, person, {update.chat, update.thread, 0},
               say(in, age > Millis(0) ? kTooOld : kClockOff, shown(line), span(in, length)) +
                   say(in, kOthersToo));
}

void Bot::hear_message(const Update& update, TaskGroup& group) {
  const Person person = person_of(update);
  const Place place{update.chat, update.thread, 0};
  const bool is_awaited = is_code(update.text) && deeds_.awaits_code(update.user, update.chat);
  const auto parsed =
      parse_request(update.text, username_, access_.accounts_of(update.user, Role::viewer));
  // For another bot of the same group, or just talk.
  if (parsed && !*parsed && !is_awaited && update.chat_type != "private") return skip(update);
  const std::string line = is_awaited          ? "a code"
                           : parsed && *parsed ? line_of(**parsed)
                                               : kept(update.text);
  // A code in the chat's history is nobody's business.
  if (is_resume(update.text) && without_codes(update.text) != update.text)
    group.spawn(messenger_.remove({update.chat, update.thread, update.message}));
  const auto age = parts_.clock.utc_now() - update.date;
  if (age > kCommandAge || age < -kCommandAge) return refuse_old(update, line, age, group);
  const auto taken = take(update, line);
  if (taken == Taken::before) return;
  Occasion occasion{person, place, update.id};
  const bool goes_on =
      taken == Taken::now || (!is_awaited && parsed && goes_unwritten(parsed->value_or(Request{})));
  if (!goes_on) {
    group.spawn(answer(
        update, line,
        say_to(person, place, say(person.language, kBroken), "refused: ops.db takes nothing")));
  } else if (is_awaited) {
    occasion.place.message = update.message;
    group.spawn(answer(update, line, do_code(occasion, update.text)));
  } else if (!parsed) {
    group.spawn(answer(update, line,
                       say_to(person, place, complaint(person, update, parsed.error()),
                              "refused: not understood")));
  } else {
    group.spawn(answer(update, line, do_line(occasion, parsed->value_or(Request{}))));
  }
}

std::string Bot::complaint(const Person& person, const Update& update,
                           const Refusal& refusal) const {
  const bool hides = is_resume(update.text);
  const auto argument = hides ? without_codes(refusal.argument) : refusal.argument;
  std::string html = "🚫 " + say(person.language, refusal.phrase, shown(argument));
  const auto words = words_of(update.text);
  if (const auto* row = find_command(words.front().substr(1, words.front().find('@') - 1)))
    html += "\n" + say(person.language, kUsage,
                       "<code>" + notify::escape_html(usage_of(row->verb)) + "</code>");
  return html;
}

void Bot::hear_press(const Update& update, TaskGroup& group) {
  if (notify::is_acknowledgement(update.data)) {
    if (take(update, update.data) != Taken::before)
      group.spawn(answer(update, update.data, acknowledge(update)));
    return;
  }
  auto press = cards_->check(update);
  if (!press) {
    const char* const whys[] = {"a forged button", "a used or expired button",
                                "somebody else's button", "a button of another message",
                                "ops.db does not answer"};
    refuse(update, whys[static_cast<std::size_t>(press.error())]);
    group.spawn(tell_fault(update, press.error()));
    return;
  }
  Action action = read_action(press->action);
  const std::string what = audited(action);
  const auto taken = take(update, what);
  if (taken == Taken::before) return;
  const auto parsed =
      parse_request(action.line, username_, access_.accounts_of(update.user, Role::viewer));
  const bool is_line = action.kind == Action::Kind::open || action.kind == Action::Kind::confirm;
  const bool ends = action.kind == Action::Kind::dismiss || action.kind == Action::Kind::deny;
  const bool goes_on =
      taken == Taken::now || ends || (is_line && parsed && *parsed && goes_unwritten(**parsed));
  if (!goes_on) {
    group.spawn(answer(update, what, tell_broken(update)));
  } else if (!cards_->use(press->card)) {
    audit_.add({update.user, update.chat, update.id, what, "refused: pressed before"});
    group.spawn(tell_fault(update, Cards::Fault::gone));
    (void)parts_.ops.finish(parts_.bot_id, update.id);
  } else {
    group.spawn(answer(update, what, do_press(update, std::move(action))));
  }
}

}  // namespace bb::bot
