#include "bot/bot.h"

#include <algorithm>

#include "notify/notifier.h"
#include "notify/text.h"

namespace bb::bot {

namespace {

constexpr std::size_t kPerMinute = 40;
constexpr Micros kMinute{60'000'000};
constexpr Micros kHour{3'600'000'000};
constexpr int kStrangersPerHour = 100;
constexpr std::size_t kCodeDigits = 6;
constexpr std::size_t kAuditedBytes = 200;
constexpr std::size_t kNameCharacters = 32;

constexpr Phrase kTooOld{
    "⌛ “{}” was sent {} ago and is expired: nothing was done. Send it again if you still want it.",
    "⌛「{}」是 {}前发送的，已过期，未执行任何操作。如仍需要请重新发送。"};
constexpr Phrase kOthersToo{" The same holds for any other old command here.",
                            "此处其他过期命令同样未执行。"};
constexpr Phrase kTooFast{"⏳ Too many commands in a minute. Wait a little.",
                          "⏳ 一分钟内命令过多，请稍候。"};
constexpr Phrase kUsage{"Usage: {}", "用法：{}"};
constexpr Phrase kGone{"This button is used or too old. /start opens a new menu.",
                       "按钮已使用或已过期，请用 /start 打开新菜单。"};
constexpr Phrase kNotYours{"This button is somebody else's.", "这不是你的按钮。"};
constexpr Phrase kInterrupted{
    "⚠️ The bot was restarted while it worked on “{}”. It is not repeated: look at /status.",
    "⚠️ 执行「{}」时机器人重启了，不会自动重复，请查看 /status。"};
constexpr Phrase kBroken{"⚠️ The bot's database does not answer: nothing was done.",
                         "⚠️ 机器人数据库无响应，未执行任何操作。"};
constexpr Phrase kFailed{"⚠️ That failed: {}", "⚠️ 执行失败：{}"};

std::vector<AccountTag> tags_of(const std::vector<AccountPort>& accounts) {
  std::vector<AccountTag> tags;
  for (const auto& account : accounts)
    tags.push_back({account.name, account.groups});
  return tags;
}

bool is_code(const std::string& text) {
  return text.size() == kCodeDigits && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string audited(const std::string& text) { return notify::first_bytes(text, kAuditedBytes); }

}  // namespace

Result<std::unique_ptr<Bot>> Bot::open(Parts parts) {
  auto cards = Cards::open(parts.ops, parts.clock);
  if (!cards) return std::unexpected(cards.error());
  return std::unique_ptr<Bot>(new Bot(std::move(parts), std::move(*cards)));
}

Bot::Bot(Parts parts, std::unique_ptr<Cards> cards)
    : parts_(std::move(parts)),
      access_(parts_.settings, tags_of(parts_.accounts), parts_.alert_chats),
      audit_(parts_.ops, parts_.clock, parts_.log),
      cards_(std::move(cards)),
      messenger_(parts_.api, *cards_, parts_.clock, parts_.log),
      screens_(parts_, access_, audit_),
      deeds_(parts_, access_, screens_, messenger_, audit_) {}

Bot::~Bot() = default;

Person Bot::person_of(const Update& update) const {
  Person person;
  person.user = update.user;
  const auto* section = access_.find_section(update.user);
  const bool is_named = section != nullptr && !section->name.empty();
  // What somebody else wrote stands in records and latches: short, and on one line.
  std::string name =
      notify::first_characters(is_named ? section->name : update.user_name, kNameCharacters);
  std::ranges::replace_if(name, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  person.name = fmt::format("{} (user {})", name, update.user);
  std::string word;
  if (const auto user = parts_.ops.find_user(update.user)) word = user->language;
  if (word.empty() && section != nullptr && section->language != "auto") word = section->language;
  if (word.empty() && parts_.settings.language != "auto") word = parts_.settings.language;
  person.language = language_of(word.empty() ? update.language_code : word);
  return person;
}

std::string Bot::objection_to(const Update& update) const {
  if (!update.objection.empty()) return update.objection;
  if (!access_.is_user(update.user)) return "an unlisted user";
  if (!access_.is_chat(update.chat, update.chat_type, update.user)) return "an unlisted chat";
  return {};
}

void Bot::refuse(const Update& update, const std::string& why) {
  (void)parts_.ops.skip(parts_.bot_id, update.id);
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
  const std::string what = update.kind == Update::Kind::press ? "a press" : audited(update.text);
  audit_.add({update.user, update.chat, update.id, what, "refused: " + why});
}

bool Bot::is_too_fast(std::int64_t user) {
  auto& times = heard_[user];
  const auto now = parts_.clock.steady_now();
  while (!times.empty() && now - times.front() > kMinute)
    times.pop_front();
  if (times.size() >= kPerMinute) return true;
  times.push_back(now);
  return false;
}

bool Bot::take(const Update& update, const std::string& action) {
  const auto taken = parts_.ops.take({parts_.bot_id, update.id, update.user, update.chat,
                                      audited(action), parts_.clock.utc_now()});
  if (taken && *taken) return true;
  // In doubt it was done before: nothing is done twice.
  parts_.log.warn(
      "update not taken",
      {{"update", update.id}, {"why", taken ? "it was taken before" : taken.error().text.c_str()}});
  return false;
}

void Bot::hear(std::vector<Update> updates, TaskGroup& group) {
  for (const auto& update : updates)
    hear_one(update, group);
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
    (void)parts_.ops.skip(parts_.bot_id, update.id);
    return;
  }
  if (!objection.empty()) return refuse(update, objection);
  if (is_too_fast(update.user)) {
    refuse(update, "too many in a minute");
    auto& told = told_slow_[update.user];
    const auto now = parts_.clock.steady_now();
    if (told != SteadyTime() && now - told < kMinute) return;
    told = now;
    group.spawn(say_to({update.chat, update.thread, 0}, say(person_of(update).language, kTooFast)));
    return;
  }
  if (update.kind == Update::Kind::message)
    hear_message(update, group);
  else if (update.kind == Update::Kind::press)
    hear_press(update, group);
  else
    refuse(update, "it is of an unknown kind");
}

void Bot::hear_message(const Update& update, TaskGroup& group) {
  const Person person = person_of(update);
  const Place place{update.chat, update.thread, 0};
  const bool is_awaited = is_code(update.text) && deeds_.awaits_code(update.user, update.chat);
  const auto parsed =
      parse_request(update.text, username_, access_.accounts_of(update.user, Role::viewer));
  // For another bot of the same group, or just talk.
  if (parsed && !*parsed && !is_awaited && update.chat_type != "private") {
    (void)parts_.ops.skip(parts_.bot_id, update.id);
    return;
  }
  const std::string line = is_awaited          ? "a code"
                           : parsed && *parsed ? line_of(**parsed)
                                               : update.text;
  const auto age = parts_.clock.utc_now() - update.date;
  if (age > kCommandAge || age < -kCommandAge) {
    refuse(update, fmt::format("expired, {} s old", age.count() / 1000));
    auto& told = told_expired_[update.chat];
    const auto now = parts_.clock.steady_now();
    if (told != SteadyTime() && now - told < kMinute) return;
    told = now;
    group.spawn(say_to(place, say(person.language, kTooOld, shown(line),
                                  span(person.language, std::max(Millis(0), age))) +
                                  say(person.language, kOthersToo)));
    return;
  }
  if (!take(update, line)) return;
  Occasion occasion{person, place, update.id};
  if (is_awaited) {
    occasion.place.message = update.message;
    group.spawn(answer(update, line, deeds_.take_code(occasion, update.text)));
  } else if (!parsed) {
    const auto& refusal = parsed.error();
    audit_.add(
        {update.user, update.chat, update.id, audited(update.text), "refused: not understood"});
    std::string html = "🚫 " + say(person.language, refusal.phrase, shown(refusal.argument));
    const auto words = words_of(update.text);
    if (const auto* row = find_command(words.front().substr(1, words.front().find('@') - 1)))
      html += "\n" + say(person.language, kUsage,
                         "<code>" + notify::escape_html(usage_of(row->verb)) + "</code>");
    group.spawn(answer(update, line, say_to(place, std::move(html))));
  } else {
    group.spawn(answer(update, line, do_line(occasion, parsed->value_or(Request{}), {})));
  }
}

void Bot::hear_press(const Update& update, TaskGroup& group) {
  if (notify::is_acknowledgement(update.data)) {
    if (take(update, update.data)) group.spawn(answer(update, update.data, acknowledge(update)));
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
  if (!take(update, press->action)) return;
  if (!cards_->use(press->card)) {
    audit_.add({update.user, update.chat, update.id, press->action, "refused: pressed before"});
    group.spawn(answer(update, press->action, tell_fault(update, Cards::Fault::gone)));
    return;
  }
  const std::string action = press->action;
  group.spawn(answer(update, action, do_press(update, std::move(*press))));
}

Task<void> Bot::tell_fault(Update update, Cards::Fault fault) {
  const Language in = person_of(update).language;
  const Phrase& phrase = fault == Cards::Fault::broken      ? kBroken
                         : fault == Cards::Fault::not_yours ? kNotYours
                                                            : kGone;
  (void)co_await messenger_.answer(update.press_id, say(in, phrase), true);
}

// A deed that throws is told, and ends as one update, not as the bot.
Task<void> Bot::answer(Update update, std::string action, Task<void> deed) {
  std::string problem;
  try {
    co_await std::move(deed);
  } catch (const std::exception& error) {
    problem = error.what();
  }
  audit_.add({update.user, update.chat, update.id, audited(action),
              problem.empty() ? "answered" : "failed: " + problem});
  (void)parts_.ops.finish(parts_.bot_id, update.id);
  if (problem.empty()) co_return;
  parts_.log.error("command failed", {{"update", update.id}, {"why", problem}});
  co_await say_to({update.chat, update.thread, 0},
                  say(person_of(update).language, kFailed, shown(problem)));
}

Task<void> Bot::do_line(Occasion occasion, Request request, std::string digits) {
  Screen screen;
  if (acts(request.verb))
    screen = co_await deeds_.propose(occasion, std::move(request), std::move(digits));
  else
    screen = co_await screens_.show(occasion.person, std::move(request));
  if (screen.html.empty()) co_return;  // shown already
  screen.owner = occasion.person.user;
  (void)co_await messenger_.show(occasion.place, std::move(screen));
}

Task<void> Bot::do_press(Update update, Cards::Press press) {
  Occasion occasion{person_of(update), {update.chat, update.thread, update.message}, update.id};
  const Action action = read_action(press.action);
  const auto parsed =
      parse_request(action.line, username_, access_.accounts_of(update.user, Role::viewer));
  const bool closes =
      action.kind == Action::Kind::confirm && parsed && *parsed && !adds_risk((*parsed)->verb);
  // A press that Telegram does not know any more is stale. Closing does not wait for its word: the
  // button was ours, fresh and unused.
  if (closes) {
    TaskGroup group(co_await boost::asio::this_coro::executor);
    group.spawn(do_action(occasion, action));
    (void)co_await messenger_.answer(update.press_id);
    co_await group.join();
    co_return;
  }
  if (co_await messenger_.answer(update.press_id) == Messenger::Heard::no) {
    audit_.add({update.user, update.chat, update.id, press.action, "refused: a stale press"});
    co_return;
  }
  co_await do_action(occasion, action);
}

Task<void> Bot::do_action(Occasion occasion, Action action) {
  if (action.kind == Action::Kind::allow || action.kind == Action::Kind::deny) {
    co_await deeds_.decide(occasion, action.number, action.kind == Action::Kind::allow);
    co_return;
  }
  if (action.kind == Action::Kind::dismiss) {
    (void)co_await messenger_.show(occasion.place, Deeds::dismissed(occasion.person));
    co_return;
  }
  auto parsed = parse_request(action.line, username_,
                              access_.accounts_of(occasion.person.user, Role::viewer));
  if (!parsed || !*parsed) {  // the account is gone since
    co_await say_to(occasion.place, say(occasion.person.language, kGone));
    co_return;
  }
  Request request = std::move(**parsed);
  request.page = action.page;
  if (action.kind == Action::Kind::confirm)
    co_await deeds_.carry_out(occasion, std::move(request));
  else if (action.kind == Action::Kind::ask)
    co_await deeds_.ask_others(occasion, std::move(request));
  else
    co_await do_line(occasion, std::move(request), action.digits);
}

Task<void> Bot::say_to(Place place, std::string html) {
  Screen screen{std::move(html)};
  (void)co_await messenger_.show(place, std::move(screen));
}

Task<void> Bot::tell_interrupted() {
  const auto cut = parts_.ops.interrupt_running();
  for (const auto& update : cut ? *cut : std::vector<store::TakenUpdate>()) {
    audit_.add({update.user_id, update.chat_id, update.update_id, update.action,
                "interrupted by a restart"});
    if (!access_.is_user(update.user_id)) continue;
    Update who;
    who.user = update.user_id;
    co_await say_to({update.chat_id, 0, 0},
                    say(person_of(who).language, kInterrupted, shown(update.action)));
  }
}

Task<void> Bot::sweep() {
  deeds_.forget_old();
  const auto cards = parts_.ops.take_expired_cards(parts_.clock.utc_now());
  for (const auto& card : cards ? *cards : std::vector<store::CardRecord>()) {
    if (card.message_id == 0) continue;
    Update who;
    who.user = card.user_id;
    if (card.is_proposal) {
      (void)co_await messenger_.show({card.chat_id, 0, card.message_id},
                                     Deeds::expired(person_of(who).language));
      continue;
    }
    const auto bare =
        fmt::format(R"({{"chat_id":{},"message_id":{}}})", card.chat_id, card.message_id);
    (void)co_await parts_.api.call("editMessageReplyMarkup", bare);
  }
}

}  // namespace bb::bot
