// Parts: what the bot is given, because it may not name it: an account's readings and the way to
// whoever holds the account. Everything outlives the bot. Amounts are in USDT, quantities signed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/log.h"
#include "bot/settings.h"
#include "control/command.h"
#include "domain/amounts.h"
#include "domain/order_types.h"
#include "domain/symbol.h"
#include "notify/bot_api.h"
#include "store/latch.h"
#include "store/ops_store.h"

namespace bb::bot {

struct PositionRow {
  Symbol symbol;
  PositionSide side = PositionSide::both;
  Qty qty;
  Price entry, mark;
  std::optional<Price> liquidation;
  Usdt notional;  // positive, by the mark
  Usdt pnl;       // unrealized
  bool has_stop = false;
};

struct OrderRow {
  Symbol symbol;
  std::string type;  // the exchange's word: "STOP_MARKET"
  Side side = Side::buy;
  Qty qty;  // zero: closes the position, whatever its size
  Price price, trigger;
  bool reduces_only = false;
};

struct BalanceRow {
  std::string asset;
  Usdt wallet, available, unrealized;
};

/// Who guards the account, and whether it may open anything.
struct AccountState {
  std::optional<store::LatchNote> latch;  // nothing: entries are allowed
  enum class Holder { answers, none, silent } holder = Holder::none;
  std::string holder_name;  // "service, pid 12"
  std::optional<TimePoint> last_patrol;
  bool patrol_could_read = true;
  Micros patrol_every{60'000'000};
  bool fence_ours = true;
  bool store_healthy = true;
  std::size_t unresolved = 0;  // orders nobody knows the fate of
};

struct PnlFacts {
  TimePoint since{};
  Usdt realized, commission, funding;  // signed: what they did to the wallet
  Usdt transferred;
  int closes = 0;  // bookings of realized pnl
};

/// Growth and drawdown leave out what was put in or taken out: statistics, not money.
struct EquityFacts {
  std::optional<TimePoint> since;  // of the first sample; nothing where there is none
  Usdt equity;
  double growth = 0;          // 0.05 = 5 %
  double worst_drawdown = 0;  // 0.05 = 5 % below the highest before it
  std::string picture;        // PNG, in the language asked for; empty = could not be drawn
};

struct LastRunFacts {
  std::string trade_day;
  std::string status;  // SUCCESS, FAILED, RUNNING
  std::string message;
  TimePoint started{};
  struct Row {
    Symbol symbol;
    std::string state;  // OPEN, or why it was closed
    Qty qty;
    Price entry;
    std::optional<Price> stop, take_profit;
    std::optional<Ratio> gain;  // since 00:00 UTC when it was chosen: why this one
    int rank = 0;               // among the day's gainers; 0 = not known
  };
  std::vector<Row> rows;
};

struct NextFacts {
  struct Job {
    bool enabled = false;
    TimePoint at{};
  };
  Job entry, loss_cut;
  std::string zone;
};

struct AlertFacts {
  TimePoint muted_until{};
  std::string muted_by;
  struct Kind {
    std::string name;
    std::string english, chinese;
    std::string level;  // on, silent, off
    bool is_critical = false;
  };
  std::vector<Kind> kinds;
};

/// What a flatten would do to one position.
struct PreviewRow {
  Symbol symbol;
  PositionSide side = PositionSide::both;
  Qty held, closes;  // signed; what would be closed after rounding
  Usdt notional;     // of what would be closed
  std::optional<Usdt> slippage, fee;
  std::string problem;  // why it cannot be closed, or not as asked
};

struct AccountPort {
  std::string name;
  std::string environment;  // live, testnet, paper
  std::vector<std::string> groups;
  std::function<Task<Result<std::vector<PositionRow>>>()> positions;
  std::function<Task<Result<std::vector<OrderRow>>>()> orders;
  std::function<Task<Result<std::vector<BalanceRow>>>()> balances;
  std::function<Task<Result<AccountState>>()> state;
  std::function<Task<Result<PnlFacts>>(TimePoint since)> pnl;
  std::function<Task<Result<EquityFacts>>(bool is_chinese)> equity;
  std::function<Task<Result<LastRunFacts>>()> last_run;
  std::function<NextFacts()> next;
  /// What people changed about this account's alerts, kept where its messages are delivered.
  std::function<Task<Result<AlertFacts>>()> alerts;
  /// Until then nothing but critical messages; the past unmutes.
  std::function<Task<Status>(TimePoint until, std::string who)> mute;
  /// "on", "silent", "off"; empty = what the configuration says.
  std::function<Task<Status>(std::string kind, std::string level)> set_level;
  /// A critical message that need not be repeated any more, by the data of its button; false: the
  /// button is another account's.
  std::function<Task<Result<bool>>(std::string data, std::string who)> acknowledge;
  /// Every check of `bubble-buster doctor`, as it prints them.
  std::function<Task<std::string>()> doctor;
  /// The newest lines of the account's log.
  std::function<Result<std::string>(int lines)> logs;
  std::function<Task<Result<std::vector<PreviewRow>>>(control::Command)> preview;
  /// To whoever holds the account, or by this process where nobody does; to its end.
  std::function<Task<control::Report>(control::Command)> perform;
};

/// What stays the same as long as the process lives.
struct Parts {
  notify::BotApi& api;
  store::OpsStore& ops;
  Clock& clock;
  const Log& log;
  const Settings& settings;
  std::vector<AccountPort> accounts;
  std::vector<std::int64_t> alert_chats;
  std::int64_t bot_id = 0;  // the number before the token's colon
  std::string version;
  /// Tells people by another way than this bot that it does not work: token revoked, two of it.
  std::function<void(std::string problem)> alarm;
};

}  // namespace bb::bot
