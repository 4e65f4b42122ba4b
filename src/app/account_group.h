// AccountGroup: several accounts of one process, each reached through its own door: one command for
// all of them at the same time, one result each. What fails, hangs or is refused at one neither
// hides nor delays what happens at another.
//
// They share one Venue for each host: the exchange's limits are those of this address.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/perform.h"

namespace bb::app {

/// `config` outlives the group: keys and exchange, and a database and a lock file that no other
/// account has, or none named: those of the account's directory.
struct NamedAccount {
  std::string name;
  Config* config = nullptr;
};

struct AccountResult {
  std::string name;
  control::Report report;
};

/// "FLAT", "PARTIAL" or "UNKNOWN": what the report of a flatten comes to. UNKNOWN means: look
/// there, also when nothing was done at all.
std::string_view flatten_verdict(const control::Report& report);

/// {"accounts":[{"account":"alice","exit_code":0,"result":{..}}, ..]}, one line.
std::string render_results(const std::vector<AccountResult>& results);
/// Of all of them: what is not known weighs most, then what was done in part.
int exit_code_of(const std::vector<AccountResult>& results);

class AccountGroup {
 public:
  /// `host` outlives the group.
  AccountGroup(Session& host, std::vector<NamedAccount> accounts);
  ~AccountGroup();
  AccountGroup(const AccountGroup&) = delete;
  AccountGroup& operator=(const AccountGroup&) = delete;

  using OnResult = std::function<void(const AccountResult&)>;
  /// Carries `wish` out for each account whose name is listed (none listed: for all), each under an
  /// id of its own; results in the order of the accounts. `on_result` is told each one as soon as
  /// it is there. Names that no account has are results, too.
  Task<std::vector<AccountResult>> carry_out(control::Command wish,
                                             std::vector<std::string> names = {},
                                             OnResult on_result = {});
  /// How long the exchange's limits made any query wait, at most.
  Millis waited_longest() const { return venues_.waited_longest(); }

 private:
  struct Member {
    std::string name;
    Config* config = nullptr;
    std::unique_ptr<Session> session;
  };
  Task<AccountResult> carry_out_for(Member& member, control::Command wish, OnResult on_result);

  std::vector<Member> members_;
  Venues venues_;  // stands on the first members' networks
};

}  // namespace bb::app
