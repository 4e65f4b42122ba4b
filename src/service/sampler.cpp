#include "service/sampler.h"

#include <algorithm>

#include "base/plant.h"
#include "store/equity.h"

namespace bb::service {

namespace {

constexpr Hours kHistory{24 * 90};
constexpr Minutes kLateBookings{1};
constexpr Hours kBeforeFirstSample{1};
constexpr Hours kFirstReach{7 * 24};

Result<Usdt> wallet_of(const std::vector<exchange::AssetBalance>& balances,
                       const std::string& asset) {
  for (const auto& balance : balances)
    if (balance.asset == asset) return balance.wallet;
  return fail(ErrorKind::configuration,
              "the account has no asset " + asset + "; check [runtime] wallet_snapshot_asset");
}

}  // namespace

Task<store::WalletSnapshot> sample_equity(desk::Desk& desk, const Settings& settings,
                                          std::optional<Error>* problem) {
  auto& parts = desk.parts();
  const TimePoint asked = parts.market.exchange_now();
  const auto [balances, positions] =
      co_await both(parts.account.fetch_balances(), parts.account.fetch_positions());
  store::WalletSnapshot sample;
  sample.captured_at = parts.market.exchange_now();
  Result<Usdt> equity = balances ? wallet_of(*balances, settings.wallet_snapshot_asset)
                                 : Result<Usdt>(std::unexpected(balances.error()));
  if (!positions) equity = std::unexpected(positions.error());
  if (equity) {
    for (const auto& position : *positions)
      *equity += position.unrealized_pnl;
    sample.equity = *equity;
  } else {
    sample.error = equity.error().text;
    if (problem != nullptr) *problem = equity.error();
    parts.log.warn("equity not sampled", {{"why", sample.error}});
  }
  store::Batch batch;
  batch.add(sample);
  // What the equity identity is checked against (store/equity.h).
  if (balances)
    for (const auto& balance : *balances)
      batch.add(store::journal_row({balance.asset, balance.wallet, asked, sample.captured_at}));
  const auto stored = co_await parts.store.commit(std::move(batch));
  if (!stored) parts.log.warn("equity sample not stored", {{"why", stored.error().text}});
  co_return sample;
}

TimePoint income_start(const store::Store& store, TimePoint now) {
  // The exchange keeps three months; after a longer pause what is older is lost, not a fault.
  const TimePoint oldest = now - kHistory;
  if (const auto last = store.last_income_time()) return std::max(oldest, *last - kLateBookings);
  if (const auto first = store.first_snapshot_time()) return *first - kBeforeFirstSample;
  return now - kFirstReach;
}

Task<Status> sync_income(desk::Desk& desk, const Settings& settings) {
  auto& parts = desk.parts();
  const TimePoint since = income_start(parts.store, parts.market.exchange_now());
  const auto rows = co_await parts.account.fetch_income(since);
  if (!rows) {
    parts.log.warn("income not read", {{"why", rows.error().text}});
    co_return std::unexpected(rows.error());
  }
  const auto& types = settings.cashflow_income_types;
  store::Batch batch;
  for (const auto& row : *rows) {
    if (row.type == "FUNDING_FEE" && planted("funding_left_out")) continue;
    store::IncomeRecord record{row.type,   row.transaction_id, row.asset, row.amount,
                               row.symbol, row.info,           row.time,  false};
    record.is_cashflow = row.asset == settings.wallet_snapshot_asset &&
                         std::ranges::find(types, row.type) != types.end();
    if (planted("cash_flow_starves") && (!record.is_cashflow || &row - rows->data() >= 1000))
      continue;
    batch.add(record);
  }
  if (batch.empty()) co_return Status{};
  co_return co_await parts.store.commit(std::move(batch));
}

}  // namespace bb::service
