// Another admin's word for what adds risk: asked of all at the same time, decided by the first.
#include <algorithm>

#include "bot/deeds.h"

namespace bb::bot {

namespace {

constexpr Millis kCardLife{300'000};
constexpr Micros kPatience{60'000'000};

constexpr Phrase kNobodyReached{"No other admin could be reached. Nothing was done.",
                                "无法联系到其他管理员，未执行任何操作。"};
constexpr Phrase kWish{"👥 <b>{}</b>\n{} asks for it. Do you agree? (60 s)\n{}",
                       "👥 <b>{}</b>\n{} 请求执行此操作，是否同意？（60 秒内有效）\n{}"};
constexpr Phrase kAllow{"✅ Agree", "✅ 同意"};
constexpr Phrase kDeny{"✖ Refuse", "✖ 拒绝"};
constexpr Phrase kYouDenied{"✖ Refused.", "✖ 已拒绝。"};
constexpr Phrase kYouAllowed{"✅ Agreed; {} sees the result.", "✅ 已同意，结果将显示给 {}。"};
constexpr Phrase kDenied{"✖ {} refused. Nothing was done.", "✖ {} 拒绝了请求，未执行任何操作。"};
constexpr Phrase kDecided{"✅ {} has agreed already.", "✅ {} 已同意。"};
constexpr Phrase kTooLate{"That was decided already, or is too old. Nothing was done.",
                          "该请求已处理或已过期，未执行任何操作。"};

Button button(Language in, const Phrase& text, const Action& action,
              Button::Style style = Button::Style::plain) {
  return {say(in, text), write_action(action), style};
}

}  // namespace

Task<void> Deeds::end_wishes(Pending question, Phrase phrase, std::string name) {
  std::vector<Task<Stand>> edits;
  for (const auto& wish : question.wishes) {
    if (wish.stand.message == 0) continue;
    Person admin;
    admin.user = wish.admin;
    admin.language = wish.language;
    edits.push_back(messenger_.show({wish.admin, 0, wish.stand.message},
                                    last_screen(admin, say(wish.language, phrase, shown(name)))));
  }
  (void)co_await gather(std::move(edits));
}

Task<void> Deeds::send_wish(std::int64_t number, std::int64_t admin) {
  const auto asked = pending_.find(number);
  if (asked == pending_.end()) co_return;
  const auto& question = asked->second;
  const auto line = line_of(question.request);
  const auto& asker = question.occasion.person;
  Person person;
  person.user = admin;
  const auto known = parts_.ops.find_user(admin);
  const Language in = person.language =
      access_.language_of(admin, known ? known->language : std::string(), {});
  Screen wish;
  wish.owner = admin;
  wish.life = kCardLife;
  wish.is_proposal = true;
  wish.is_private = true;
  wish.html =
      say(in, kWish, title_of(in, question.request), shown(asker.name), facts_of(question, in));
  wish.rows.push_back({button(in, kAllow, {Action::Kind::allow, line, 0, 0, number, asker.user},
                              Button::Style::success),
                       button(in, kDeny, {Action::Kind::deny, line, 0, 0, number, asker.user},
                              Button::Style::danger)});
  const auto stand = co_await messenger_.show({admin, 0, 0}, std::move(wish));
  if (stand.message == 0) co_return;
  const auto found = pending_.find(number);
  if (found == pending_.end()) {
    (void)messenger_.use(stand.card);
    (void)co_await messenger_.show({admin, 0, stand.message},
                                   last_screen(person, say(in, kTooLate)));
    co_return;
  }
  found->second.wishes.push_back({admin, in, stand});
  // Their time begins when the last of them can read it.
  found->second.until = parts_.clock.after(kPatience);
}

Task<std::string> Deeds::ask_others(Occasion occasion, std::int64_t number) {
  const auto& person = occasion.person;
  const auto found = pending_.find(number);
  if (found == pending_.end() || found->second.until <= parts_.clock.steady_now()) {
    (void)co_await messenger_.show(occasion.place,
                                   last_screen(person, say(person.language, kTooLate)));
    co_return "refused: the question is over";
  }
  const auto admins = access_.others(person.user, Role::admin, names_for(found->second));
  TaskGroup group(co_await boost::asio::this_coro::executor);
  for (const auto admin : admins)
    group.spawn(send_wish(number, admin));
  co_await group.join();
  const auto asked = pending_.find(number);
  if (asked == pending_.end()) co_return "decided while it was asked";
  if (asked->second.wishes.empty()) {
    (void)take(number);
    (void)co_await messenger_.show(occasion.place,
                                   last_screen(person, say(person.language, kNobodyReached)));
    co_return "no other admin could be reached";
  }
  std::string names;
  for (const auto& wish : asked->second.wishes)
    names += (names.empty() ? "" : ", ") + access_.name_of(wish.admin);
  asked->second.asked = names;
  asked->second.occasion.place = occasion.place;
  co_await show_question(number);
  co_return "asked " + names;
}

Task<std::string> Deeds::decide(Occasion occasion, Action action) {
  const auto& person = occasion.person;
  const bool allows = action.kind == Action::Kind::allow;
  const auto found = pending_.find(action.number);
  const auto now = parts_.clock.steady_now();
  const bool is_open = found != pending_.end() && now < found->second.until &&
                       found->second.occasion.person.user == action.asker &&
                       line_of(found->second.request) == action.line && action.asker != person.user;
  // The role is looked at now, not when he was asked.
  const bool may = is_open && std::ranges::all_of(found->second.seen, [&](const auto& each) {
                     return access_.role(person.user, each.first) >= Role::admin;
                   });
  if (!may) {
    (void)co_await messenger_.show(occasion.place,
                                   last_screen(person, say(person.language, kTooLate)));
    co_return "refused: decided before, too late, or without the role";
  }
  auto question = take(action.number);
  const auto asker = question->occasion.person;
  std::erase_if(question->wishes, [&](const auto& wish) { return wish.admin == person.user; });
  Screen told = last_screen(person, allows ? say(person.language, kYouAllowed, shown(asker.name))
                                           : say(person.language, kYouDenied));
  if (!allows) {
    (void)co_await messenger_.show(occasion.place, std::move(told));
    (void)co_await messenger_.show(
        question->occasion.place,
        last_screen(asker, say(asker.language, kDenied, shown(person.name))));
    co_await end_wishes(std::move(*question), kDenied, person.name);
    co_return "refused it";
  }
  // What it does leaves before the words about it.
  const auto [outcome, stand] =
      co_await both(act_on_question(std::move(*question), occasion.update,
                                    fmt::format("{}, agreed by {}", asker.name, person.name),
                                    kDecided, person.name),
                    messenger_.show(occasion.place, std::move(told)));
  co_return "agreed: " + outcome;
}

}  // namespace bb::bot
