// Keeper: the memory of a paper exchange over restarts, a SQLite file (`paper --db`).
//
// What is kept is what was done: every act that the exchange accepted (orders, cancels, settings,
// deeds of the control), with its exchange time. The same acts at the same times on the same market
// give the same journal, so a restart lives through them again and has every order, fill, income
// row and id as before; then it lives through the time it was down. Not kept: listen keys, faults,
// delays, limits.
//
// Acts of one turn of the loop are one transaction, committed before their answers leave: after a
// kill the file holds all that was answered, and nothing by half. One process holds a file.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/http.h"
#include "paper/options.h"

namespace bb::paper {

struct Act {
  TimePoint time{};  // exchange time
  int account = -1;  // -1: the control's
  net::Method method = net::Method::post;
  std::string target;
  std::string body;
  std::int64_t made_ids = 0;  // client ids the exchange had made before it
  std::int64_t journal = 0;   // entries of the exchange's journal after it
};

/// The world an era of the file was lived in: acts mean nothing in another one.
struct Era {
  std::string market;                  // fingerprint of market and path
  TimePoint first_day{};               // what its recorded days were moved to
  TimePoint begun{};                   // where the exchange began
  std::vector<PaperAccount> accounts;  // as they began; without keys
};

/// What an account was worth when it was last looked at.
struct Worth {
  std::string alias;
  Usdt wallet, unrealized;
  bool hedge = false;
};

class Keeper {
 public:
  /// Creates the file if absent. Fails with a sentence: held by another process, of another
  /// program.
  static Result<std::unique_ptr<Keeper>> open(const std::string& path, Clock& clock);
  ~Keeper();

  /// The latest era, or nothing in a new file.
  Result<std::optional<Era>> era();
  Result<std::vector<Worth>> worths();
  /// Exchange time when something was last written.
  Result<TimePoint> last_time();
  Status begin_era(const Era& era);
  /// The era's acts, in order; stops and returns the error of `each`.
  Status for_each_act(const std::function<Status(const Act&)>& each);

  /// What to write of the accounts and of time with each commit.
  void watch(std::function<std::pair<TimePoint, std::vector<Worth>>()> look);
  void add(Act act);
  /// Waits until everything added so far is on disk; false when it could not be written. It stays
  /// in memory, and is tried again every second.
  Task<bool> saved();
  /// The last attempt to write failed: add nothing until one succeeds, or a kill would forget it.
  bool is_failing() const;
  /// Says there once when the disk refuses, and once when it takes everything again.
  void log_to(const Log& log);
  /// Writes what there is, now.
  Status flush();

 private:
  struct State;
  explicit Keeper(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bb::paper
