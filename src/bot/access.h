// Access: who is listed, where, and what each may do with which account. Deny by default: an empty
// list is nobody, an unknown role is none. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bot/settings.h"
#include "bot/words.h"

namespace bb::bot {

/// Each may do what the ones before it may.
enum class Role { none, viewer, operates, admin };
std::string_view str(Role role);

/// An account as access knows it.
struct AccountTag {
  std::string name;
  std::vector<std::string> groups;
};

class Access {
 public:
  /// The chats of the alerts are listed, too.
  Access(const Settings& settings, std::vector<AccountTag> accounts,
         const std::vector<std::int64_t>& alert_chats);

  bool is_user(std::int64_t user) const { return users_.contains(user); }
  /// A listed group, or the private chat of this very user.
  bool is_chat(std::int64_t chat, std::string_view type, std::int64_t user) const;
  /// Who is listed without a section of his own is admin; a section says all that one may do.
  Role role(std::int64_t user, std::string_view account) const;
  /// The highest role on any account; without accounts, the highest that he is listed with.
  Role best_role(std::int64_t user) const;
  /// On a strategy: the role on the account it trades on; without one, the highest. One that trades
  /// on an account that is none of these belongs to the admins of every account.
  Role role_on_strategy(std::int64_t user, std::string_view account) const;
  bool is_admin_of_all(std::int64_t user) const;
  /// Accounts with at least that role, in the order of the configuration.
  std::vector<std::string> accounts_of(std::int64_t user, Role least) const;
  std::vector<std::string> groups_of(std::int64_t user, Role least) const;
  /// What a target ("all", "group:NAME", an account) means to this user; empty = nothing he may
  /// see, whether or not it exists.
  std::vector<std::string> find(std::int64_t user, Role least, std::string_view target) const;
  /// Everybody else who may do it to all of these accounts.
  std::vector<std::int64_t> others(std::int64_t user, Role least,
                                   const std::vector<std::string>& accounts) const;
  std::vector<std::int64_t> users() const;
  /// As the configuration names him, or "user 12".
  std::string name_of(std::int64_t user) const;
  /// `chosen` by the person ("en", "zh", empty = never), or configured, or his client's.
  Language language_of(std::int64_t user, std::string_view chosen, std::string_view client) const;
  const std::set<std::int64_t>& chats() const { return chats_; }
  const UserSettings* find_section(std::int64_t user) const;
  const Settings& settings() const { return settings_; }

 private:
  Role listed_role(std::int64_t user) const;
  const Settings& settings_;
  std::vector<AccountTag> accounts_;
  std::set<std::int64_t> users_, chats_;
};

}  // namespace bb::bot
