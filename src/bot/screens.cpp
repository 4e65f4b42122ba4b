#include "bot/screens.h"

#include <algorithm>

#include "bot/action.h"
#include "bot/lockdown.h"

namespace bb::bot {

namespace {

constexpr std::size_t kEntriesPerPage = 12;
constexpr std::size_t kPageCharacters = 3200;
constexpr std::size_t kTargetsShown = 40;
constexpr std::size_t kAuditShown = 15;

constexpr Phrase kMenuTitle{"<b>Bubble Buster</b>\nWhat would you like to see?",
                            "<b>Bubble Buster</b>\n请选择："};
constexpr Phrase kLockedNote{"\n🔒 Locked by {}: only what stands here works.",
                             "\n🔒 已被 {} 锁定：仅以下功能可用。"};
constexpr Phrase kHelpTitle{"<b>Commands</b>", "<b>命令</b>"};
constexpr Phrase kHelpFoot{
    "Everything works with buttons, too: /start. What changes something is shown first and done "
    "after you confirm. Write a name with blanks in \"quotes\".",
    "所有功能都可以用按钮完成：/start。任何会改变状态的操作都会先预览、确认后才执行。"
    "名称中有空格时请加英文引号。"};
constexpr Phrase kAccountsTitle{"<b>Accounts</b>", "<b>账户</b>"};
constexpr Phrase kNothingYours{"You may not do this: it needs the role “{}” of an account there.",
                               "没有权限：需要相应账户的「{}」角色。"};
constexpr Phrase kNoneYours{"No account is yours to see. Ask an admin.",
                            "没有你可以查看的账户，请联系管理员。"};
constexpr Phrase kNeedsRole{"You may not see this: it needs the role “{}” of every account.",
                            "没有权限：需要全部账户的「{}」角色。"};
constexpr Phrase kRefresh{"↻ Refresh", "↻ 刷新"};
constexpr Phrase kUpdated{"as of {}", "截至 {}"};
constexpr Phrase kAll{"All accounts", "全部账户"};
constexpr Phrase kLanguageSet{"From now on in English.", "以后将使用中文。"};
constexpr Phrase kLanguageAsk{"Which language?", "请选择语言："};
constexpr Phrase kAuditTitle{"<b>Audit</b>\n{} entries, the chain is whole. Head: <code>{}</code>",
                             "<b>操作记录</b>\n共 {} 条，校验完整。最新摘要：<code>{}</code>"};
constexpr Phrase kAuditBroken{
    "<b>Audit</b>\n⚠️ Entry {} does not follow from the one before: the "
    "record was changed outside this program.",
    "<b>操作记录</b>\n⚠️ 第 {} 条与前一条不衔接：记录在程序外被改动过。"};

constexpr Verb kMenuOrder[] = {
    Verb::status, Verb::positions, Verb::balance,  Verb::orders,     Verb::pnl,
    Verb::equity, Verb::last_run,  Verb::next,     Verb::flatten,    Verb::loss_cut,
    Verb::pause,  Verb::resume,    Verb::cancel,   Verb::strategies, Verb::alerts,
    Verb::mute,   Verb::logs,      Verb::doctor,   Verb::audit,      Verb::accounts,
    Verb::lock,   Verb::unlock,    Verb::language, Verb::help,       Verb::version};

Phrase label_of(Verb verb) {
  switch (verb) {
    case Verb::status:
      return {"🟢 Status", "🟢 状态"};
    case Verb::positions:
      return {"📉 Positions", "📉 持仓"};
    case Verb::balance:
      return {"💰 Balance", "💰 余额"};
    case Verb::orders:
      return {"📋 Orders", "📋 挂单"};
    case Verb::pnl:
      return {"📅 PnL", "📅 盈亏"};
    case Verb::equity:
      return {"📈 Equity", "📈 权益"};
    case Verb::last_run:
      return {"🔍 Last entry", "🔍 上次开仓"};
    case Verb::next:
      return {"⏰ Next", "⏰ 下一次"};
    case Verb::flatten:
    case Verb::clear:
      return {"⏹ Flatten", "⏹ 平仓"};
    case Verb::loss_cut:
      return {"✂️ Loss cut", "✂️ 平掉浮亏"};
    case Verb::pause:
      return {"⏸ Pause", "⏸ 暂停开仓"};
    case Verb::resume:
      return {"▶️ Resume", "▶️ 恢复开仓"};
    case Verb::cancel:
      return {"🚫 Cancel orders", "🚫 撤开仓单"};
    case Verb::alerts:
      return {"🔔 Alerts", "🔔 通知"};
    case Verb::mute:
      return {"🔕 Mute", "🔕 静音"};
    case Verb::logs:
      return {"📜 Logs", "📜 日志"};
    case Verb::doctor:
      return {"🩺 Doctor", "🩺 体检"};
    case Verb::audit:
      return {"🧾 Audit", "🧾 操作记录"};
    case Verb::accounts:
      return {"👤 Accounts", "👤 账户"};
    case Verb::language:
      return {"🌐 中文", "🌐 English"};
    case Verb::help:
      return {"❓ Help", "❓ 帮助"};
    case Verb::version:
      return {"ℹ️ Version", "ℹ️ 版本"};
    case Verb::lock:
      return {"🔒 Lock", "🔒 锁定"};
    case Verb::unlock:
      return {"🔓 Unlock", "🔓 解锁"};
    case Verb::start:
      return {"‹ Menu", "‹ 菜单"};
    case Verb::strategies:
    case Verb::strategy:
    case Verb::start_strategy:
    case Verb::stop_strategy:
    case Verb::restart_strategy:
    case Verb::strategy_logs:
    case Verb::last_exit:
      return {"⚙️ Strategies", "⚙️ 策略"};
  }
  return {"", ""};
}

std::string action_of(Verb verb) {
  Request request;
  request.verb = verb;
  return line_of(request);
}

}  // namespace

namespace {

Screen refusal(const Person& person, Role least, const Phrase& phrase) {
  Screen screen =
      last_screen(person, say(person.language, phrase, role_words(person.language, least)));
  screen.outcome = fmt::format("refused: it needs the role {}", str(least));
  return screen;
}

}  // namespace

std::string Screens::head(const AccountPort& account) {
  return fmt::format("<b>{}</b>{}", shown(account.name),
                     account.environment == "live" ? "" : " [" + account.environment + "]");
}

std::vector<AccountPort*> Screens::ports_of(const std::vector<std::string>& names) const {
  std::vector<AccountPort*> ports;
  for (auto& account : parts_.accounts)
    if (std::ranges::find(names, account.name) != names.end()) ports.push_back(&account);
  return ports;
}

std::vector<Button> Screens::foot(const Person& person, const Request& request) const {
  const Action again{Action::Kind::open, line_of(request), request.page};
  return {{say(person.language, kRefresh), write_action(again)}, home_button(person.language)};
}

Screen Screens::paged(const Person& person, const std::string& title,
                      std::vector<std::string> entries, const Request& request) const {
  // A page ends where either limit is reached; an entry is never cut.
  std::vector<std::string> pages(1);
  std::size_t on_page = 0;
  for (auto& entry : entries) {
    if (on_page == kEntriesPerPage ||
        (on_page > 0 && pages.back().size() + entry.size() > kPageCharacters)) {
      pages.emplace_back();
      on_page = 0;
    }
    pages.back() += entry + "\n";
    ++on_page;
  }
  const std::size_t page = std::min(static_cast<std::size_t>(request.page), pages.size() - 1);
  Screen screen;
  screen.is_private = true;
  screen.html = fmt::format("{}\n{}<i>{}</i>", title, pages[page],
                            say(person.language, kUpdated, moment(parts_.clock.utc_now())));
  if (pages.size() > 1) screen.rows.push_back(page_row(line_of(request), page, pages.size()));
  screen.rows.push_back(foot(person, request));
  return screen;
}

Screen Screens::choose_target(const Person& person, const Request& request, Role least,
                              const std::string& html, Choice choice) const {
  Screen screen;
  screen.html = html;
  const auto add = [&](const std::string& text, const std::string& target) {
    Request chosen = request;
    chosen.target = target;
    screen.rows.push_back({{text, line_of(chosen)}});
  };
  const auto names = access_.accounts_of(person.user, least);
  const bool may_be_several = choice == Choice::any;
  if (may_be_several && names.size() > 1) add(say(person.language, kAll), "all");
  std::vector<std::pair<std::string, std::string>> targets;
  const auto groups =
      may_be_several ? access_.groups_of(person.user, least) : std::vector<std::string>();
  for (const auto& group : groups)
    targets.emplace_back("👥 " + group, "group:" + group);
  for (const auto& name : names)
    targets.emplace_back(name, name);
  const std::size_t pages =
      std::max<std::size_t>(1, (targets.size() + kTargetsShown - 1) / kTargetsShown);
  const auto page = std::min(static_cast<std::size_t>(std::max(0, request.page)), pages - 1);
  const auto end = std::min(targets.size(), (page + 1) * kTargetsShown);
  for (std::size_t i = page * kTargetsShown; i < end; ++i)
    add(targets[i].first, targets[i].second);
  if (pages > 1) screen.rows.push_back(page_row(line_of(request), page, pages));
  screen.rows.push_back({home_button(person.language)});
  return screen;
}

Screen Screens::menu(const Person& person) const {
  Screen screen;
  screen.html = say(person.language, kMenuTitle);
  const auto lock = Lockdown(parts_.settings.ops_db).read();
  if (lock) screen.html += say(person.language, kLockedNote, shown(lock->who));
  const Role role = access_.best_role(person.user);
  std::vector<Button> row;
  for (const auto verb : kMenuOrder) {
    if (role < row_of(verb).least) continue;
    if (is_about_strategies(verb) && parts_.strategies == nullptr) continue;
    if (lock ? !goes_locked(verb) || verb == Verb::lock : verb == Verb::unlock) continue;
    if (verb == Verb::audit && !access_.is_admin_of_all(person.user)) continue;
    const auto style = verb == Verb::flatten ? Button::Style::danger : Button::Style::plain;
    std::string action = action_of(verb);
    if (verb == Verb::language) action += person.language == Language::chinese ? " en" : " zh";
    row.push_back({say(person.language, label_of(verb)), std::move(action), style});
    if (row.size() == 2) screen.rows.push_back(std::exchange(row, {}));
  }
  if (!row.empty()) screen.rows.push_back(std::move(row));
  return screen;
}

Screen Screens::help(const Person& person) const {
  Screen screen;
  screen.html = say(person.language, kHelpTitle) + "\n";
  const Role role = access_.best_role(person.user);
  for (const auto& row : commands())
    if (role >= row.least)
      screen.html += fmt::format("/{}{}{} – {}\n", row.name, *row.arguments == '\0' ? "" : " ",
                                 notify::escape_html(row.arguments), row.help.in(person.language));
  screen.html += "\n" + say(person.language, kHelpFoot);
  screen.rows.push_back({home_button(person.language)});
  return screen;
}

Screen Screens::accounts(const Person& person) const {
  std::vector<std::string> entries;
  for (const auto* account : ports_of(access_.accounts_of(person.user, Role::viewer))) {
    const Role role = access_.role(person.user, account->name);
    std::string entry = fmt::format("{} · {} · {}", head(*account), account->environment,
                                    role_words(person.language, role));
    for (const auto& group : account->groups)
      entry += " · 👥 " + shown(group);
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) entries.push_back(say(person.language, kNoneYours));
  Request request;
  request.verb = Verb::accounts;
  return paged(person, say(person.language, kAccountsTitle), std::move(entries), request);
}

Screen Screens::version(const Person& person) const {
  Screen screen;
  screen.html = "Bubble Buster " + shown(parts_.version);
  screen.rows.push_back({home_button(person.language)});
  return screen;
}

Screen Screens::language(const Person& person, const Request& request) {
  Screen screen;
  if (request.word.empty()) {
    screen.html = say(person.language, kLanguageAsk);
    screen.rows.push_back({{"English", "/language en"}, {"中文", "/language zh"}});
    screen.rows.push_back({home_button(person.language)});
    return screen;
  }
  const auto chosen = request.word == "zh" ? Language::chinese : Language::english;
  Status kept;
  if (auto user = parts_.ops.find_user(person.user)) {
    user->language = request.word;
    kept = parts_.ops.put_user(*user);
  } else {
    kept = std::unexpected(user.error());
  }
  screen.html = kept ? say(chosen, kLanguageSet) : failure(person, kept.error());
  screen.rows.push_back({home_button(chosen)});
  return screen;
}

Screen Screens::audit(const Person& person) const {
  const auto verdict = audit_.verify();
  Screen screen;
  screen.is_private = true;
  if (verdict.broken)
    screen.html = say(person.language, kAuditBroken, *verdict.broken);
  else if (!verdict.problem.empty())
    screen.html = excuse(person, {ErrorKind::storage, verdict.problem, 0});
  else
    screen.html = say(person.language, kAuditTitle, verdict.rows, verdict.head.substr(0, 16));
  const auto from = std::max<std::int64_t>(1, verdict.rows - static_cast<int>(kAuditShown) + 1);
  if (const auto rows = parts_.ops.load_audit(from, kAuditShown))
    for (const auto& row : *rows)
      screen.html += fmt::format("\n{} · {} · {} → {}", iso_seconds(row.at).substr(5, 11),
                                 row.user_id, shown(row.action), shown(row.result));
  Request request;
  request.verb = Verb::audit;
  screen.rows.push_back(foot(person, request));
  return screen;
}

Task<Screen> Screens::show(Person person, Request request) {
  const auto& row = row_of(request.verb);
  const bool is_about_accounts = std::string_view(row.arguments).contains("[account");
  // Commands that name no account are about all of them.
  const bool may = row.least <= Role::viewer ||
                   (request.verb == Verb::audit ? access_.is_admin_of_all(person.user)
                                                : access_.best_role(person.user) >= row.least);
  if (!may) co_return refusal(person, row.least, kNeedsRole);
  std::vector<AccountPort*> accounts;
  if (is_about_accounts) {
    const auto names =
        access_.find(person.user, row.least, request.target.empty() ? "all" : request.target);
    accounts = ports_of(names);
    if (accounts.empty()) co_return refusal(person, row.least, kNothingYours);
  }
  const bool is_of_one = request.verb == Verb::equity || request.verb == Verb::last_run ||
                         request.verb == Verb::doctor || request.verb == Verb::logs ||
                         request.verb == Verb::alerts;
  if (is_of_one && accounts.size() > 1)
    co_return choose_target(person, request, row.least,
                            "<b>" + say(person.language, label_of(request.verb)) + "</b>",
                            Choice::one);
  switch (request.verb) {
    case Verb::help:
      co_return help(person);
    case Verb::accounts:
      co_return this->accounts(person);
    case Verb::version:
      co_return version(person);
    case Verb::language:
      co_return language(person, request);
    case Verb::alerts:
      co_return co_await alerts(person, *accounts.front(), request);
    case Verb::mute:
      co_return co_await mute(person, std::move(accounts), request);
    case Verb::audit:
      co_return audit(person);
    case Verb::status:
      co_return co_await status(person, std::move(accounts), request);
    case Verb::positions:
      co_return co_await positions(person, std::move(accounts), request);
    case Verb::balance:
      co_return co_await balance(person, std::move(accounts), request);
    case Verb::orders:
      co_return co_await orders(person, std::move(accounts), request);
    case Verb::pnl:
      co_return co_await pnl(person, std::move(accounts), request);
    case Verb::next:
      co_return co_await next(person, std::move(accounts), request);
    case Verb::equity:
      co_return co_await equity(person, *accounts.front(), request);
    case Verb::last_run:
      co_return co_await last_run(person, *accounts.front(), request);
    case Verb::doctor:
      co_return co_await doctor(person, *accounts.front(), request);
    case Verb::logs:
      co_return co_await logs(person, *accounts.front(), request);
    case Verb::start:
    case Verb::flatten:
    case Verb::clear:
    case Verb::pause:
    case Verb::resume:
    case Verb::loss_cut:
    case Verb::cancel:
    case Verb::lock:
    case Verb::unlock:
    case Verb::strategies:  // shown by StrategyScreens, done by StrategyDeeds
    case Verb::strategy:
    case Verb::start_strategy:
    case Verb::stop_strategy:
    case Verb::restart_strategy:
    case Verb::strategy_logs:
    case Verb::last_exit:
      break;
  }
  co_return menu(person);
}

}  // namespace bb::bot
