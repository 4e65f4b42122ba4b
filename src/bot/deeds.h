// Deeds: what changes something. Every deed is shown first, with the facts as they are, confirmed
// by one press, and then told per account: what came of it, or that nobody knows. Accounts are
// acted on at the same time; none waits for another, and none for Telegram.
#pragma once

#include <map>

#include "bot/action.h"
#include "bot/lockdown.h"
#include "bot/messenger.h"
#include "bot/screens.h"
#include "bot/second_factor.h"
#include "bot/strategy_stops.h"
#include "bot/untold.h"

namespace bb::bot {

/// Whose press or line it is, and where its answer goes.
struct Occasion {
  Person person;
  Place place;
  std::int64_t update = 0;
};

/// A question that waits for a second word: a code, or another admin's. Whatever comes first, an
/// end without an answer included, takes it away with every button that asks it.
struct Pending {
  std::int64_t number = 0;  // random: a button of an earlier process means no other question
  Occasion occasion;        // of who asks; its message is the one with the question
  Request request;
  /// What stopped entries when it was shown, by account: that and nothing else is ended.
  std::map<std::string, std::optional<store::LatchNote>> seen = {};
  std::map<std::string, std::string> unread = {};  // why; these are not acted on
  std::string digits = {};                         // pressed so far
  bool is_proved = false;  // the code came first: a press is all that it needs
  std::string asked = {};  // the other admins who were asked
  std::int64_t card = 0;
  struct Wish {
    std::int64_t admin = 0;
    Language language = Language::english;
    Stand stand;
  };
  std::vector<Wish> wishes = {};
  SteadyTime until{};
};

class Deeds {
 public:
  Deeds(Parts& parts, const Access& access, Screens& screens, Messenger& messenger, Audit& audit);

  /// The first answer to a request that acts: what would be done, or a question. Without html it
  /// is shown already.
  Task<Screen> propose(Occasion occasion, Request request);
  /// A confirmed one, shown in place. Returns what the audit says of it.
  Task<std::string> carry_out(Occasion occasion, Request request);

  // resume.cpp, second_admin.cpp: the questions. Each returns what the audit says of it.

  /// Whether a code is awaited from this person in this chat.
  bool awaits_code(std::int64_t user, std::int64_t chat) const;
  /// The code that was awaited, typed; its message is `occasion.place`.
  Task<std::string> take_code(Occasion occasion, std::string code);
  Task<std::string> press_digit(Occasion occasion, std::int64_t number, char digit);
  Task<std::string> proceed(Occasion occasion, std::int64_t number);
  Task<std::string> ask_others(Occasion occasion, std::int64_t number);
  /// An admin's answer to that.
  Task<std::string> decide(Occasion occasion, Action action);
  /// Ends every question of that person in that chat.
  Task<std::string> dismiss(Occasion occasion);
  /// Ends questions that nobody answered in time, and tells what could not be told before.
  Task<void> sweep();

  Untold& untold() { return untold_; }
  /// What a proposal says when its time is over.
  static Screen expired(const Person& person);

 private:
  struct Outcome {
    AccountPort* account = nullptr;
    std::optional<control::Report> report;
    StopsFirst* stops = nullptr;  // of strategies, before it
  };
  using Seen = std::map<std::string, std::optional<store::LatchNote>>;

  std::vector<AccountPort*> targets_of(const Person& person, const Request& request) const;
  bool locks_without_accounts(const Person& person, const Request& request) const;
  Screen not_allowed(const Person& person, const Request& request) const;
  Screen propose_plain(const Person& person, const std::vector<AccountPort*>& accounts,
                       const Request& request) const;

  Task<Screen> propose_resume(Occasion occasion, std::vector<AccountPort*> accounts,
                              Request request);
  Task<void> look_at_latches(Pending& question, std::vector<AccountPort*> accounts);
  std::string facts_of(const Pending& question, Language in) const;
  std::vector<std::string> names_for(const Pending& question) const;
  Screen question_screen(const Pending& question) const;
  Task<void> show_question(std::int64_t number);
  std::optional<Pending> take(std::int64_t number);
  std::vector<std::int64_t> numbers_of(std::int64_t user, std::int64_t chat) const;
  Screen judge_code(const Person& person, const std::string& code);
  Task<std::string> judge(Pending question, Occasion occasion, std::string code);
  Task<std::string> act_on_question(Pending question, std::int64_t update, std::string who,
                                    Phrase told, std::string name);
  // second_admin.cpp
  Task<void> send_wish(std::int64_t number, std::int64_t admin);
  Task<void> end_wishes(Pending question, Phrase phrase, std::string name);

  Task<void> act(Occasion occasion, std::vector<AccountPort*> accounts, Request request,
                 std::string who, Seen seen);
  Task<void> act_on(AccountPort& account, control::Command command, std::int64_t user,
                    std::int64_t chat, std::int64_t update, Outcome& outcome, Event& changed);
  Task<std::string> lock(Occasion occasion);
  Task<std::string> unlock(Occasion deed, std::string who);
  Task<void> show_progress(Occasion occasion, Request request, std::vector<Outcome>& outcomes,
                           Event& changed);
  Screen progress(const Person& person, const Request& request,
                  const std::vector<Outcome>& outcomes) const;
  void leave_untold(const Occasion& occasion, const Screen& screen, const Messenger::Attempt& last);

  Parts& parts_;
  const Access& access_;
  Screens& screens_;
  Messenger& messenger_;
  Audit& audit_;
  SecondFactor second_;
  Lockdown lockdown_;
  Untold untold_;
  std::map<std::int64_t, Pending> pending_;  // by number
};

/// The command of a request, for one account: its id is a function of the update, so that it has
/// its effect once however often it is handed over.
control::Command command_of(const Request& request, const std::string& account,
                            const std::string& who, std::int64_t bot_id, std::int64_t update,
                            TimePoint now);

// flatten_screen.cpp: what a flatten would do.

/// Accounts are asked at the same time. `bound`: the strategies that trade on them, as HTML. The
/// buttons that confirm and dismiss it are the caller's.
Task<Screen> flatten_screen(Person person, std::vector<AccountPort*> accounts, Request request,
                            std::string bound, TimePoint now);

/// Which symbols, one press each; then on to the request with them.
Task<Screen> symbol_screen(Person person, std::vector<AccountPort*> accounts, Request request);

// deed_words.cpp: what deeds are called, and what came of them.

/// "Close 50 % of all shorts".
std::string title_of(Language language, const Request& request);
/// One account's result, as a few lines of HTML that begin with a mark.
std::string describe(Language language, const Request& request, const control::Report& report);
/// The same for the audit: one line.
std::string summary_of(const control::Report& report);

}  // namespace bb::bot
