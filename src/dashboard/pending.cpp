#include "dashboard/impl/pending.h"

#include "dashboard/passwords.h"

namespace bb::dashboard {

namespace {

constexpr std::size_t kNameBytes = 16;
constexpr Micros kLife{60'000'000};
constexpr std::size_t kEntriesMax = 256;

}  // namespace

std::string Pending::put(std::string session, control::Command command) {
  const SteadyTime now = clock_.steady_now();
  std::erase_if(entries_, [&](const auto& each) { return each.second.until <= now; });
  if (entries_.size() >= kEntriesMax) entries_.clear();
  std::string name = random_hex(kNameBytes);
  entries_[name] = {std::move(session), std::move(command), now + kLife};
  return name;
}

Result<control::Command> Pending::take(const std::string& name, const std::string& session) {
  const auto found = entries_.find(name);
  const bool is_live = found != entries_.end() && found->second.session == session &&
                       found->second.until > clock_.steady_now();
  if (!is_live)
    return fail(ErrorKind::conflict,
                "this confirmation is used, older than a minute, or not yours; ask again");
  control::Command command = std::move(found->second.command);
  entries_.erase(found);
  return command;
}

}  // namespace bb::dashboard
