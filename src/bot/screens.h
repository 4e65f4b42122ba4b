// Screens: what the bot shows when it is asked something. They change nothing.
#pragma once

#include <map>

#include "bot/access.h"
#include "bot/audit.h"
#include "bot/cards.h"
#include "bot/request.h"

namespace bb::bot {

/// Who asked.
struct Person {
  std::int64_t user = 0;
  std::string name;  // for records: "alice (user 12)"
  Language language = Language::english;
};

class Screens {
 public:
  Screens(Parts& parts, const Access& access, const Audit& audit)
      : parts_(parts), access_(access), audit_(audit) {}

  /// Of any verb that does not act.
  Task<Screen> show(Person person, Request request);

  /// What every message about an account begins with: its name, and its environment where that is
  /// not live.
  static std::string head(const AccountPort& account);
  /// Buttons that choose the target of a request, where it has none.
  enum class Choice { any, one };  // accounts, groups and all of them; or one account
  Screen choose_target(const Person& person, const Request& request, Role least,
                       const std::string& html, Choice choice = Choice::any) const;
  std::vector<AccountPort*> ports_of(const std::vector<std::string>& names) const;
  /// "Refresh" and the way back to the menu.
  std::vector<Button> foot(const Person& person, const Request& request) const;

 private:
  Screen menu(const Person& person) const;
  Screen help(const Person& person) const;
  Screen accounts(const Person& person) const;
  Screen version(const Person& person) const;
  Screen language(const Person& person, const Request& request);
  Screen audit(const Person& person) const;

  // Of one account or several; desk_screens.cpp, report_screens.cpp, alert_screens.cpp.
  Task<Screen> status(Person person, std::vector<AccountPort*> accounts, Request request);
  Task<Screen> positions(Person person, std::vector<AccountPort*> accounts, Request request);
  Task<Screen> balance(Person person, std::vector<AccountPort*> accounts, Request request);
  Task<Screen> orders(Person person, std::vector<AccountPort*> accounts, Request request);
  Task<Screen> pnl(Person person, std::vector<AccountPort*> accounts, Request request);
  Task<Screen> equity(Person person, AccountPort& account, Request request);
  Task<Screen> last_run(Person person, AccountPort& account, Request request);
  Task<Screen> next(Person person, std::vector<AccountPort*> accounts, Request request);
  Task<Screen> doctor(Person person, AccountPort& account, Request request);
  Task<Screen> alerts(Person person, AccountPort& account, Request request);
  Task<Screen> mute(Person person, std::vector<AccountPort*> accounts, Request request);
  Task<Screen> logs(Person person, AccountPort& account, Request request);

  /// Pages, refresh and the way back to the menu, below the entries.
  Screen paged(const Person& person, const std::string& title, std::vector<std::string> entries,
               const Request& request) const;

  struct KeptPnl {
    PnlFacts facts;
    SteadyTime at{};  // when it was read
  };
  Task<Result<PnlFacts>> read_pnl(AccountPort& account, std::string word, TimePoint since);

  Parts& parts_;
  const Access& access_;
  const Audit& audit_;
  std::map<std::pair<std::string, std::string>, KeptPnl> pnl_kept_;  // by account and window
};

/// "operator", as people read it.
std::string role_words(Language language, Role role);
/// The way back to the menu, and the way out of a proposal.
Button home_button(Language language);
Button dismiss_button(Language language);
/// "‹", "2/5", "›": the same line on other pages; `page` counts from 0.
std::vector<Button> page_row(const std::string& line, std::size_t page, std::size_t pages);
/// A screen that ends something: nothing on it but the way to the menu.
Screen last_screen(const Person& person, std::string html);

/// "<i>why</i>" of a reading that failed.
std::string excuse(const Person& person, const Error& error);
/// The same of a change that was not made.
std::string failure(const Person& person, const Error& error);
/// "Total" and who is not in it: " (without bob)"; empty where everybody is.
std::string without(Language language, const std::vector<std::string>& names);

}  // namespace bb::bot
