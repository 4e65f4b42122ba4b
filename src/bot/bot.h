// Bot: all accounts in one hand. It hears commands and presses of listed people in listed chats,
// each once and while it is fresh, answers in their language, and hands what acts to whoever holds
// the account. It sends no order itself and keeps no position.
//
// Everything that is heard or refused stands in the audit. A slow command delays no other one.
#pragma once

#include <deque>
#include <set>

#include "bot/deeds.h"
#include "bot/strategy_deeds.h"

namespace bb::bot {

/// After another process was seen polling with the token, until it was quiet for so long, nothing
/// that adds risk is done.
inline constexpr Micros kQuiet{300'000'000};
/// A command is acted on while it is younger than this (Telegram keeps them for a day).
inline constexpr Millis kCommandAge{60'000};

class Bot {
 public:
  /// Errors are sentences: ops.db that cannot be used.
  static Result<std::unique_ptr<Bot>> open(Parts parts);
  ~Bot();
  /// Polls until `stop`; commands in hand end before this returns.
  Task<void> run(Stop& stop);

  /// One answer of getUpdates: taken in order, acted on beside each other in `group`.
  void hear(std::vector<Update> updates, TaskGroup& group);
  /// Before the first poll: tells who waited for a command that a restart cut short.
  Task<void> tell_interrupted();
  /// Takes the buttons away from messages whose time is over.
  Task<void> sweep();
  /// This bot's, as getMe says; commands for another bot in the same group are not ours.
  void set_username(std::string name) { username_ = std::move(name); }

 private:
  Bot(Parts parts, std::unique_ptr<Cards> cards);

  // hearing.cpp: what becomes of one update.
  enum class Taken {
    now,
    before,     // by this process or an earlier one: nothing is done twice
    unwritten,  // ops.db takes nothing: only what closes or looks goes on
  };
  std::string objection_to(const Update& update) const;
  void hear_one(const Update& update, TaskGroup& group);
  void hear_message(const Update& update, TaskGroup& group);
  void hear_press(const Update& update, TaskGroup& group);
  void refuse(const Update& update, const std::string& why);
  void refuse_old(const Update& update, const std::string& line, Millis age, TaskGroup& group);
  bool is_too_fast(std::int64_t user);
  Taken take(const Update& update, const std::string& action);
  void skip(const Update& update);
  void note_unwritten(const Error& error);
  std::string complaint(const Person& person, const Update& update, const Refusal& refusal) const;
  void spawn_saying(TaskGroup& group, Person person, Place place, std::string html);

  // bot.cpp: what is done about it. Those that return text say what the audit says.
  Person person_of(const Update& update) const;
  Task<void> answer(Update update, std::string action, Task<std::string> deed);
  Task<std::string> do_line(Occasion occasion, Request request);
  Task<std::string> do_code(Occasion occasion, std::string code);
  Task<std::string> do_press(Update update, Action action);
  Task<std::string> do_action(Occasion occasion, Action action);
  /// Shows it and returns `outcome`.
  Task<std::string> say_to(Person person, Place place, std::string html, std::string outcome = {});
  Task<void> tell_fault(Update update, Cards::Fault fault);
  Task<std::string> tell_broken(Update update);
  bool is_contested() const;
  Task<std::string> refuse_risk(Occasion occasion);
  /// A refusal for everything that the lock forbids, or nothing.
  std::optional<Screen> locked_for(const Person& person, Verb verb) const;
  /// Counts what the daily cap covers; false where it is used up, or nobody can count.
  bool counts(std::int64_t user, const Request& request);

  // acknowledge.cpp
  Task<std::string> acknowledge(Update update);

  // polling.cpp: the connection to Telegram.
  Task<bool> introduce(Stop& stop);
  Task<void> publish_menus();
  Task<void> poll(Stop& stop, TaskGroup& group);
  Task<void> sweep_until(Stop& stop);
  Task<void> interrupt_at(Stop& stop);
  Task<Micros> pause_after(const notify::BotAnswer& answer, int failures);
  Task<void> leave(std::int64_t chat);

  Parts parts_;
  Access access_;
  Audit audit_;
  std::unique_ptr<Cards> cards_;
  Messenger messenger_;
  Screens screens_;
  Deeds deeds_;
  StrategyScreens strategy_screens_;
  StrategyDeeds strategy_deeds_;
  Lockdown lockdown_;
  std::string username_;
  std::map<std::int64_t, std::deque<SteadyTime>> heard_;  // of listed users, the last minute
  std::map<std::int64_t, SteadyTime> told_slow_, told_expired_;
  int strangers_ = 0;  // refusals of strangers since strangers_since_
  SteadyTime strangers_since_{};
  SteadyTime alarmed_{};          // when people were told last that the bot does not work
  SteadyTime contested_until_{};  // somebody else used the token: nothing that adds risk
  // While ops.db takes nothing.
  std::int64_t next_offset_ = 0;
  std::set<std::int64_t> unwritten_;  // updates that were taken
  bool is_unwritten_ = false;         // since the last poll
  SteadyTime told_unwritten_{};
};

/// What is said to whatever cannot be done without ops.db.
const Phrase& broken_phrase();

}  // namespace bb::bot
