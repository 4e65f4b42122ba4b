// Bot: all accounts in one hand. It hears commands and presses of listed people in listed chats,
// each once and while it is fresh, answers in their language, and hands what acts to whoever holds
// the account. It sends no order itself and keeps no position.
//
// Everything that is heard or refused stands in the audit. A slow command delays no other one.
#pragma once

#include <deque>
#include <set>

#include "bot/deeds.h"

namespace bb::bot {

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

  // bot.cpp: one update.
  std::string objection_to(const Update& update) const;
  void hear_one(const Update& update, TaskGroup& group);
  void hear_message(const Update& update, TaskGroup& group);
  void hear_press(const Update& update, TaskGroup& group);
  void refuse(const Update& update, const std::string& why);
  bool is_too_fast(std::int64_t user);
  bool take(const Update& update, const std::string& action);
  Person person_of(const Update& update) const;
  Task<void> answer(Update update, std::string action, Task<void> deed);
  Task<void> do_line(Occasion occasion, Request request, std::string digits);
  Task<void> do_press(Update update, Cards::Press press);
  Task<void> do_action(Occasion occasion, Action action);
  Task<void> say_to(Place place, std::string html);
  Task<void> tell_fault(Update update, Cards::Fault fault);

  // acknowledge.cpp
  Task<void> acknowledge(Update update);

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
  std::string username_;
  std::map<std::int64_t, std::deque<SteadyTime>> heard_;  // of listed users, the last minute
  std::map<std::int64_t, SteadyTime> told_slow_, told_expired_;
  int strangers_ = 0;  // refusals of strangers since strangers_since_
  SteadyTime strangers_since_{};
  bool alarmed_ = false;
};

}  // namespace bb::bot
