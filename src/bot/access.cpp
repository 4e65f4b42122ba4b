#include "bot/access.h"

#include <algorithm>

namespace bb::bot {

namespace {

bool holds(const std::vector<std::string>& scopes, const AccountTag& account) {
  return std::ranges::any_of(scopes, [&](const std::string& scope) {
    if (scope == "*" || scope == account.name) return true;
    return scope.starts_with("group:") &&
           std::ranges::find(account.groups, scope.substr(6)) != account.groups.end();
  });
}

}  // namespace

std::string_view str(Role role) {
  switch (role) {
    case Role::none:
      return "nobody";
    case Role::viewer:
      return "viewer";
    case Role::operates:
      return "operator";
    case Role::admin:
      return "admin";
  }
  return "";
}

Access::Access(const Settings& settings, std::vector<AccountTag> accounts,
               const std::vector<std::int64_t>& alert_chats)
    : settings_(settings),
      accounts_(std::move(accounts)),
      users_(settings.users.begin(), settings.users.end()),
      chats_(settings.chats.begin(), settings.chats.end()) {
  for (const auto& user : settings.sections)
    users_.insert(user.id);
  users_.erase(0);
  chats_.insert(alert_chats.begin(), alert_chats.end());
}

bool Access::is_chat(std::int64_t chat, std::string_view type, std::int64_t user) const {
  if (type == "private") return chat == user && is_user(user);
  return (type == "group" || type == "supergroup") && chats_.contains(chat);
}

const UserSettings* Access::find_section(std::int64_t user) const {
  for (const auto& section : settings_.sections)
    if (section.id == user) return &section;
  return nullptr;
}

Role Access::role(std::int64_t user, std::string_view account) const {
  const auto found = std::ranges::find(accounts_, account, &AccountTag::name);
  if (!is_user(user) || found == accounts_.end()) return Role::none;
  const auto* section = find_section(user);
  const bool says_nothing =
      section == nullptr ||
      (section->viewer.empty() && section->operates.empty() && section->admin.empty());
  if (says_nothing)
    return std::ranges::find(settings_.users, user) != settings_.users.end() ? Role::admin
                                                                             : Role::none;
  if (holds(section->admin, *found)) return Role::admin;
  if (holds(section->operates, *found)) return Role::operates;
  return holds(section->viewer, *found) ? Role::viewer : Role::none;
}

Role Access::best_role(std::int64_t user) const {
  Role best = Role::none;
  for (const auto& account : accounts_)
    best = std::max(best, role(user, account.name));
  return best;
}

std::vector<std::string> Access::accounts_of(std::int64_t user, Role least) const {
  std::vector<std::string> names;
  for (const auto& account : accounts_)
    if (role(user, account.name) >= least) names.push_back(account.name);
  return names;
}

std::vector<std::string> Access::groups_of(std::int64_t user, Role least) const {
  std::set<std::string> names;
  for (const auto& account : accounts_)
    if (role(user, account.name) >= least)
      names.insert(account.groups.begin(), account.groups.end());
  return {names.begin(), names.end()};
}

std::vector<std::string> Access::find(std::int64_t user, Role least,
                                      std::string_view target) const {
  std::vector<std::string> names;
  const bool is_group = target.starts_with("group:");
  for (const auto& account : accounts_) {
    if (role(user, account.name) < least) continue;
    const bool is_meant =
        target == "all" || target == account.name ||
        (is_group && std::ranges::find(account.groups, target.substr(6)) != account.groups.end());
    if (is_meant) names.push_back(account.name);
  }
  return names;
}

std::vector<std::int64_t> Access::others(std::int64_t user, Role least,
                                         const std::vector<std::string>& accounts) const {
  std::vector<std::int64_t> found;
  for (const auto other : users_) {
    const bool may = std::ranges::all_of(
        accounts, [&](const std::string& account) { return role(other, account) >= least; });
    if (other != user && may && !accounts.empty()) found.push_back(other);
  }
  return found;
}

std::vector<std::int64_t> Access::users() const { return {users_.begin(), users_.end()}; }

}  // namespace bb::bot
