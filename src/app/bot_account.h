// BotAccount: one account as the bot sees it: its configuration, its connection to the exchange,
// its files, and the way to whoever holds it. What fails here fails for this account alone.
#pragma once

#include <memory>
#include <string>

#include "app/session.h"
#include "bot/parts.h"

namespace bb::app {

class BotAccount {
 public:
  /// `host` outlives it; `config` is this account's; `venues` are those of all accounts.
  BotAccount(Session& host, std::unique_ptr<Config> config, std::string name,
             std::vector<std::string> groups, Venues& venues,
             boost::asio::any_io_executor executor);
  Session& session() { return session_; }
  const std::string& name() const { return name_; }
  /// What the bot is given; the account outlives it.
  bot::AccountPort port();
  /// Await this before the object dies.
  Task<void> finish();

 private:
  Task<Result<std::string>> prepare();
  Task<Result<AccountView*>> view();
  Task<Result<std::vector<bot::PositionRow>>> read_positions();
  Task<Result<std::vector<bot::OrderRow>>> read_orders();
  Task<Result<std::vector<bot::BalanceRow>>> read_balances();
  Task<Result<bot::AccountState>> read_state();
  Task<Result<bot::PnlFacts>> read_pnl(TimePoint since);
  Task<Result<bot::EquityFacts>> read_equity(bool is_chinese);
  Task<Result<bot::LastRunFacts>> read_last_run();
  bot::NextFacts plan_next();
  Task<Result<bot::AlertFacts>> read_alerts();
  Task<Status> mute(TimePoint until, std::string who);
  Task<Status> set_level(std::string kind, std::string level);
  Task<Result<bool>> acknowledge(std::string data, std::string who);
  Task<std::string> examine_it();
  Result<std::string> read_log(int lines) const;
  Task<Result<bot::Preview>> preview(control::Command command);
  Task<Result<bot::Preview>> guess(control::Command command);
  Task<control::Report> perform_it(control::Command command);

  std::unique_ptr<Config> config_;
  std::string name_;
  std::vector<std::string> groups_;
  bool finds_database_;  // the configuration names none
  Session session_;
  std::unique_ptr<AccountView> view_;
  TaskGroup tasks_;
};

}  // namespace bb::app
