// ServiceWatch: whether the service of one account is there, judged by the account's lock and door.
// A service that died, hangs, keeps crashing or looks at its positions too late is news, once; so
// is its return. One that was stopped on purpose is no alarm. Pure: no files, no clock.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/account_home.h"

namespace bb::bot {

/// What was seen of an account at one moment.
struct ServiceLook {
  /// The service by the account's lock: it has it, or had it last. Nothing where another command
  /// wrote there since, or where no service ever ran.
  std::optional<store::LockHolder> service;
  bool is_held = false;       // by it
  bool answers = false;       // at its door
  bool said_goodbye = false;  // the service that was seen last, this one included
  /// The last patrol is older than it may be; nothing where nobody says.
  std::optional<bool> is_late;
};

struct ServiceNews {
  enum class Kind {
    died,      // gone without a goodbye
    silent,    // it has the account and does not answer
    crashing,  // it dies and is started again, over and over
    late,      // it answers, and does not look at its positions in time
    back,      // what was told is over
    crashed,   // it died and was started again at once
    stopped,   // on purpose
  } kind = Kind::back;
  store::LockHolder service;
};

/// Whether a lock's holder of that command guards the account for as long as it lives.
bool is_service(std::string_view command);

class ServiceWatch {
 public:
  /// What lasts shorter than `patience` is a restart.
  explicit ServiceWatch(Micros patience) : patience_(patience) {}
  /// Of an earlier watch; a text that is none is ignored.
  void restore(const std::string& text);
  std::string save() const;

  /// The service that was seen last.
  const std::optional<store::LockHolder>& service() const { return service_; }
  /// `now` never goes back.
  std::optional<ServiceNews> see(const ServiceLook& look, SteadyTime now);

 private:
  enum class State { fine, stopped, down, late };
  std::optional<ServiceNews> tell(ServiceNews::Kind kind, State state);
  std::optional<ServiceNews> note_crash(SteadyTime now);
  std::optional<ServiceNews> judge_absence(const ServiceLook& look, SteadyTime now);
  std::optional<ServiceNews> judge_presence(const ServiceLook& look, SteadyTime now);

  Micros patience_;
  std::optional<store::LockHolder> service_;
  State told_ = State::fine;
  std::optional<SteadyTime> away_since_, here_since_, late_since_;
  int crashes_ = 0;  // since crashed_at_
  SteadyTime crashed_at_{};
};

}  // namespace bb::bot
