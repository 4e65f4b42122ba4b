// Judge: what must hold, by the numbers of the reliability reference (§1), seen from outside: the
// exchange's own state and journal, the bytes on the wire, what the device holds. What the program
// believes is asked in one place only, where books are compared (I18 to I20).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/client_order_id.h"
#include "paper/server.h"
#include "simulation/disk.h"
#include "simulation/plan.h"
#include "simulation/queue.h"

namespace bb::simulation {

class Program;

struct Violation {
  std::string invariant;  // "I4"
  TimePoint at{};
  std::string text;
};

class Judge {
 public:
  struct Parts {
    Queue& queue;
    paper::Server& server;
    Disk& disk;
    Trace& trace;
    const Plan& plan;
  };
  explicit Judge(Parts parts);
  ~Judge();

  /// Bytes that leave the program of that account, or reach it.
  void see_request(int account, std::string_view bytes);
  void see_answer(int account, std::string_view bytes);
  /// What the exchange answered to a request, and whether a fault made the answer.
  void see_reply(std::string_view target, const net::ServerReply& reply, bool planted);
  void see_line(int account, LogLevel level, std::string_view line);
  /// Somebody or something disturbed the account just now: what takes time may begin anew.
  void disturb(int account);
  void disturb_all();
  /// The order with that id was delivered twice by a box on the way.
  void see_duplicate(const std::string& client_id) { duplicated_.insert(client_id); }
  /// A person's pause or flatten was acknowledged; his resume was asked for.
  void see_pause(int account) { paused_.insert(account); }
  void see_resume(int account) { paused_.erase(account); }
  /// A flatten came back with this report.
  void see_flatten(int account, const std::string& json, bool since_disturbed);
  /// Once per simulated minute.
  void look(const std::vector<Program*>& programs);
  /// At rest: faults are over for long enough. `settled`: also for what takes an hour to settle.
  void look_at_rest(Program& program, int account, bool settled);
  /// What lies on the disk and was said: no canaries.
  void look_at_disk();
  /// Positions and protective orders of the account: equal before and after a restart at rest.
  std::string standing(int account) const;
  int placements(int account) const;

  const std::vector<Violation>& violations() const { return violations_; }
  std::uint64_t checks() const { return checks_; }
  Micros longest_unprotected() const { return longest_unprotected_; }
  void violate(std::string invariant, std::string text);

 private:
  struct Account;
  using Leg = std::pair<Symbol, PositionSide>;
  void see(const sim::JournalEntry& entry);
  void see_order(Account& account, const sim::JournalEntry& entry);
  void see_fill(Account& account, const sim::JournalEntry& entry);
  void look_at_stops(Account& account, Micros span, bool is_calm);
  void see_cut(Account& account, const sim::JournalEntry& entry);
  void look_at_protection(Account& account, bool serving);
  void look_at_orders(int number);
  void see_order_request(int account, std::string_view path, std::string_view query);
  void compare_books(Program& program, int account, bool settled);
  void compare_slots(Program& program, int account);
  std::optional<ClientOrderIds::Decoded> decode(const Account& account, const std::string& id,
                                                Symbol symbol) const;

  Parts parts_;
  std::vector<std::unique_ptr<Account>> accounts_;
  std::set<std::string> duplicated_;
  std::set<int> paused_;
  std::vector<Violation> violations_;
  std::set<std::string> known_;  // each is told once
  std::uint64_t checks_ = 0;
  std::uint64_t last_steps_ = 0;
  Micros longest_unprotected_{0};
};

/// Invariants that a run judges, and where.
std::string judged_invariants();

}  // namespace bb::simulation
