// What adds risk: a question that waits for a code or another admin's word.
#include <algorithm>

#include "base/random.h"
#include "bot/deeds.h"
#include "bot/readings.h"

namespace bb::bot {

namespace {

// The buttons outlive the question: what counts is its own time, from when it could be read.
constexpr Millis kCardLife{300'000};
constexpr Micros kPatience{60'000'000};
constexpr std::size_t kCodeDigits = 6;

constexpr Phrase kLockedBy{"🔒 locked by {} ({})", "🔒 由 {} 锁定（{}）"};
constexpr Phrase kIsLocked{"🔒 The bot was locked meanwhile. Nothing was done.",
                           "🔒 机器人已被锁定，未执行任何操作。"};
constexpr Phrase kNotPaused{"{}: entries are allowed already", "{}：已允许开仓"};
constexpr Phrase kPausedBy{"{}: paused by {} – {} ({})", "{}：由 {} 暂停 – {}（{}）"};
constexpr Phrase kHaltedBy{"{}: ⛔ halted by {} – {} ({})", "{}：⛔ 由 {} 停止 – {}（{}）"};
constexpr Phrase kLeftOut{"⚠️ {} could not be read, so it stays as it is: {}",
                          "⚠️ {} 无法读取，保持原状：{}"};
constexpr Phrase kAskedOf{"👥 Asked: {}. They have 60 s.", "👥 已请求：{}，60 秒内有效。"};
constexpr Phrase kSendCode{
    "This lets it open positions again. Send the 6 digits of your "
    "authenticator, or press them. (60 s)",
    "此操作将允许重新开仓。请发送或点击输入身份验证器的 6 位数字。（60 秒内有效）"};
constexpr Phrase kOrOther{"This lets it open positions again, so another admin must agree.",
                          "此操作将允许重新开仓，需要另一位管理员同意。"};
constexpr Phrase kProved{"The code is right. This lets it open positions again: shall I? (60 s)",
                         "验证码正确。此操作将允许重新开仓，是否执行？（60 秒内有效）"};
constexpr Phrase kGo{"✅ Yes: {}", "✅ 确认：{}"};
constexpr Phrase kNoFactor{
    "This lets it open positions again and needs a second factor, and you have none. Run "
    "<code>bubble-buster bot --new-totp {}</code> on the host, or <code>bubble-buster "
    "resume</code> "
    "there.",
    "此操作将允许重新开仓，需要二次验证，而你尚未设置。请在主机上运行 "
    "<code>bubble-buster bot --new-totp {}</code>，或直接运行 <code>bubble-buster resume</code>。"};
constexpr Phrase kNoRecord{
    "⚠️ The bot's database does not answer, so no code can be used up. Nothing was done.",
    "⚠️ 机器人数据库无响应，无法核销验证码，未执行任何操作。"};
constexpr Phrase kAskOther{"👥 Ask another admin", "👥 请另一位管理员同意"};
constexpr Phrase kWrong{
    "❌ That is not the code, or it was used before. Nothing was done. /resume "
    "asks again.",
    "❌ 验证码错误或已使用过，未执行任何操作。可重新 /resume。"};
constexpr Phrase kLocked{"🔒 Too many wrong codes: none is accepted for 15 minutes.",
                         "🔒 错误次数过多，15 分钟内不再接受验证码。"};
constexpr Phrase kNobodyAnswered{"⌛ No other admin answered. Nothing was done.",
                                 "⌛ 没有管理员回应，未执行任何操作。"};
constexpr Phrase kTooLate{"That was decided already, or is too old. Nothing was done.",
                          "该请求已处理或已过期，未执行任何操作。"};
constexpr Phrase kCanceled{"✖ Canceled. Nothing was done.", "✖ 已取消，未执行任何操作。"};
constexpr Phrase kAskedAnew{"✖ Asked anew below. Nothing was done by this one.",
                            "✖ 已重新发起，此请求未执行任何操作。"};
constexpr Phrase kWithdrawn{"✖ {} withdrew it. Nothing was done.",
                            "✖ {} 已撤回请求，未执行任何操作。"};
constexpr Phrase kByCode{"✅ {} did it with a code.", "✅ {} 已使用验证码执行。"};
constexpr Phrase kUnanswered{"⌛ Expired. Nothing was done.", "⌛ 已过期，未执行任何操作。"};
constexpr Phrase kCodeWrong{"✖ {} sent a wrong code. Nothing was done.",
                            "✖ {} 的验证码错误，未执行任何操作。"};

Task<Result<AccountState>> state_of(AccountPort* account) { return account->state(); }

}  // namespace

Task<void> Deeds::look_at_latches(Pending& question, std::vector<AccountPort*> accounts) {
  // A lock is of the bot; these are only whose admins may end it.
  if (question.request.verb == Verb::unlock) {
    for (const auto* account : accounts)
      question.seen[account->name] = std::nullopt;
    co_return;
  }
  std::vector<Task<Result<AccountState>>> readings;
  for (auto* account : accounts)
    readings.push_back(guarded(state_of(account)));
  const auto states = co_await gather(std::move(readings));
  for (std::size_t i = 0; i < states.size(); ++i)
    if (states[i])
      question.seen[accounts[i]->name] = states[i]->latch;
    else
      question.unread[accounts[i]->name] = states[i].error().text;
}

std::string Deeds::facts_of(const Pending& question, Language in) const {
  std::string text = "<b>" + title_of(in, question.request) + "</b>";
  if (question.request.verb == Verb::unlock) {
    const auto lock = lockdown_.read();
    return lock ? text + "\n" + say(in, kLockedBy, shown(lock->who), moment(lock->since)) : text;
  }
  for (const auto* account : screens_.ports_of(names_for(question))) {
    const auto name = Screens::head(*account);
    const auto& latch = question.seen.at(account->name);
    const bool is_pause = latch && latch->kind == store::LatchKind::paused;
    text += "\n" + (!latch ? say(in, kNotPaused, name)
                           : say(in, is_pause ? kPausedBy : kHaltedBy, name, shown(latch->who),
                                 shown(latch->why), moment(latch->since)));
  }
  for (const auto& [name, why] : question.unread)
    text += "\n" + say(in, kLeftOut, shown(name), shown(why));
  return text;
}

Task<Screen> Deeds::propose_resume(Occasion occasion, std::vector<AccountPort*> accounts,
                                   Request request) {
  const auto& person = occasion.person;
  // One question per person and chat: a code must have one meaning.
  for (const auto old : numbers_of(person.user, occasion.place.chat)) {
    auto question = take(old);
    const Place where = question->occasion.place;
    if (where.message != 0 && where.message != occasion.place.message)
      (void)co_await messenger_.show(where, last_screen(person, say(person.language, kAskedAnew)));
    co_await end_wishes(std::move(*question), kWithdrawn, person.name);
  }
  Pending question;
  question.number = static_cast<std::int64_t>(system_entropy() >> 1U) | 1;
  question.occasion = occasion;
  const std::string code = std::exchange(request.code, {});
  question.request = std::move(request);
  if (!code.empty()) {
    Screen verdict = judge_code(person, code);
    if (!verdict.html.empty()) co_return verdict;
    question.is_proved = true;
  }
  co_await look_at_latches(question, std::move(accounts));
  if (question.seen.empty()) {
    Screen blind = last_screen(person, facts_of(question, person.language));
    blind.outcome = "failed: no account could be read";
    co_return blind;
  }
  const auto number = question.number;
  question.until = parts_.clock.after(kPatience);
  pending_[number] = std::move(question);
  co_await show_question(number);
  Screen shown_already;
  shown_already.outcome = "asked for a second word";
  co_return shown_already;
}

std::vector<std::string> Deeds::names_for(const Pending& question) const {
  std::vector<std::string> names;
  for (const auto& [name, mark] : question.seen)
    names.push_back(name);
  return names;
}

Screen Deeds::question_screen(const Pending& question) const {
  const auto& person = question.occasion.person;
  const Language in = person.language;
  const bool has_others = !question.is_proved && question.asked.empty() &&
                          !access_.others(person.user, Role::admin, names_for(question)).empty();
  Screen screen;
  screen.owner = person.user;
  screen.life = kCardLife;
  screen.is_proposal = true;
  screen.is_private = true;
  screen.html = facts_of(question, in) + "\n\n";
  if (!question.asked.empty()) screen.html += say(in, kAskedOf, shown(question.asked)) + "\n";
  if (question.is_proved) {
    screen.html += say(in, kProved);
    screen.rows.push_back({{say(in, kGo, title_of(in, question.request)),
                            write_action({Action::Kind::proceed, {}, 0, 0, question.number}),
                            Button::Style::primary}});
  } else if (second_.knows(person.user)) {
    screen.html += say(in, kSendCode) + "\n";
    for (std::size_t i = 0; i < kCodeDigits; ++i)
      screen.html += i < question.digits.size() ? "● " : "○ ";
    for (const std::string_view row : {"123", "456", "789", "0<"}) {
      std::vector<Button> keys;
      for (const char key : row)
        keys.push_back({key == kBackspace ? "⌫" : std::string(1, key),
                        write_action({Action::Kind::digit, {}, 0, key, question.number})});
      screen.rows.push_back(std::move(keys));
    }
  } else if (question.asked.empty()) {
    screen.html += has_others ? say(in, kOrOther) : say(in, kNoFactor, person.user);
  }
  if (has_others)
    screen.rows.push_back(
        {{say(in, kAskOther), write_action({Action::Kind::ask, {}, 0, 0, question.number})}});
  if (screen.rows.empty() && question.asked.empty())
    screen.rows.push_back({home_button(in)});
  else
    screen.rows.push_back({dismiss_button(in)});
  return screen;
}

Task<void> Deeds::show_question(std::int64_t number) {
  const auto asked = pending_.find(number);
  if (asked == pending_.end()) co_return;
  const Place place = asked->second.occasion.place;
  const Person person = asked->second.occasion.person;
  Screen screen = question_screen(asked->second);
  const auto stand = co_await messenger_.show(place, std::move(screen));
  const auto found = pending_.find(number);
  if (found == pending_.end()) {
    // Answered while it was on its way: what came of it stands elsewhere.
    (void)messenger_.use(stand.card);
    if (stand.message != 0 && stand.message != place.message)
      co_await messenger_.remove({place.chat, place.thread, stand.message});
    co_return;
  }
  if (stand.message == 0) {
    (void)take(number);  // what nobody could see is no question
    co_return;
  }
  found->second.occasion.place.message = stand.message;
  found->second.card = stand.card;
  found->second.until = parts_.clock.after(kPatience);
}

std::vector<std::int64_t> Deeds::numbers_of(std::int64_t user, std::int64_t chat) const {
  std::vector<std::int64_t> numbers;
  for (const auto& [number, question] : pending_)
    if (question.occasion.person.user == user && question.occasion.place.chat == chat)
      numbers.push_back(number);
  return numbers;
}

std::optional<Pending> Deeds::take(std::int64_t number) {
  auto node = pending_.extract(number);
  if (node.empty()) return std::nullopt;
  auto& question = node.mapped();
  (void)messenger_.use(question.card);
  for (const auto& wish : question.wishes)
    (void)messenger_.use(wish.stand.card);
  return std::move(question);
}

bool Deeds::awaits_code(std::int64_t user, std::int64_t chat) const {
  if (!second_.knows(user)) return false;
  return std::ranges::any_of(numbers_of(user, chat), [&](std::int64_t number) {
    const auto& question = pending_.at(number);
    return !question.is_proved && parts_.clock.steady_now() < question.until;
  });
}

Task<void> Deeds::sweep() {
  const auto now = parts_.clock.steady_now();
  std::vector<std::int64_t> over;
  for (const auto& [number, question] : pending_)
    if (question.until <= now) over.push_back(number);
  for (const auto number : over) {
    auto question = take(number);
    if (!question) continue;
    const auto& person = question->occasion.person;
    const Place place = question->occasion.place;
    const bool is_asked = !question->asked.empty();
    audit_.add({person.user, place.chat, question->occasion.update, line_of(question->request),
                is_asked ? "expired: no other admin answered" : "expired"});
    const auto& phrase = is_asked ? kNobodyAnswered : kUnanswered;
    (void)co_await messenger_.show(place, last_screen(person, say(person.language, phrase)));
    co_await end_wishes(std::move(*question), kUnanswered, "");
  }
  co_await untold_.tell();
}

Task<std::string> Deeds::take_code(Occasion occasion, std::string code) {
  const auto numbers = numbers_of(occasion.person.user, occasion.place.chat);
  auto question = numbers.empty() ? std::nullopt : take(numbers.front());
  if (!question) co_return "refused: no code is awaited";
  co_return co_await judge(std::move(*question), occasion, std::move(code));
}

Task<std::string> Deeds::press_digit(Occasion occasion, std::int64_t number, char digit) {
  const auto found = pending_.find(number);
  if (found == pending_.end() || found->second.until <= parts_.clock.steady_now()) {
    (void)co_await messenger_.show(
        occasion.place, last_screen(occasion.person, say(occasion.person.language, kTooLate)));
    co_return "refused: the question is over";
  }
  auto& digits = found->second.digits;
  if (digit >= '0' && digit <= '9')
    digits += digit;
  else if (!digits.empty())
    digits.pop_back();
  if (digits.size() < kCodeDigits) {
    co_await show_question(number);
    co_return "answered";
  }
  const std::string code = digits;
  auto question = take(number);
  co_return co_await judge(std::move(*question), occasion, code);
}

// Empty html: accepted, and used up.
Screen Deeds::judge_code(const Person& person, const std::string& code) {
  const auto refusal = [&](const Phrase& phrase, std::string outcome) {
    Screen screen = last_screen(person, say(person.language, phrase, person.user));
    screen.outcome = std::move(outcome);
    return screen;
  };
  switch (second_.check(person.user, code)) {
    case SecondFactor::Verdict::accepted:
      return {};
    case SecondFactor::Verdict::wrong:
      return refusal(kWrong, "refused: wrong code");
    case SecondFactor::Verdict::locked:
      return refusal(kLocked, "refused: locked after wrong codes");
    case SecondFactor::Verdict::none:
      return refusal(kNoFactor, "refused: no authenticator");
    case SecondFactor::Verdict::broken:
      return refusal(kNoRecord, "refused: ops.db does not answer");
  }
  return refusal(kNoFactor, "refused");
}

Task<std::string> Deeds::judge(Pending question, Occasion occasion, std::string code) {
  const auto& person = occasion.person;
  Screen verdict = judge_code(person, code);
  if (verdict.html.empty()) {
    co_return co_await act_on_question(std::move(question), occasion.update,
                                       person.name + ", with a code", kByCode, person.name);
  }
  const std::string outcome = verdict.outcome;
  (void)co_await messenger_.show(question.occasion.place, std::move(verdict));
  co_await end_wishes(std::move(question), kCodeWrong, person.name);
  co_return outcome;
}

Task<std::string> Deeds::act_on_question(Pending question, std::int64_t update, std::string who,
                                         Phrase told, std::string name) {
  Occasion deed = question.occasion;
  deed.update = update;
  // The role is looked at now, not when it was asked.
  auto accounts = targets_of(deed.person, question.request);
  std::erase_if(accounts,
                [&](const AccountPort* account) { return !question.seen.contains(account->name); });
  if (accounts.empty()) {
    Screen refusal = not_allowed(deed.person, question.request);
    const std::string outcome = refusal.outcome;
    (void)co_await messenger_.show(deed.place, std::move(refusal));
    co_return outcome;
  }
  const auto seen = question.seen;
  const auto request = question.request;
  if (request.verb != Verb::unlock && lockdown_.read()) {  // locked since it was asked
    (void)co_await messenger_.show(deed.place,
                                   last_screen(deed.person, say(deed.person.language, kIsLocked)));
    co_await end_wishes(std::move(question), kUnanswered, "");
    co_return "refused: the bot is locked";
  }
  if (request.verb == Verb::unlock) {
    auto outcome = co_await unlock(deed, who);
    co_await end_wishes(std::move(question), told, std::move(name));
    co_return outcome;
  }
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(act(deed, accounts, request, who, seen));
  group.spawn(end_wishes(std::move(question), told, std::move(name)));
  co_await group.join();
  co_return fmt::format("done for {} accounts", accounts.size());
}

Task<std::string> Deeds::proceed(Occasion occasion, std::int64_t number) {
  const auto found = pending_.find(number);
  const bool is_open = found != pending_.end() && found->second.is_proved &&
                       parts_.clock.steady_now() < found->second.until;
  auto question = is_open ? take(number) : std::nullopt;
  if (!question) {
    (void)co_await messenger_.show(
        occasion.place, last_screen(occasion.person, say(occasion.person.language, kTooLate)));
    co_return "refused: the question is over";
  }
  co_return co_await act_on_question(std::move(*question), occasion.update,
                                     occasion.person.name + ", with a code", kByCode,
                                     occasion.person.name);
}

Task<std::string> Deeds::dismiss(Occasion occasion) {
  const auto& person = occasion.person;
  std::vector<Pending> ended;
  for (const auto number : numbers_of(person.user, occasion.place.chat))
    ended.push_back(std::move(*take(number)));
  (void)co_await messenger_.show(occasion.place,
                                 last_screen(person, say(person.language, kCanceled)));
  for (auto& question : ended) {
    const Place place = question.occasion.place;
    if (place.message != 0 && place.message != occasion.place.message)
      (void)co_await messenger_.show(place, last_screen(person, say(person.language, kCanceled)));
    co_await end_wishes(std::move(question), kWithdrawn, person.name);
  }
  co_return "canceled";
}

}  // namespace bb::bot
