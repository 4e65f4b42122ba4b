// The commands: one row per command, for parsing, help, menus and access alike.
#pragma once

#include <span>

#include "bot/access.h"
#include "bot/words.h"

namespace bb::bot {

enum class Verb {
  start,
  help,
  status,
  accounts,
  positions,
  balance,
  orders,
  pnl,
  equity,
  last_run,
  next,
  flatten,
  clear,
  pause,
  resume,
  loss_cut,
  cancel,
  alerts,
  mute,
  logs,
  doctor,
  language,
  audit,
  version,
  lock,
  unlock,
  strategies,  // from here on: is_about_strategies()
  strategy,
  start_strategy,
  stop_strategy,
  restart_strategy,
  strategy_logs,
  last_exit,
};

struct CommandRow {
  Verb verb;
  const char* name;         // as typed, without the slash
  const char* other_names;  // blank list
  Role least;               // on the accounts it is about; viewer = any listed user
  const char* arguments;
  Phrase help;
};

std::span<const CommandRow> commands();
const CommandRow& row_of(Verb verb);
/// By name or other name; nothing when there is none.
const CommandRow* find_command(std::string_view name);

/// Is about strategy processes, not about accounts.
bool is_about_strategies(Verb verb);
/// Changes something at an exchange or a runner, or lets something be changed: asked
/// back before it is done.
bool acts(Verb verb);
/// Adds risk: needs a second factor.
bool adds_risk(Verb verb);

/// Takes risk away: carried out without waiting for Telegram's word about the press.
bool goes_first(Verb verb);

/// Goes on while the bot is locked: see lockdown.h.
bool goes_locked(Verb verb);

/// Telegram's command menu, as setMyCommands takes it: JSON.
std::string menu_json(Language language, Role role);

}  // namespace bb::bot
