// What the bot is told of an account: readings of the exchange and of the account's files, each on
// its own, so that one that cannot be had hides no other.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "app/accounts.h"
#include "app/aside.h"
#include "app/bot_account.h"
#include "app/daily_report.h"
#include "app/doctor.h"

namespace bb::app {

namespace {

using exchange::OrderView;

constexpr std::streamoff kLogTail = 1 << 20;
constexpr Hours kEquitySpan{24 * 30};

bool is_stop(const OrderView& order) {
  return order.conditional &&
         (order.type == OrderType::stop_market || order.type == OrderType::stop);
}

bool reduces(const OrderView& order) {
  return order.reduce_only || order.close_position ||
         (order.position_side == PositionSide::short_ && order.side == Side::buy) ||
         (order.position_side == PositionSide::long_ && order.side == Side::sell);
}

// As a patrol counts protection (desk/standing.h), of positions of either side and of any owner.
bool is_guarded(const exchange::Position& position, const std::vector<OrderView>& orders,
                TimePoint now) {
  constexpr Seconds kTriggering{1};
  const Side closing = position.qty.is_negative() ? Side::buy : Side::sell;
  return std::ranges::any_of(orders, [&](const OrderView& order) {
    const bool is_of_it = order.symbol == position.symbol && order.position_side == position.side &&
                          order.side == closing;
    const bool is_stuck =
        order.status == OrderStatus::triggering && now - order.update_time > kTriggering;
    if (!is_of_it || !is_stop(order) || !is_live(order.status) || is_stuck) return false;
    return order.close_position || (reduces(order) && order.qty >= position.qty.abs());
  });
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Of a log that several accounts share: whose line it is stands at its end.
bool is_of(const std::string& line, const std::string& account) {
  constexpr std::string_view kMark = " account=";
  const auto at = line.rfind(kMark);
  if (at == std::string::npos) return account == kMainAccount;
  const std::string rest = line.substr(at + kMark.size());
  return rest == account || rest.starts_with(account + " env=");
}

// "SYMBOL rank gain", as the entry wrote down why it chose what it chose.
void add_reasons(const std::string& body, std::vector<bot::LastRunFacts::Row>& rows) {
  for (const auto& line : lines_of(body)) {
    const auto first = line.find(' ');
    const auto second = line.find(' ', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto row = std::ranges::find_if(
        rows, [&](const auto& r) { return r.symbol.str() == line.substr(0, first); });
    const auto gain = Decimal::parse(line.substr(second + 1));
    if (row == rows.end() || !gain) continue;
    row->rank = std::atoi(line.substr(first + 1, second - first - 1).c_str());
    row->gain = Ratio(*gain);
  }
}

}  // namespace

Task<Result<std::vector<bot::PositionRow>>> BotAccount::read_positions() {
  const auto seen = co_await view();
  if (!seen) co_return std::unexpected(seen.error());
  auto held_task = (*seen)->exchange().fetch_positions();
  auto orders_task = (*seen)->exchange().fetch_open_conditional_orders();
  auto [held, orders] = co_await both(std::move(held_task), std::move(orders_task));
  if (!held) co_return std::unexpected(held.error());
  if (!orders) co_return std::unexpected(orders.error());
  std::vector<bot::PositionRow> rows;
  const TimePoint now = (*seen)->market().exchange_now();
  for (const auto& position : *held)
    rows.push_back({position.symbol, position.side, position.qty, position.entry, position.mark,
                    position.liquidation, position.mark * position.qty.abs(),
                    position.unrealized_pnl, is_guarded(position, *orders, now)});
  co_return rows;
}

Task<Result<std::vector<bot::OrderRow>>> BotAccount::read_orders() {
  const auto seen = co_await view();
  if (!seen) co_return std::unexpected(seen.error());
  const auto orders = co_await (*seen)->exchange().fetch_open_orders();
  if (!orders) co_return std::unexpected(orders.error());
  std::vector<bot::OrderRow> rows;
  for (const auto& order : *orders)
    rows.push_back({order.symbol, std::string(str(order.type)), order.side,
                    order.close_position ? Qty() : order.qty - order.executed_qty, order.price,
                    order.trigger_price, reduces(order)});
  co_return rows;
}

Task<Result<std::vector<bot::BalanceRow>>> BotAccount::read_balances() {
  const auto seen = co_await view();
  if (!seen) co_return std::unexpected(seen.error());
  const auto balances = co_await (*seen)->exchange().fetch_balances();
  if (!balances) co_return std::unexpected(balances.error());
  auto held = co_await (*seen)->exchange().fetch_positions();
  // Isolated positions keep their margin and their result outside the wallet's own figure.
  Usdt floating;
  for (const auto& position : held ? *held : std::vector<exchange::Position>())
    floating += position.unrealized_pnl;
  std::vector<bot::BalanceRow> rows;
  for (const auto& balance : *balances)
    if (!balance.wallet.is_zero() || !balance.available.is_zero())
      rows.push_back({balance.asset, balance.wallet, balance.available,
                      balance.asset == "USDT" && held ? floating : balance.cross_unrealized_pnl});
  co_return rows;
}

Task<Result<bot::PnlFacts>> BotAccount::read_pnl(TimePoint since) {
  const auto seen = co_await view();
  if (!seen) co_return std::unexpected(seen.error());
  const auto income = co_await (*seen)->exchange().fetch_income(since);
  if (!income) co_return std::unexpected(income.error());
  bot::PnlFacts facts;
  facts.since = since;
  for (const auto& row : *income) {
    if (row.asset != "USDT") continue;
    if (row.type == "REALIZED_PNL") {
      facts.realized += row.amount;
      ++facts.closes;
    } else if (row.type == "COMMISSION") {
      facts.commission += row.amount;
    } else if (row.type == "FUNDING_FEE") {
      facts.funding += row.amount;
    } else if (row.type == "TRANSFER") {
      facts.transferred += row.amount;
    }
  }
  co_return facts;
}

Task<Result<bot::EquityFacts>> BotAccount::read_equity(bool is_chinese) {
  const auto seen = co_await view();
  if (!seen) co_return std::unexpected(seen.error());
  const auto& runtime = config_->runtime;
  if (!std::filesystem::exists(runtime.db_path)) co_return bot::EquityFacts{};
  const TimePoint now = session_.clock().utc_now();
  EquityRequest request;
  request.path = runtime.db_path;
  request.account = (*seen)->name();
  request.since = now - kEquitySpan;
  request.language = is_chinese ? notify::Language::chinese : notify::Language::english;
  request.zone_offset = zone_offset(runtime, now);
  request.zone = runtime.timezone;
  co_return co_await run_aside<Result<bot::EquityFacts>>(
      [request = std::move(request)]() -> Result<bot::EquityFacts> {
        const auto picture = picture_of_account(request);
        if (!picture) return std::unexpected(picture.error());
        bot::EquityFacts facts;
        if (picture->points.empty()) return facts;
        const auto figures = notify::figures_of(*picture);
        facts.since = picture->points.front().at;
        facts.equity = picture->points.back().equity;
        facts.growth = figures.growth;
        facts.worst_drawdown = figures.worst_drawdown;
        facts.picture = notify::draw_equity(*picture).value_or(std::string());
        return facts;
      });
}

Task<Result<bot::LastRunFacts>> BotAccount::read_last_run() {
  const auto seen = co_await view();
  if (!seen) co_return std::unexpected(seen.error());
  bot::LastRunFacts facts;
  if (!std::filesystem::exists(config_->runtime.db_path)) co_return facts;
  const auto store = (*seen)->open_store();
  if (!store) co_return std::unexpected(store.error());
  const auto* run = (*store)->find_latest_run();
  if (run == nullptr) co_return facts;
  facts.trade_day = run->trade_day_utc;
  facts.status = str(run->status);
  facts.started = run->started_at;
  facts.message = run->message;
  for (const auto& holding : (*store)->holdings_of_run(run->run_id)) {
    const bool is_open = holding.status == store::HoldingStatus::open;
    facts.rows.push_back({holding.symbol, is_open ? "OPEN" : holding.close_reason, holding.qty,
                          holding.entry_price, is_open ? holding.sl_price : std::nullopt,
                          is_open ? holding.tp_price : std::nullopt, std::nullopt, 0});
  }
  if (const auto journal = (*store)->load_journal("entry"))
    for (const auto& row : *journal)
      if (row.key == run->run_id) add_reasons(row.body, facts.rows);
  std::ranges::sort(facts.rows, {}, [](const auto& row) { return row.rank; });
  co_return facts;
}

bot::NextFacts BotAccount::plan_next() {
  const auto& runtime = config_->runtime;
  const TimePoint now = session_.clock().utc_now();
  return {{runtime.entry_enabled, runtime.entry_schedule().next(now).at},
          {runtime.daily_loss_cut_enabled, runtime.loss_cut_schedule().next(now).at},
          runtime.timezone};
}

Task<std::string> BotAccount::examine_it() {
  (void)co_await prepare();
  const auto report = co_await examine(session_.ground(), {});
  co_return render(report, false).text;
}

// Its service's own, or its lines of the one that the bot writes for all of them.
Result<std::string> BotAccount::read_log(int lines) const {
  const std::filesystem::path own =
      std::filesystem::path(config_->runtime.log_dir) / "strategy.log";
  const bool is_shared = name_ == kMainAccount || !std::filesystem::exists(own);
  const auto path =
      name_ != kMainAccount && is_shared ? own.parent_path().parent_path() / "strategy.log" : own;
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return fail(ErrorKind::configuration, "there is no log yet at " + own.string());
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - kLogTail));
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto all = lines_of(text);
  if (is_shared) std::erase_if(all, [&](const std::string& line) { return !is_of(line, name_); });
  const auto wanted = static_cast<std::size_t>(lines);
  if (all.size() > wanted) all.erase(all.begin(), all.end() - lines);
  std::string out;
  for (const auto& line : all)
    out += line + "\n";
  return out;
}

}  // namespace bb::app
