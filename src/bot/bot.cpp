#include "bot/bot.h"

#include <algorithm>
#include <cstdlib>

#include "notify/notifier.h"
#include "notify/text.h"

namespace bb::bot {

namespace {

constexpr std::size_t kNameCharacters = 32;

constexpr Phrase kGone{"This button is used or too old. /start opens a new menu.",
                       "按钮已使用或已过期，请用 /start 打开新菜单。"};
constexpr Phrase kNotYours{"This button is somebody else's.", "这不是你的按钮。"};
constexpr Phrase kInterrupted{
    "⚠️ The bot was restarted while it worked on “{}”. It is not repeated: look at /status.",
    "⚠️ 执行「{}」时机器人重启了，不会自动重复，请查看 /status。"};
constexpr Phrase kContested{
    "⛔ Another process used this bot's token a moment ago, or somebody has it: nothing that adds "
    "risk is done until it was quiet for {}. Closing works. Resume in a shell if you must.",
    "⛔ 刚才有其他进程使用了此机器人的令牌（可能已泄露）：在安静 {} 之前不执行任何增加风险的操作，"
    "平仓不受影响。必要时请在主机上恢复。"};
constexpr Phrase kLocked{
    "🔒 Locked by {} ({}): only what takes risk away and status work. An admin of all accounts "
    "ends it with /unlock, or "
    "<code>bubble-buster bot --unlock</code> on the host.",
    "🔒 已由 {} 锁定（{}）：仅可执行降低风险的操作和查看状态。全部账户的管理员可用 /unlock "
    "解锁，或在主机上运行 "
    "<code>bubble-buster bot --unlock</code>。"};
constexpr Phrase kCapped{
    "⛔ That would be more than {} of your commands that add risk or hide alerts on one day (UTC). "
    "Flatten, pause, loss cut, cancel and stop work all the same.",
    "⛔ 已达到每日上限（{} 次，UTC）：涉及增加风险或隐藏告警的命令今日不再执行。"
    "平仓、暂停、止损、撤单、停止策略不受影响。"};
constexpr Phrase kFailed{"⚠️ That failed: {}", "⚠️ 执行失败：{}"};

std::vector<AccountTag> tags_of(const std::vector<AccountPort>& accounts) {
  std::vector<AccountTag> tags;
  for (const auto& account : accounts)
    tags.push_back({account.name, account.groups});
  return tags;
}

}  // namespace

Result<std::unique_ptr<Bot>> Bot::open(Parts parts) {
  auto cards = Cards::open(parts.ops, parts.clock, parts.log);
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
      deeds_(parts_, access_, screens_, messenger_, audit_),
      strategy_screens_(parts_, access_, screens_),
      strategy_deeds_(parts_, access_, strategy_screens_, messenger_, audit_),
      lockdown_(parts_.settings.ops_db) {
  deeds_.untold().load();
}

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
  const auto user = parts_.ops.find_user(update.user);
  person.language =
      access_.language_of(update.user, user ? user->language : std::string(), update.language_code);
  return person;
}

Task<void> Bot::tell_fault(Update update, Cards::Fault fault) {
  const Language in = person_of(update).language;
  const Phrase& phrase = fault == Cards::Fault::broken      ? broken_phrase()
                         : fault == Cards::Fault::not_yours ? kNotYours
                                                            : kGone;
  (void)co_await messenger_.answer(update.press_id, say(in, phrase), true);
}

Task<std::string> Bot::tell_broken(Update update) {
  co_await tell_fault(update, Cards::Fault::broken);
  co_return "refused: ops.db takes nothing";
}

// A deed that throws is told, and ends as one update, not as the bot.
Task<void> Bot::answer(Update update, std::string action, Task<std::string> deed) {
  std::string outcome;
  std::string problem;
  try {
    outcome = co_await std::move(deed);
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (outcome.empty()) outcome = "answered";
  audit_.add({update.user, update.chat, update.id, std::move(action),
              problem.empty() ? outcome : "failed: " + problem});
  (void)parts_.ops.finish(parts_.bot_id, update.id);
  if (problem.empty()) co_return;
  parts_.log.error("command failed", {{"update", update.id}, {"why", problem}});
  const Person person = person_of(update);
  (void)co_await say_to(person, {update.chat, update.thread, 0},
                        say(person.language, kFailed, shown(problem)));
}

bool Bot::is_contested() const { return parts_.clock.steady_now() < contested_until_; }

Task<std::string> Bot::refuse_risk(Occasion occasion) {
  const auto& person = occasion.person;
  const auto left = std::chrono::duration_cast<Millis>(kQuiet);
  (void)co_await say_to(person, occasion.place,
                        say(person.language, kContested, span(person.language, left)));
  co_return "refused: another process used the bot's token";
}

std::optional<Screen> Bot::locked_for(const Person& person, Verb verb) const {
  if (goes_locked(verb)) return std::nullopt;
  const auto lock = lockdown_.read();
  if (!lock) return std::nullopt;
  Screen screen =
      last_screen(person, say(person.language, kLocked, shown(lock->who), moment(lock->since)));
  screen.outcome = "refused: the bot is locked";
  return screen;
}

bool Bot::counts(std::int64_t user, const Request& request) {
  const bool adds = acts(request.verb) && !goes_first(request.verb) && request.verb != Verb::unlock;
  const bool hides =
      !request.word.empty() && (request.verb == Verb::mute || request.verb == Verb::alerts);
  if (!adds && !hides) return true;
  const auto key = fmt::format("acts {}", user);
  const auto day = iso_seconds(parts_.clock.utc_now()).substr(0, 10);
  const auto kept = parts_.ops.find_value(key);
  if (!kept) return false;
  std::int64_t count = 0;
  if (kept->starts_with(day + " ")) count = std::strtoll(kept->c_str() + day.size(), nullptr, 10);
  if (count >= parts_.settings.acts_per_day) return false;
  return parts_.ops.put_value(key, fmt::format("{} {}", day, count + 1)).has_value();
}

Task<std::string> Bot::do_line(Occasion occasion, Request request) {
  const bool is_risky = acts(request.verb) && !goes_first(request.verb);
  Screen screen;
  if (auto refusal = locked_for(occasion.person, request.verb)) {
    const std::string why = refusal->outcome;
    (void)co_await messenger_.show(occasion.place, std::move(*refusal));
    co_return why;
  }
  if (is_risky && is_contested()) co_return co_await refuse_risk(occasion);
  if (!counts(occasion.person.user, request))
    co_return co_await say_to(occasion.person, occasion.place,
                              say(occasion.person.language, kCapped, parts_.settings.acts_per_day),
                              "refused: the day's cap");
  const bool is_of_strategies = is_about_strategies(request.verb);
  if (is_of_strategies && acts(request.verb))
    screen = co_await strategy_deeds_.propose(occasion, std::move(request));
  else if (is_of_strategies)
    screen = co_await strategy_screens_.show(occasion.person, std::move(request));
  else if (acts(request.verb))
    screen = co_await deeds_.propose(occasion, std::move(request));
  else
    screen = co_await screens_.show(occasion.person, std::move(request));
  const std::string outcome = screen.outcome;
  if (screen.html.empty()) co_return outcome;  // shown already
  screen.owner = occasion.person.user;
  (void)co_await messenger_.show(occasion.place, std::move(screen));
  co_return outcome;
}

Task<std::string> Bot::do_code(Occasion occasion, std::string code) {
  // A code in the chat's history is used up, and still nobody's business.
  co_await messenger_.remove(occasion.place);
  occasion.place.message = 0;
  if (is_contested()) co_return co_await refuse_risk(occasion);
  co_return co_await deeds_.take_code(occasion, std::move(code));
}

Task<std::string> Bot::do_press(Update update, Action action) {
  const Occasion occasion{
      person_of(update), {update.chat, update.thread, update.message}, update.id};
  const auto parsed =
      parse_request(action.line, username_, access_.accounts_of(update.user, Role::viewer));
  const bool closes =
      action.kind == Action::Kind::confirm && parsed && *parsed && goes_first((*parsed)->verb);
  // A press that Telegram does not know any more is stale. Closing does not wait for its word: the
  // button was ours, fresh and unused.
  if (closes) {
    const auto [outcome, heard] =
        co_await both(do_action(occasion, action), messenger_.answer(update.press_id));
    co_return outcome;
  }
  if (co_await messenger_.answer(update.press_id) == Messenger::Heard::no)
    co_return "refused: a stale press";
  co_return co_await do_action(occasion, action);
}

Task<std::string> Bot::do_action(Occasion occasion, Action action) {
  switch (action.kind) {
    case Action::Kind::dismiss:
      co_return co_await deeds_.dismiss(occasion);
    case Action::Kind::deny:
      co_return co_await deeds_.decide(occasion, std::move(action));
    case Action::Kind::allow:
      if (is_contested()) co_return co_await refuse_risk(occasion);
      co_return co_await deeds_.decide(occasion, std::move(action));
    case Action::Kind::digit:
      if (is_contested()) co_return co_await refuse_risk(occasion);
      co_return co_await deeds_.press_digit(occasion, action.number, action.digit);
    case Action::Kind::proceed:
      if (is_contested()) co_return co_await refuse_risk(occasion);
      co_return co_await deeds_.proceed(occasion, action.number);
    case Action::Kind::ask:
      if (is_contested()) co_return co_await refuse_risk(occasion);
      co_return co_await deeds_.ask_others(occasion, action.number);
    case Action::Kind::open:
    case Action::Kind::confirm:
      break;
  }
  auto parsed = parse_request(action.line, username_,
                              access_.accounts_of(occasion.person.user, Role::viewer));
  if (!parsed || !*parsed) {  // the account is gone since
    (void)co_await say_to(occasion.person, occasion.place, say(occasion.person.language, kGone));
    co_return "refused: it means nothing any more";
  }
  Request request = std::move(**parsed);
  request.page = action.page;
  if (action.kind == Action::Kind::open) co_return co_await do_line(occasion, std::move(request));
  if (auto refusal = locked_for(occasion.person, request.verb)) {
    const std::string why = refusal->outcome;
    (void)co_await messenger_.show(occasion.place, std::move(*refusal));
    co_return why;
  }
  if (!goes_first(request.verb) && is_contested()) co_return co_await refuse_risk(occasion);
  if (!is_about_strategies(request.verb))
    co_return co_await deeds_.carry_out(occasion, std::move(request));
  co_await strategy_deeds_.carry_out(occasion, std::move(request));
  co_return "done";
}

Task<std::string> Bot::say_to(Person person, Place place, std::string html, std::string outcome) {
  (void)co_await messenger_.show(place, last_screen(person, std::move(html)));
  co_return outcome;
}

// Up to its first telling it does not wait: whoever spawns it has the marks set.
Task<void> Bot::tell_interrupted() {
  const auto cut = parts_.ops.interrupt_running();
  for (const auto& update : cut ? *cut : std::vector<store::TakenUpdate>()) {
    const bool is_told = deeds_.untold().has(update.update_id);
    audit_.add(
        {update.user_id, update.chat_id, update.update_id, update.action,
         is_told ? "interrupted by a restart; its result follows" : "interrupted by a restart"});
    if (is_told || !access_.is_user(update.user_id)) continue;
    Update who;
    who.user = update.user_id;
    const Person person = person_of(who);
    // What a person pressed is known to him by its line.
    const auto line = update.action.find('/');
    const auto what = line == std::string::npos ? update.action : update.action.substr(line);
    (void)co_await say_to(person, {update.chat_id, 0, 0},
                          say(person.language, kInterrupted, shown(what)));
  }
}

Task<void> Bot::sweep() {
  co_await deeds_.sweep();
  for (const auto& card : cards_->take_expired()) {
    if (card.message_id == 0) continue;
    Update who;
    who.user = card.user_id;
    const Place place{card.chat_id, 0, card.message_id};
    if (card.is_proposal)
      (void)co_await messenger_.show(place, Deeds::expired(person_of(who)));
    else
      co_await messenger_.strip(place);
  }
}

}  // namespace bb::bot
