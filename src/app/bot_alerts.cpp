// An account's alerts, as the bot shows and changes them.
#include <filesystem>

#include "app/bot_account.h"
#include "notify/switches.h"
#include "notify/text.h"

namespace bb::app {

namespace {

std::optional<notify::Level> level_of(const std::string& word) {
  for (const auto level : {notify::Level::on, notify::Level::silent, notify::Level::off})
    if (word == notify::str(level)) return level;
  return std::nullopt;
}

}  // namespace

Task<Result<bot::AlertFacts>> BotAccount::read_alerts() {
  const auto home = co_await prepare();
  if (!home) co_return std::unexpected(home.error());
  const auto state = notify::AlertSwitches(*home).read();
  bot::AlertFacts facts;
  facts.muted_until = state.muted_until;
  facts.muted_by = state.muted_by;
  for (const auto& kind : notify::kinds()) {
    const auto changed = state.levels.find(kind.name);
    const auto level = changed != state.levels.end() ? changed->second
                                                     : config_->notify.alerts.level_of(kind.name);
    facts.kinds.push_back({std::string(kind.name), std::string(kind.english),
                           std::string(kind.chinese), std::string(notify::str(level)),
                           kind.urgency == notify::Urgency::critical});
  }
  co_return facts;
}

Task<Status> BotAccount::mute(TimePoint until, std::string who) {
  const auto home = co_await prepare();
  if (!home) co_return std::unexpected(home.error());
  co_return notify::AlertSwitches(*home).mute(until, who);
}

Task<Status> BotAccount::set_level(std::string kind, std::string level) {
  const auto home = co_await prepare();
  if (!home) co_return std::unexpected(home.error());
  const auto wanted = level_of(level);
  if (notify::kind_of(kind).name != kind || (!wanted && !level.empty()))
    co_return fail(ErrorKind::invalid_input, "there is no such kind of alert");
  if (wanted == notify::Level::off && notify::kind_of(kind).urgency == notify::Urgency::critical)
    co_return fail(ErrorKind::invalid_input,
                   "critical alerts are switched off in the configuration only");
  co_return notify::AlertSwitches(*home).set_level(kind, wanted);
}

Task<Result<bool>> BotAccount::acknowledge(std::string data, std::string who) {
  const auto home = co_await prepare();
  if (!home) co_return std::unexpected(home.error());
  // Alerts name the account as its directory is named.
  const auto name = std::filesystem::path(*home).filename().string();
  const auto message = notify::acknowledged_id(name, data);
  if (!message) co_return false;
  if (const auto noted = notify::AlertSwitches(*home).acknowledge(*message, who); !noted)
    co_return std::unexpected(noted.error());
  co_return true;
}

}  // namespace bb::app
