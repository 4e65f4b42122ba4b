// The checks behind `doctor`, a file for each side: the machine (doctor_host.cpp), the exchange
// (doctor_exchange.cpp), the account's own files (doctor_account.cpp). The judging is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/doctor.h"
#include "binance/probe.h"
#include "binance/venue.h"

namespace bb::app {

using Findings = std::vector<Finding>;

Finding fine(std::string check, std::string found);
Finding warning(std::string check, std::string found, std::string advice);
Finding fault(std::string check, std::string found, std::string advice);

// ---- the machine --------------------------------------------------------------------------

Finding check_config_file(const Config& config);
/// Files that hold secrets, named by `file:`.
Findings check_secret_files(const Config& config);
Finding check_environment_word(const Config& config);
Finding check_time_zone(const Config& config, TimePoint now);
/// Writable for this user (or makeable), and with room.
Finding check_folder(std::string check, const std::string& folder, const std::string& key);
Finding judge_space(std::string check, const std::string& folder, std::uint64_t free_bytes,
                    std::uint64_t free_files);
/// Whether something keeps this machine's clock right; nothing = the kernel does not say.
std::optional<bool> is_clock_kept();
Finding judge_clock_kept(std::optional<bool> kept);
Finding check_notifier_settings(const Config& config);
Finding check_proxy_settings(const Config& config);
/// What strategies run under, where it is more open than they need.
Findings check_runners(const Config& config);

// ---- the exchange -------------------------------------------------------------------------

/// `ahead`: the exchange's clock against this machine's.
Finding judge_clock(Micros ahead, std::optional<Micros> error_max, Millis recv_window);
Finding judge_permissions(const binance::KeyPermissions& may, std::string_view environment);
Finding judge_rate(const binance::VenueHealth& health);
Finding judge_modes(const exchange::AccountModes& modes);
struct ContractFacts {
  int listed = 0;
  int eligible = 0;
  int without_brackets = 0;  // of the eligible ones
  int without_leverage = 0;  // the same: they do not allow the configured leverage
};
ContractFacts facts_of(const exchange::MarketRules& rules,
                       const std::vector<exchange::SymbolBrackets>& brackets, TimePoint now,
                       const trading::Settings& settings);
Finding judge_contracts(const ContractFacts& facts, const trading::Settings& settings);
Finding judge_conditional_orders(std::size_t open, const trading::Settings& settings);
Finding judge_margin(const std::vector<exchange::Position>& positions,
                     const std::vector<exchange::SymbolSettings>& symbols,
                     const trading::Settings& settings);

/// Everything that needs the exchange. The identity when it answered to our key.
Task<std::optional<exchange::AccountIdentity>> check_exchange(Ground ground, Findings& findings);

// ---- the account's files ------------------------------------------------------------------

Findings check_account_files(const Config& config, const exchange::AccountIdentity& identity);
/// Without the exchange nobody knows the account's name: the database alone.
Finding check_database(const Config& config, const std::string& account);

}  // namespace bb::app
