// What adds risk: a code, or another admin's word.
#include <algorithm>

#include "bot/deeds.h"

namespace bb::bot {

namespace {

constexpr Millis kProposalLife{60'000};
constexpr Micros kPatience{60'000'000};
constexpr std::size_t kCodeDigits = 6;

constexpr Phrase kNotPaused{"{}: entries are allowed already", "{}：已允许开仓"};
constexpr Phrase kPausedBy{"{}: paused by {} – {} ({})", "{}：由 {} 暂停 – {}（{}）"};
constexpr Phrase kHaltedBy{"{}: ⛔ halted by {} – {} ({})", "{}：⛔ 由 {} 停止 – {}（{}）"};
constexpr Phrase kSendCode{
    "This lets it open positions again. Send the 6 digits of your "
    "authenticator, or press them. (60 s)",
    "此操作将允许重新开仓。请发送或点击输入身份验证器的 6 位数字。（60 秒内有效）"};
constexpr Phrase kOrOther{"This lets it open positions again, so another admin must agree.",
                          "此操作将允许重新开仓，需要另一位管理员同意。"};
constexpr Phrase kNoFactor{
    "This lets it open positions again and needs a second factor, and you have none. Run "
    "<code>bubble-buster bot --new-totp {}</code> on the host, or <code>bubble-buster "
    "resume</code> "
    "there.",
    "此操作将允许重新开仓，需要二次验证，而你尚未设置。请在主机上运行 "
    "<code>bubble-buster bot --new-totp {}</code>，或直接运行 <code>bubble-buster resume</code>。"};
constexpr Phrase kAskOther{"👥 Ask another admin", "👥 请另一位管理员同意"};
constexpr Phrase kNo{"✖ Cancel", "✖ 取消"};
constexpr Phrase kWrong{
    "❌ That is not the code, or it was used before. Nothing was done. /resume "
    "asks again.",
    "❌ 验证码错误或已使用过，未执行任何操作。可重新 /resume。"};
constexpr Phrase kLocked{"🔒 Too many wrong codes: none is accepted for 15 minutes.",
                         "🔒 错误次数过多，15 分钟内不再接受验证码。"};
constexpr Phrase kAsked{"👥 Asked {} admins. They have 60 s.",
                        "👥 已请 {} 位管理员确认，60 秒内有效。"};
constexpr Phrase kNobodyReached{"No other admin could be reached. Nothing was done.",
                                "无法联系到其他管理员，未执行任何操作。"};
constexpr Phrase kWish{"👥 <b>{}</b>\n{} asks for it, for {}. Do you agree? (60 s)",
                       "👥 <b>{}</b>\n{} 请求对 {} 执行此操作。是否同意？（60 秒内有效）"};
constexpr Phrase kAllow{"✅ Agree", "✅ 同意"};
constexpr Phrase kDeny{"✖ Refuse", "✖ 拒绝"};
constexpr Phrase kTooLate{"That was decided already, or is too old. Nothing was done.",
                          "该请求已处理或已过期，未执行任何操作。"};
constexpr Phrase kYouDenied{"✖ Refused.", "✖ 已拒绝。"};
constexpr Phrase kYouAllowed{"✅ Agreed; {} sees the result.", "✅ 已同意，结果将显示给 {}。"};
constexpr Phrase kDenied{"✖ {} refused. Nothing was done.", "✖ {} 拒绝了请求，未执行任何操作。"};

Button dismiss_button(const Person& person) {
  return {say(person.language, kNo), write_action({Action::Kind::dismiss})};
}

Task<Result<AccountState>> state_of(AccountPort* account) { return account->state(); }

}  // namespace

Task<Screen> Deeds::propose_resume(Occasion occasion, std::vector<AccountPort*> accounts,
                                   Request request, std::string digits) {
  const auto& person = occasion.person;
  if (!request.code.empty() || digits.size() == kCodeDigits) {
    std::string code = request.code.empty() ? std::move(digits) : std::move(request.code);
    request.code.clear();
    co_return co_await judge_code(occasion, std::move(request), std::move(code));
  }
  std::vector<Task<Result<AccountState>>> readings;
  for (auto* account : accounts)
    readings.push_back(state_of(account));
  const auto states = co_await gather(std::move(readings));
  std::string facts = "<b>" + title_of(person.language, request) + "</b>";
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto name = Screens::head(*accounts[i]);
    facts += "\n";
    if (!states[i]) {
      facts += name + " " + excuse(person, states[i].error());
    } else if (!states[i]->latch) {
      facts += say(person.language, kNotPaused, name);
    } else {
      const auto& latch = *states[i]->latch;
      facts += say(person.language, latch.kind == store::LatchKind::paused ? kPausedBy : kHaltedBy,
                   name, shown(latch.who), shown(latch.why), moment(latch.since));
    }
  }
  co_return ask_for_code(occasion, accounts, request, digits, std::move(facts));
}

Screen Deeds::ask_for_code(const Occasion& occasion, const std::vector<AccountPort*>& accounts,
                           const Request& request, const std::string& digits, std::string facts) {
  const auto& person = occasion.person;
  std::vector<std::string> names;
  for (const auto* account : accounts)
    names.push_back(account->name);
  const bool has_others = !access_.others(person.user, Role::admin, names).empty();
  Screen screen;
  screen.life = kProposalLife;
  screen.is_proposal = true;
  screen.is_private = true;
  screen.html = std::move(facts) + "\n\n";
  if (second_.knows(person.user)) {
    codes_[{person.user, occasion.place.chat}] = {occasion, request, parts_.clock.after(kPatience)};
    screen.html += say(person.language, kSendCode);
    std::string dots;
    for (std::size_t i = 0; i < kCodeDigits; ++i)
      dots += i < digits.size() ? "● " : "○ ";
    screen.html += "\n" + dots;
    for (const std::string_view row : {"123", "456", "789", "0"}) {
      std::vector<Button> keys;
      for (const char key : row)
        keys.push_back({std::string(1, key),
                        write_action({Action::Kind::open, line_of(request), 0, digits + key})});
      screen.rows.push_back(std::move(keys));
    }
  } else {
    screen.html +=
        has_others ? say(person.language, kOrOther) : say(person.language, kNoFactor, person.user);
  }
  if (has_others)
    screen.rows.push_back(
        {{say(person.language, kAskOther), write_action({Action::Kind::ask, line_of(request)})}});
  if (!screen.rows.empty()) screen.rows.push_back({dismiss_button(person)});
  return screen;
}

bool Deeds::awaits_code(std::int64_t user, std::int64_t chat) const {
  const auto found = codes_.find({user, chat});
  return found != codes_.end() && parts_.clock.steady_now() < found->second.until;
}

void Deeds::forget_old() {
  const auto now = parts_.clock.steady_now();
  std::erase_if(codes_, [&](const auto& each) { return each.second.until <= now; });
  std::erase_if(requests_, [&](const auto& each) { return each.second.until <= now; });
}

Task<void> Deeds::take_code(Occasion occasion, std::string code) {
  const auto found = codes_.find({occasion.person.user, occasion.place.chat});
  if (found == codes_.end()) co_return;
  const Pending pending = std::move(found->second);
  codes_.erase(found);
  // A code in the chat's history is used up, and still nobody's business.
  co_await messenger_.remove({occasion.place.chat, occasion.place.thread, occasion.place.message});
  occasion.place.message = 0;
  Screen screen = co_await judge_code(occasion, pending.request, std::move(code));
  if (!screen.html.empty()) co_await messenger_.show(occasion.place, std::move(screen));
}

Task<Screen> Deeds::judge_code(Occasion occasion, Request request, std::string code) {
  const auto& person = occasion.person;
  codes_.erase({person.user, occasion.place.chat});
  const auto accounts = targets_of(person, request);
  if (accounts.empty()) co_return Screen{};
  switch (second_.check(person.user, code)) {
    case SecondFactor::Verdict::accepted:
      break;
    case SecondFactor::Verdict::wrong:
      audit_.add({person.user, occasion.place.chat, occasion.update, line_of(request),
                  "refused: wrong code"});
      co_return Screen{say(person.language, kWrong)};
    case SecondFactor::Verdict::locked:
      audit_.add({person.user, occasion.place.chat, occasion.update, line_of(request),
                  "refused: locked after wrong codes"});
      co_return Screen{say(person.language, kLocked)};
    case SecondFactor::Verdict::none:
      co_return Screen{say(person.language, kNoFactor, person.user)};
  }
  co_await act(occasion, accounts, request, person.name + ", with a code");
  co_return Screen{};  // act() has shown it
}

Task<void> Deeds::ask_others(Occasion occasion, Request request) {
  const auto& person = occasion.person;
  const auto accounts = targets_of(person, request);
  std::vector<std::string> names;
  std::string shown_names;
  for (const auto* account : accounts) {
    names.push_back(account->name);
    shown_names += (shown_names.empty() ? "" : ", ") + Screens::head(*account);
  }
  const auto number = next_request_++;
  requests_[number] = {occasion, request, parts_.clock.after(kPatience)};
  int reached = 0;
  for (const auto other : access_.others(person.user, Role::admin, names)) {
    const auto user = parts_.ops.find_user(other);
    const Language in = user && user->language == "zh" ? Language::chinese : Language::english;
    Screen wish;
    wish.owner = other;
    wish.life = kProposalLife;
    wish.is_proposal = true;
    wish.html = say(in, kWish, title_of(in, request), shown(person.name), shown_names);
    wish.rows.push_back({{say(in, kAllow), write_action({Action::Kind::allow, "", 0, "", number}),
                          Button::Style::success},
                         {say(in, kDeny), write_action({Action::Kind::deny, "", 0, "", number}),
                          Button::Style::danger}});
    if (co_await messenger_.show({other, 0, 0}, std::move(wish)) != 0) ++reached;
  }
  Screen told{reached > 0 ? say(person.language, kAsked, reached)
                          : say(person.language, kNobodyReached)};
  co_await messenger_.show(occasion.place, std::move(told));
}

Task<void> Deeds::decide(Occasion occasion, std::int64_t number, bool allows) {
  const auto& person = occasion.person;
  const auto found = requests_.find(number);
  std::optional<Pending> pending;
  if (found != requests_.end()) {
    pending = std::move(found->second);
    requests_.erase(found);
  }
  // The roles of both are looked at now, not when it was asked.
  const bool is_open = pending && parts_.clock.steady_now() < pending->until &&
                       pending->occasion.person.user != person.user;
  const auto accounts = is_open ? targets_of(pending->occasion.person, pending->request)
                                : std::vector<AccountPort*>();
  const bool may = std::ranges::all_of(accounts, [&](const AccountPort* account) {
    return access_.role(person.user, account->name) >= Role::admin;
  });
  if (accounts.empty() || !may) {
    Screen late{say(person.language, kTooLate)};
    co_await messenger_.show(occasion.place, std::move(late));
    co_return;
  }
  const auto& asker = pending->occasion.person;
  Screen told{allows ? say(person.language, kYouAllowed, shown(asker.name))
                     : say(person.language, kYouDenied)};
  if (!allows) {
    co_await messenger_.show(occasion.place, std::move(told));
    Screen denied{say(asker.language, kDenied, shown(person.name))};
    co_await messenger_.show(pending->occasion.place, std::move(denied));
    co_return;
  }
  Occasion deed = pending->occasion;
  deed.update = occasion.update;
  co_await messenger_.show(occasion.place, std::move(told));
  co_await act(deed, accounts, pending->request,
               fmt::format("{}, agreed by {}", asker.name, person.name));
}

}  // namespace bb::bot
