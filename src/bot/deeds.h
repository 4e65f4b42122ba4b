// Deeds: what changes something. Every deed is shown first, with the facts as they are, confirmed
// by one press, and then told per account: what came of it, or that nobody knows. Accounts are
// acted on at the same time; none waits for another, and none for Telegram.
#pragma once

#include <map>

#include "bot/action.h"
#include "bot/messenger.h"
#include "bot/screens.h"
#include "bot/second_factor.h"

namespace bb::bot {

/// Whose press or line it is, and where its answer goes.
struct Occasion {
  Person person;
  Place place;
  std::int64_t update = 0;
};

class Deeds {
 public:
  Deeds(Parts& parts, const Access& access, Screens& screens, Messenger& messenger, Audit& audit);

  /// The first answer to a request that acts: what would be done, or a question.
  Task<Screen> propose(Occasion occasion, Request request, std::string digits);
  /// A confirmed one, shown in place.
  Task<void> carry_out(Occasion occasion, Request request);
  /// Asks the other admins to allow it.
  Task<void> ask_others(Occasion occasion, Request request);
  /// An admin's answer to that.
  Task<void> decide(Occasion occasion, std::int64_t number, bool allows);
  /// Whether a code is awaited from this person in this chat.
  bool awaits_code(std::int64_t user, std::int64_t chat) const;
  /// The code that was awaited, typed.
  Task<void> take_code(Occasion occasion, std::string code);
  /// Forgets questions that nobody answered in time.
  void forget_old();
  /// What a proposal says when its time is over.
  static Screen expired(Language language);
  static Screen dismissed(const Person& person);

 private:
  struct Pending {
    Occasion occasion;
    Request request;
    SteadyTime until{};
  };
  struct Outcome {
    AccountPort* account = nullptr;
    std::optional<control::Report> report;
  };

  std::vector<AccountPort*> targets_of(const Person& person, const Request& request) const;
  Task<Screen> propose_flatten(Person person, std::vector<AccountPort*> accounts, Request request);
  Task<Screen> propose_resume(Occasion occasion, std::vector<AccountPort*> accounts,
                              Request request, std::string digits);
  Screen propose_plain(const Person& person, const std::vector<AccountPort*>& accounts,
                       const Request& request) const;
  Screen ask_for_code(const Occasion& occasion, const std::vector<AccountPort*>& accounts,
                      const Request& request, const std::string& digits, std::string facts);
  Task<Screen> judge_code(Occasion occasion, Request request, std::string code);
  Task<void> act(Occasion occasion, std::vector<AccountPort*> accounts, Request request,
                 std::string who);
  Task<void> act_on(AccountPort& account, control::Command command, std::int64_t user,
                    std::int64_t chat, std::int64_t update, Outcome& outcome, Event& changed);
  Task<void> show_progress(Occasion occasion, Request request, std::vector<Outcome>& outcomes,
                           Event& changed);
  Screen progress(const Person& person, const Request& request,
                  const std::vector<Outcome>& outcomes) const;

  Parts& parts_;
  const Access& access_;
  Screens& screens_;
  Messenger& messenger_;
  Audit& audit_;
  SecondFactor second_;
  std::map<std::pair<std::int64_t, std::int64_t>, Pending> codes_;  // by user and chat
  std::map<std::int64_t, Pending> requests_;                        // to other admins
  std::int64_t next_request_ = 1;
};

/// The command of a request, for one account: its id is a function of the update, so that it has
/// its effect once however often it is handed over.
control::Command command_of(const Request& request, const std::string& account,
                            const std::string& who, std::int64_t bot_id, std::int64_t update,
                            TimePoint now);

// deed_words.cpp: what deeds are called, and what came of them.

/// "Close 50 % of all shorts".
std::string title_of(Language language, const Request& request);
/// One account's result, as a few lines of HTML that begin with a mark.
std::string describe(Language language, const Request& request, const control::Report& report);
/// The same for the audit: one line.
std::string summary_of(const control::Report& report);

}  // namespace bb::bot
