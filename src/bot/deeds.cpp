#include "bot/deeds.h"

#include <algorithm>

#include "net/crypto.h"

namespace bb::bot {

namespace {

constexpr Millis kProposalLife{60'000};
constexpr Micros kProgressPause{2'000'000};
constexpr std::size_t kToldInFull = 8;
constexpr std::string_view kTroubleMarks[] = {"🟠", "❓", "❌", "⚠️"};
constexpr int kTries = 5;
constexpr Micros kFirstPause{1'000'000};
constexpr Micros kLongestWait{60'000'000};
constexpr std::size_t kIdDigits = 32;

constexpr Phrase kWhich{"<b>{}</b>\nWhich account?", "<b>{}</b>\n选择账户："};
constexpr Phrase kNotYours{
    "You may not do this: it needs the role “{}” of an account there. Nothing was done.",
    "没有权限：需要相应账户的「{}」角色。未执行任何操作。"};
constexpr Phrase kAsk{"Shall I? (60 s)", "是否执行？（60 秒内有效）"};
constexpr Phrase kGo{"✅ Yes: {}", "✅ 确认：{}"};
constexpr Phrase kChoose{"☑ Symbols…", "☑ 选择合约…"};
constexpr Phrase kNotLocked{"🔓 The bot is not locked.", "🔓 机器人未被锁定。"};
constexpr Phrase kLockMeans{
    "From then on nobody can do anything here but what takes risk away and look at the status, "
    "until an admin of all accounts ends it with a second factor, or "
    "<code>bubble-buster bot --unlock</code> on the host.",
    "锁定后任何人只能执行降低风险的操作和查看状态，直到全部账户的管理员以二次验证解锁，或在主机上运"
    "行 "
    "<code>bubble-buster bot --unlock</code>。"};
constexpr Phrase kIsLocked{"🔒 Locked by {}.", "🔒 已由 {} 锁定。"};
constexpr Phrase kUnlocked{"🔓 Unlocked by {}.", "🔓 已由 {} 解锁。"};
constexpr Phrase kExpired{"⌛ Expired. Nothing was done.", "⌛ 已过期，未执行任何操作。"};
constexpr Phrase kWorking{"⏳ working…", "⏳ 执行中…"};
constexpr Phrase kAskedBy{"<i>asked by {}</i>", "<i>操作人：{}</i>"};

std::string target_words(const std::vector<AccountPort*>& accounts) {
  std::string text;
  for (const auto* account : accounts)
    text += (text.empty() ? "" : ", ") + Screens::head(*account);
  return text;
}

Button confirm_button(const Person& person, const Request& request, Button::Style style) {
  return {say(person.language, kGo, title_of(person.language, request)),
          write_action({Action::Kind::confirm, line_of(request)}), style};
}

bool is_of_bot(Verb verb) { return verb == Verb::lock || verb == Verb::unlock; }

Screen proposal(Screen screen) {
  screen.life = kProposalLife;
  screen.is_proposal = true;
  screen.is_private = true;
  return screen;
}

}  // namespace

Deeds::Deeds(Parts& parts, const Access& access, Screens& screens, Messenger& messenger,
             Audit& audit)
    : parts_(parts),
      access_(access),
      screens_(screens),
      messenger_(messenger),
      audit_(audit),
      second_(access, parts.ops, parts.clock),
      lockdown_(parts.settings.ops_db),
      untold_(parts.ops, messenger, audit, parts.clock, parts.log) {}

std::vector<AccountPort*> Deeds::targets_of(const Person& person, const Request& request) const {
  // A lock is of the bot: whoever is admin somewhere may set it, and end it an admin of all alone.
  if (request.verb == Verb::unlock && !access_.is_admin_of_all(person.user)) return {};
  const std::string target = is_of_bot(request.verb) ? "all" : request.target;
  return screens_.ports_of(access_.find(person.user, row_of(request.verb).least, target));
}

// A bot of strategies alone has admins, too.
bool Deeds::locks_without_accounts(const Person& person, const Request& request) const {
  return request.verb == Verb::lock && parts_.accounts.empty() &&
         access_.best_role(person.user) >= Role::admin;
}

Screen Deeds::expired(const Person& person) {
  return last_screen(person, say(person.language, kExpired));
}

Screen Deeds::not_allowed(const Person& person, const Request& request) const {
  const Role least = row_of(request.verb).least;
  Screen screen =
      last_screen(person, say(person.language, kNotYours, role_words(person.language, least)));
  screen.outcome = fmt::format("refused: it needs the role {}", str(least));
  return screen;
}

Task<Screen> Deeds::propose(Occasion occasion, Request request) {
  const auto& person = occasion.person;
  const Role least = row_of(request.verb).least;
  if (request.target.empty() && !is_of_bot(request.verb)) {
    const auto own = access_.accounts_of(person.user, least);
    // The original's "/clearpos" alone meant every account.
    if (request.verb == Verb::clear)
      request.target = "all";
    else if (own.size() == 1)
      request.target = own.front();
    else if (!own.empty())
      co_return screens_.choose_target(
          person, request, least, say(person.language, kWhich, title_of(person.language, request)));
  }
  const auto accounts = targets_of(person, request);
  if (accounts.empty() && !locks_without_accounts(person, request))
    co_return not_allowed(person, request);
  if (request.verb == Verb::unlock && !lockdown_.read())
    co_return last_screen(person, say(person.language, kNotLocked));
  if (request.chooses_symbols)
    co_return co_await symbol_screen(person, accounts, std::move(request));
  if (adds_risk(request.verb))
    co_return co_await propose_resume(occasion, accounts, std::move(request));
  if (request.verb != Verb::flatten && request.verb != Verb::clear)
    co_return proposal(propose_plain(person, accounts, request));
  auto bound = StopsFirst::bound_words(parts_, person.user, accounts);
  co_return proposal(
      co_await flatten_screen(person, accounts, request, std::move(bound), parts_.clock.utc_now()));
}

Screen Deeds::propose_plain(const Person& person, const std::vector<AccountPort*>& accounts,
                            const Request& request) const {
  Screen screen;
  std::string what = title_of(person.language, request);
  for (const auto& symbol : request.symbols)
    what += " · " + shown(symbol);
  const bool is_lock = request.verb == Verb::lock;
  screen.html = fmt::format("<b>{}</b>\n{}\n\n{}", what,
                            is_lock ? say(person.language, kLockMeans) : target_words(accounts),
                            say(person.language, kAsk));
  screen.rows.push_back({confirm_button(person, request, Button::Style::primary)});
  if (request.verb == Verb::cancel) {
    Request choosing = request;
    choosing.chooses_symbols = true;
    screen.rows.push_back({{say(person.language, kChoose), line_of(choosing)}});
  }
  screen.rows.push_back({dismiss_button(person.language)});
  return screen;
}

control::Command command_of(const Request& request, const std::string& account,
                            const std::string& who, std::int64_t bot_id, std::int64_t update,
                            TimePoint now) {
  control::Command command;
  command.id = net::sha256_hex(fmt::format("telegram {} {} {}", bot_id, update, account))
                   .substr(0, kIdDigits);
  command.made_at = now;
  command.who = who;
  switch (request.verb) {
    case Verb::flatten:
    case Verb::clear:
      command.kind = control::CommandKind::flatten;
      break;
    case Verb::pause:
      command.kind = control::CommandKind::pause;
      command.reason = "asked for in Telegram";
      break;
    case Verb::resume:
      command.kind = control::CommandKind::resume;
      break;
    case Verb::loss_cut:
      command.kind = control::CommandKind::loss_cut;
      break;
    case Verb::cancel:
      command.kind = control::CommandKind::cancel;
      break;
    default:
      command.kind = control::CommandKind::status;
  }
  command.percent = request.percent;
  command.symbols = request.symbols;
  if (request.pick == Pick::longs) command.sides = control::Sides::longs;
  if (request.pick == Pick::shorts) command.sides = control::Sides::shorts;
  if (request.pick == Pick::losers) command.profits = control::Profits::losers;
  if (request.pick == Pick::winners) command.profits = control::Profits::winners;
  return command;
}

Task<std::string> Deeds::carry_out(Occasion occasion, Request request) {
  const auto accounts = targets_of(occasion.person, request);
  // A resume comes another way: see resume.cpp.
  const bool has_targets = !accounts.empty() || locks_without_accounts(occasion.person, request);
  if (!has_targets || adds_risk(request.verb)) {
    Screen refusal = not_allowed(occasion.person, request);
    const std::string outcome = refusal.outcome;
    (void)co_await messenger_.show(occasion.place, std::move(refusal));
    co_return outcome;
  }
  if (request.verb == Verb::lock) co_return co_await lock(occasion);
  co_await act(occasion, accounts, request, occasion.person.name, {});
  co_return fmt::format("done for {} accounts", accounts.size());
}

Task<std::string> Deeds::lock(Occasion occasion) {
  const auto& person = occasion.person;
  const auto locked = lockdown_.set(person.name, parts_.clock.utc_now());
  (void)co_await messenger_.show(
      occasion.place,
      last_screen(person, locked ? say(person.language, kIsLocked, shown(person.name))
                                 : failure(person, locked.error())));
  co_return locked ? "locked" : "failed: " + locked.error().text;
}

Task<std::string> Deeds::unlock(Occasion deed, std::string who) {
  const auto& person = deed.person;
  const auto done = lockdown_.clear();
  (void)co_await messenger_.show(
      deed.place, last_screen(person, done ? say(person.language, kUnlocked, shown(who))
                                           : failure(person, done.error())));
  co_return done ? "unlocked" : "failed: " + done.error().text;
}

Task<void> Deeds::act_on(AccountPort& account, control::Command command, std::int64_t user,
                         std::int64_t chat, std::int64_t update, Outcome& outcome, Event& changed) {
  const auto line = fmt::format("{} {}", control::str(command.kind), account.name);
  control::Report report;
  if (outcome.stops != nullptr) co_await outcome.stops->wait_for(account);
  try {
    report = co_await account.perform(std::move(command));
  } catch (const std::exception& error) {
    report.failed = true;
    report.exit_code = 1;
    report.text = error.what();
  }
  audit_.add({user, chat, update, line, summary_of(report)});
  outcome.report = std::move(report);
  changed.notify();
}

Screen Deeds::progress(const Person& person, const Request& request,
                       const std::vector<Outcome>& outcomes) const {
  const Language in = person.language;
  std::string html = "<b>" + title_of(in, request) + "</b>";
  const bool is_short = outcomes.size() > kToldInFull;
  bool is_over = true;
  for (const auto& outcome : outcomes) {
    is_over &= outcome.report.has_value();
    auto words = outcome.report ? describe(in, request, *outcome.report) : say(in, kWorking);
    // Of many, those that are well or still at it are one short line each.
    const bool is_plain = std::ranges::none_of(
        kTroubleMarks, [&](std::string_view mark) { return words.contains(mark); });
    if (is_short && is_plain)
      words = words.substr(0, std::min(words.find(" · "), words.find('\n')));
    if (outcome.stops != nullptr) words += outcome.stops->words(in, *outcome.account);
    const auto name = Screens::head(*outcome.account);
    html += is_short && is_plain ? fmt::format("\n{} · {}", name, words)
                                 : fmt::format("\n\n{}\n{}", name, words);
  }
  html += "\n\n" + say(in, kAskedBy, shown(person.name));
  Screen screen = last_screen(person, std::move(html));
  if (!is_over) screen.rows.clear();
  return screen;
}

void Deeds::leave_untold(const Occasion& occasion, const Screen& screen,
                         const Messenger::Attempt& last) {
  const auto& person = occasion.person;
  const auto& place = occasion.place;
  untold_.add({0, person.user, place.chat, place.thread, place.message, occasion.update,
               screen.html, parts_.clock.utc_now()},
              last.pause.value_or(Micros(0)), last.problem);
}

Task<void> Deeds::show_progress(Occasion occasion, Request request, std::vector<Outcome>& outcomes,
                                Event& changed) {
  const auto count = [&] {
    return std::ranges::count_if(outcomes, [](const Outcome& o) { return o.report.has_value(); });
  };
  const auto all = static_cast<std::ptrdiff_t>(outcomes.size());
  std::optional<Messenger::Urgency> urgent;  // while a word of this could not be said
  std::ptrdiff_t seen = -1;
  for (int failures = 0;;) {
    const auto done = count();
    if (done != seen) {
      // Rendered anew for each try: whatever Telegram takes first is the newest.
      const Screen screen = progress(occasion.person, request, outcomes);
      auto tried = co_await messenger_.try_to_show(occasion.place, screen);
      if (tried.stand.message != 0) {
        occasion.place.message = tried.stand.message;
        seen = done;
        failures = 0;
        urgent.reset();
      } else if (!tried.pause && occasion.place.chat != occasion.person.user) {
        occasion.place = {occasion.person.user, 0, 0};  // the group is lost, the person is not
        continue;
      } else if (!tried.pause || ++failures >= kTries || *tried.pause > kLongestWait) {
        if (done == all) co_return leave_untold(occasion, screen, tried);
        seen = done;  // the next change is the next try
        failures = 0;
      } else {
        urgent.emplace(messenger_);
        const bool goes_on = co_await messenger_.wait(
            std::max<Micros>(*tried.pause, kFirstPause * (1 << (failures - 1))));
        if (goes_on) continue;
        if (done == all) co_return leave_untold(occasion, screen, tried);
        seen = done;
      }
    }
    if (seen == all) co_return;
    if (count() == seen) co_await changed.wait();
    // Whatever ends together is one edit; the last one waits for nobody.
    if (count() != all) co_await sleep_for(parts_.clock, kProgressPause);
  }
}

Task<void> Deeds::act(Occasion occasion, std::vector<AccountPort*> accounts, Request request,
                      std::string who, Seen seen) {
  std::vector<Outcome> outcomes(accounts.size());
  const auto bot_id = parts_.bot_id;
  const auto now = parts_.clock.utc_now();
  Event changed;
  StopsFirst stops(parts_, audit_);
  if (request.stops_strategies) stops.plan(accounts);
  TaskGroup group(co_await boost::asio::this_coro::executor);
  for (std::size_t i = 0; i < accounts.size(); ++i)
    outcomes[i] = {accounts[i], {}, stops.is_planned() ? &stops : nullptr};
  if (stops.is_planned())
    group.spawn(stops.run(occasion.person, occasion.place.chat, occasion.update));
  // The orders leave before the first word about them.
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    auto command =
        command_of(request, accounts[i]->name, "Telegram " + who, bot_id, occasion.update, now);
    if (const auto latch = seen.find(accounts[i]->name); latch != seen.end())
      command.seen = store::mark_of(latch->second);
    group.spawn(act_on(*accounts[i], std::move(command), occasion.person.user, occasion.place.chat,
                       occasion.update, outcomes[i], changed));
  }
  group.spawn(show_progress(occasion, request, outcomes, changed));
  co_await group.join();
  if (!stops.is_planned()) co_return;
  co_await stops.look_again(occasion.person.language);
  Screen last = progress(occasion.person, request, outcomes);
  (void)co_await messenger_.show(occasion.place, std::move(last));
}

}  // namespace bb::bot
