// Screens: what the bot shows when it is asked something. They change nothing.
#pragma once

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
  Screen choose_target(const Person& person, const Request& request, Role least,
                       const std::string& html) const;
  std::vector<AccountPort*> ports_of(const std::vector<std::string>& names) const;

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
  std::vector<Button> foot(const Person& person, const Request& request) const;

  Parts& parts_;
  const Access& access_;
  const Audit& audit_;
};

/// "<i>why</i>" of a reading that failed.
std::string excuse(const Person& person, const Error& error);

}  // namespace bb::bot
