// What is said about strategy processes, in both languages. What a runner or a strategy calls
// something is never trusted: clean, escaped, short.
#pragma once

#include <optional>
#include <string>

#include "bot/request.h"
#include "supervise/strategies.h"

namespace bb::bot {

/// 🟢 it runs, ⚪ somebody stopped it, 🔴 it is down or not there, 🟡 on its way.
std::string_view glyph_of(const supervise::Strategy& strategy);
std::string_view glyph_of(std::optional<supervise::State> state);
std::string state_words(Language in, std::optional<supervise::State> state);

/// One line of HTML: name, state, uptime, restarts, CPU, memory, health, host.
std::string line_words(Language in, const supervise::Strategy& strategy, TimePoint now);
/// Everything known of it, as HTML.
std::string card_words(Language in, const supervise::Strategy& strategy, TimePoint now);
/// How the last run of each of its processes ended.
std::string exit_words(Language in, const supervise::Strategy& strategy);
/// One line of HTML: what it IS now, as it was read back.
std::string result_words(Language in, const supervise::ActionResult& result);
/// "pm2: nobody answers".
std::string trouble_words(Language in, const supervise::RunnerTrouble& trouble);

/// A sentence of src/supervise as people read it: its errors are English. What is not known, such
/// as another program's own words, stays as it is.
std::string runner_words(Language in, std::string_view text);

/// What a line says to mean exactly this one: "runner:name", or an id where the name cannot stand
/// in a line; empty where neither can.
std::string word_of(const supervise::Strategy& strategy);
/// The runner's order that a verb gives.
supervise::Action action_of(Verb verb);
/// "Stop grid-btc"; `what` stands there as it is.
std::string strategy_title(Language in, Verb verb, const std::string& what);
/// "all of money".
std::string group_words(Language in, const std::string& group);

}  // namespace bb::bot
