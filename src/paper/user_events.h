// The texts of user data events (reference §14), from the exchange's journal. Which fields are
// there, in which order, and how their numbers are written, is as recorded from the real exchange.
#pragma once

#include <string>
#include <vector>

#include "paper/venue.h"

namespace bb::paper {

struct UserEvent {
  std::string key{};   // the listen key that it belongs to; it may be dead when the event arrives
  std::string type{};  // ORDER_TRADE_UPDATE, ...
  std::string text{};
};

namespace user_event {

/// Notional of the account's open orders of a symbol: `b` and `a`.
struct Resting {
  Usdt bids, asks;
};
std::string order_update(const sim::JournalEntry& entry, const Contract& contract,
                         const Resting& resting, TimePoint now);
std::string trade_lite(const sim::JournalEntry& fill, const Contract& contract, TimePoint now);
std::string algo_update(const sim::JournalEntry& entry, TimePoint now);

struct PositionState {
  sim::Exchange::PositionRow row;  // its quantity may be zero
  Usdt realized;                   // `cr`: all there ever was, before fees
};
struct AccountState {
  Usdt wallet, cross_wallet, change;
  std::vector<PositionState> positions;
  std::string symbol;  // `S`, of funding fees
};
std::string account_update(std::string_view reason, const AccountState& state, TimePoint time,
                           TimePoint now);
std::string margin_call(const sim::Exchange::PositionRow& row, Usdt cross_wallet, TimePoint now);
std::string leverage_update(Symbol symbol, int leverage, TimePoint time, TimePoint now);
/// The account's multi-assets mode was switched.
std::string multi_assets_update(bool multi_assets, TimePoint time, TimePoint now);
std::string listen_key_expired(std::string_view key, TimePoint now);

/// The order closes a position for the exchange itself.
bool is_forced(const exchange::OrderView& order);

}  // namespace user_event
}  // namespace bb::paper
