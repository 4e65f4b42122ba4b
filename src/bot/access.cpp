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
  // A section says all that its person may do: one that names no role lets him do nothing.
  const auto* section = find_section(user);
  if (section == nullptr) return Role::admin;
  if (holds(section->admin, *found)) return Role::admin;
  if (holds(section->operates, *found)) return Role::operates;
  return holds(section->viewer, *found) ? Role::viewer : Role::none;
}

Role Access::best_role(std::int64_t user) const {
  Role best = Role::none;
  for (const auto& account : accounts_)
    best = std::max(best, role(user, account.name));
  return accounts_.empty() ? listed_role(user) : best;
}

Role Access::listed_role(std::int64_t user) const {
  if (!is_user(user)) return Role::none;
  const auto* section = find_section(user);
  if (section == nullptr) return Role::admin;
  if (!section->admin.empty()) return Role::admin;
  if (!section->operates.empty()) return Role::operates;
  return section->viewer.empty() ? Role::none : Role::viewer;
}

Role Access::role_on_strategy(std::int64_t user, std::string_view account) const {
  const bool is_known = std::ranges::find(accounts_, account, &AccountTag::name) != accounts_.end();
  if (is_known) return role(user, account);
  // An account that nobody has rights on here: theirs alone who may do everything anyway.
  if (!account.empty() && !accounts_.empty())
    return is_admin_of_all(user) ? Role::admin : Role::none;
  return best_role(user);
}

bool Access::is_admin_of_all(std::int64_t user) const {
  return !accounts_.empty() && accounts_of(user, Role::admin).size() == accounts_.size();
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

std::string Access::name_of(std::int64_t user) const {
  const auto* section = find_section(user);
  return section != nullptr && !section->name.empty() ? section->name
                                                      : "user " + std::to_string(user);
}

Language Access::language_of(std::int64_t user, std::string_view chosen,
                             std::string_view client) const {
  const auto* section = find_section(user);
  if (!chosen.empty()) return bot::language_of(chosen);
  if (section != nullptr && section->language != "auto") return bot::language_of(section->language);
  return bot::language_of(settings_.language == "auto" ? client
                                                       : std::string_view(settings_.language));
}

std::vector<std::int64_t> Access::users() const { return {users_.begin(), users_.end()}; }

}  // namespace bb::bot
