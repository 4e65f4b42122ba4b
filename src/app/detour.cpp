#include "app/detour.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "app/journaling_account.h"
#include "app/report_commands.h"
#include "base/random.h"
#include "binance/account.h"
#include "binance/market_data.h"
#include "binance/venue.h"
#include "service/journeys.h"

namespace bb::app {

namespace {

using exchange::Position;

constexpr Hours kIntentsKnown{24 * 8};
constexpr Hours kRulesAge{6};
constexpr Millis kAfterWindow{5'000};  // what an exchange may take beyond recvWindow
constexpr int kRounds = 3;
constexpr int kReads = 4;
// Attempt numbers that no holder counts up to, a block for each who goes around: two that do so at
// once, or one after the other, share none.
constexpr int kFirstAttempt = 8'192;
constexpr int kBlock = 64;
constexpr std::uint64_t kBlocks = (32'768 - kFirstAttempt) / kBlock;

int first_attempt_of(std::uint64_t turn) {
  return kFirstAttempt + static_cast<int>(turn % kBlocks) * kBlock;
}

/// All that is needed to close: the exchange, a store in memory that begins with what the account's
/// database knows, and a desk whose every order goes through the journal.
class Detour {
 public:
  Detour(Session& session, std::string directory, int first_attempt)
      : session_(session),
        directory_(std::move(directory)),
        first_attempt_(first_attempt),
        venue_(venue_for(session.ground())),
        market_(binance::make_market_data(*venue_)),
        account_(binance::make_account(*venue_, session.config().binance)) {}

  Task<Status> open() {
    auto identity = co_await account_->fetch_identity();
    if (!identity) co_return std::unexpected(identity.error());
    const auto modes = co_await account_->fetch_modes();
    if (!modes) co_return std::unexpected(modes.error());
    ids_.emplace(identity->alias, identity->environment);
    journaling_ = std::make_unique<JournalingAccount>(
        *account_, *market_, *ids_, store::BypassJournal(directory_), session_.log());
    const std::string name = identity->environment + "-" + identity->alias;
    auto opened =
        store::Store::open({":memory:", false}, name, co_await boost::asio::this_coro::executor,
                           session_.clock(), session_.log());
    if (!opened) co_return std::unexpected(opened.error());
    store_ = std::move(*opened);
    knows_ours_ = co_await learn(name);
    desk::Parts parts{*journaling_,     *market_,        *store_,
                      session_.clock(), session_.log(),  std::move(*identity),
                      *modes,           &session_.stop()};
    parts.first_attempt = first_attempt_;
    desk_ = std::make_unique<desk::Desk>(std::move(parts));
    co_return Status{};
  }

  desk::Desk& desk() { return *desk_; }
  /// Whether the holdings of the database could be read: without them nothing is "ours".
  bool knows_ours() const { return knows_ours_; }

  Task<Result<std::vector<Position>>> read_positions() {
    Result<std::vector<Position>> found;
    for (int read = 0; read < kReads; ++read) {
      if (read > 0) co_await sleep_for(session_.clock(), Millis(250) * (1 << read));
      found = co_await account_->fetch_positions();
      if (found) break;
    }
    co_return found;
  }

  /// Until nothing that anybody sent before now can take effect any more.
  Task<void> let_arrive() {
    const Millis window(session_.config().binance.recv_window);
    co_await sleep_for(session_.clock(), window + kAfterWindow);
  }

 private:
  Task<bool> learn(std::string name) {
    const auto known =
        store::Store::open_for_reading(session_.config().runtime.db_path, name, session_.clock());
    if (!known) {
      session_.log().warn("database not read", {{"why", known.error().text}});
      co_return false;
    }
    store::Batch batch;
    const TimePoint since = session_.clock().utc_now() - kIntentsKnown;
    const auto runs = (*known)->load_runs();
    const auto intents = (*known)->load_intents();
    if (!runs || !intents) co_return false;
    for (const auto& run : *runs)
      batch.put(run);
    for (const auto& holding : (*known)->open_holdings())
      batch.put(holding);
    for (const auto& intent : *intents)
      if (intent.sent_at >= since) batch.put(intent);
    const auto stored = co_await store_->commit(std::move(batch));
    if (!stored) session_.log().warn("database not used", {{"why", stored.error().text}});
    co_return stored.has_value();
  }

  Session& session_;
  std::string directory_;
  int first_attempt_;
  std::shared_ptr<binance::Venue> venue_;
  std::unique_ptr<exchange::MarketData> market_;
  std::unique_ptr<exchange::TradingAccount> account_;
  std::optional<ClientOrderIds> ids_;
  std::unique_ptr<JournalingAccount> journaling_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<desk::Desk> desk_;
  bool knows_ours_ = false;
};

const Position* find(const std::vector<Position>& positions, Symbol symbol, PositionSide side) {
  const auto found = std::ranges::find_if(
      positions, [&](const auto& each) { return each.symbol == symbol && each.side == side; });
  return found == positions.end() ? nullptr : &*found;
}

/// A flatten whose first read failed has neither rows nor a verdict, and has sent nothing.
bool saw_positions(const desk::FlattenReport& report) {
  return !report.rows.empty() || report.verdict != desk::FlattenVerdict::unknown;
}

bool is_at_target(const desk::FlattenRow& row) { return row.left.abs() <= row.target.abs(); }

bool is_wanted(const desk::FlattenRequest& request, const Position& position) {
  const bool is_short = position.qty.is_negative();
  if (request.side == (is_short ? desk::FlattenSide::longs : desk::FlattenSide::shorts))
    return false;
  return request.only.empty() ||
         std::ranges::find(request.only, position.symbol) != request.only.end();
}

/// Asking for it again asks for the same.
bool is_all(const desk::FlattenRequest& request) {
  return request.part >= one() && request.profit == desk::FlattenProfit::any;
}

// The second look, after which nothing late can change it any more. In the scope of the account
// that is also what was opened meanwhile. `knows_all`: an earlier read told the positions in scope;
// without, nobody knows what was to be closed, and what is not open now may not be all there was.
Task<void> look_again(Detour& detour, const desk::FlattenRequest& request, bool knows_all,
                      desk::FlattenReport& report) {
  const auto positions = co_await detour.read_positions();
  if (!positions) {
    report.verdict = desk::FlattenVerdict::unknown;
    report.text = positions.error().text;
    co_return;
  }
  report.as_of = detour.desk().parts().market.exchange_now();
  std::set<std::pair<Symbol, PositionSide>> told;
  for (auto& row : report.rows) {
    const auto* position = find(*positions, row.symbol, row.side);
    row.left = position == nullptr ? Qty() : position->qty;
    told.emplace(row.symbol, row.side);
  }
  const bool sees_new = request.scope == desk::FlattenScope::account && is_all(request);
  for (const auto& position : *positions)
    if (sees_new && is_wanted(request, position) &&
        !told.contains({position.symbol, position.side}))
      report.rows.push_back(
          {position.symbol, position.side, position.qty, Qty(), position.qty,
           knows_all ? "opened while the others were closed" : "no earlier read"});
  if (!knows_all) {
    report.verdict = desk::FlattenVerdict::unknown;
    co_return;
  }
  const bool is_done = std::ranges::all_of(report.rows, is_at_target) && report.orders_left == 0;
  report.verdict = is_done ? desk::FlattenVerdict::flat : desk::FlattenVerdict::partial;
}

// Rows of a later round replace those of the same position; what it found new is added.
void merge(desk::FlattenReport& report, desk::FlattenReport later) {
  for (auto& row : later.rows) {
    const auto known = std::ranges::find_if(report.rows, [&](const auto& each) {
      return each.symbol == row.symbol && each.side == row.side;
    });
    if (known == report.rows.end())
      report.rows.push_back(std::move(row));
    else
      known->left = row.left, known->text = std::move(row.text);
  }
  report.verdict = later.verdict;
  report.orders_left = later.orders_left;
  report.as_of = later.as_of;
  report.text = std::move(later.text);
}

Task<service::CommandResult> flatten(Detour& detour, control::Command command) {
  const auto request = service::request_of(command);
  Status rules = fail(ErrorKind::unreachable, "");
  if (!request.only.empty())
    rules = co_await detour.desk().book().refresh_if_older(kRulesAge, detour.desk().parts().clock);
  for (const Symbol symbol : request.only)
    if (rules && detour.desk().book().find_rules(symbol) == nullptr)
      co_return Error{ErrorKind::invalid_input,
                      fmt::format("'{}' is no contract of this exchange", symbol.str()), 0};
  service::FlattenDone done;
  done.report = co_await desk::flatten(detour.desk(), request);
  bool knows_all = saw_positions(done.report);
  for (int round = 1;; ++round) {
    co_await detour.let_arrive();
    co_await look_again(detour, request, knows_all, done.report);
    // A part is never closed twice, nor other losers than those of the first look: what is left is
    // told. Who saw no position closed none.
    const bool is_over = done.report.verdict == desk::FlattenVerdict::flat ||
                         (!is_all(request) && knows_all) || round == kRounds;
    if (is_over) co_return done;
    auto later = co_await desk::flatten(detour.desk(), request);
    knows_all = knows_all || saw_positions(later);
    merge(done.report, std::move(later));
  }
}

Task<service::CommandResult> cut_losses(Session& session, Detour& detour) {
  auto& parts = detour.desk().parts();
  const auto scope = service::loss_cut_scope(session.config().runtime);
  const auto before = co_await detour.read_positions();
  if (!before) co_return before.error();
  std::vector<Position> losers;
  for (const auto& position : *before) {
    const auto holding = parts.store.find_open_holding(position.symbol);
    const bool ours = holding && holding->side == position.side && position.qty.is_negative();
    if (position.unrealized_pnl.is_negative() && (ours || scope == trading::LossCutScope::exchange))
      losers.push_back(position);
  }
  auto report =
      co_await trading::cut_losses(detour.desk(), scope, utc_date(parts.market.exchange_now()));
  if (report.failed || losers.empty()) co_return report;
  co_await detour.let_arrive();
  const auto after = co_await detour.read_positions();
  if (!after) {
    report.failed = true;
    report.details.push_back("the second look failed: " + after.error().text);
    co_return report;
  }
  int open = 0;
  for (const auto& loser : losers) {
    if (find(*after, loser.symbol, loser.side) == nullptr) continue;
    ++open;
    report.details.push_back(loser.symbol.str() + " is open at the second look");
  }
  report.closed = static_cast<int>(losers.size()) - open;
  report.errors = open;
  co_return report;
}

}  // namespace

Task<control::Report> preview_past_holder(Session& session, std::string directory,
                                          control::Command command) {
  Detour detour(session, directory, kFirstAttempt);
  const auto opened = co_await detour.open();
  if (!opened) co_return render(service::CommandResult(opened.error()));
  auto seen = co_await desk::preview_flatten(detour.desk(), service::request_of(command));
  if (!seen) co_return render(service::CommandResult(seen.error()));
  if (command.tracked && !detour.knows_ours())
    seen->notes.emplace_back("the account's database cannot be read: nothing is known as ours");
  co_return render(service::CommandResult(std::move(*seen)));
}

Task<control::Report> act_past_holder(Session& session, std::string directory,
                                      control::Command command, std::string obstacle) {
  auto& log = session.log();
  log.warn("acting past the holder", {{"command", str(command.kind)}, {"obstacle", obstacle}});
  const TimePoint now = session.clock().utc_now();
  const auto latched =
      store::Latch(directory).set({store::LatchKind::paused, command.who,
                                   fmt::format("{} past {}", str(command.kind), obstacle), now});
  const auto fenced = store::AccountHome::advance_fence(directory);
  const auto noted = store::BypassJournal(directory).append(
      store::BypassCommand{command.id, std::string(str(command.kind)), command.who, now});
  const auto tell = [&](const auto& step) {
    if (!step) log.error("the way around is not recorded", {{"why", step.error().text}});
  };
  tell(latched);
  tell(fenced);
  tell(noted);
  // Every fence number is given out once; without one, chance parts those who go around.
  const std::uint64_t turn = fenced ? *fenced : system_entropy();
  Detour detour(session, directory, first_attempt_of(turn));
  const auto opened = co_await detour.open();
  if (!opened) co_return render(service::CommandResult(opened.error()));
  const bool tracked =
      command.kind == control::CommandKind::loss_cut
          ? service::loss_cut_scope(session.config().runtime) == trading::LossCutScope::tracked
          : command.tracked;
  if (tracked && !detour.knows_ours())
    co_return render(service::CommandResult(
        Error{ErrorKind::storage,
              "the account's database cannot be read, so nobody knows which positions are ours; "
              "`bubble-buster flatten` without --tracked closes all of them",
              0}));
  service::CommandResult result = Error{};
  if (command.kind == control::CommandKind::flatten)
    result = co_await flatten(detour, command);
  else
    result = co_await cut_losses(session, detour);
  if (auto* done = std::get_if<service::FlattenDone>(&result); done != nullptr && !latched)
    done->latch_problem = latched.error().text;
  co_return render(result);
}

}  // namespace bb::app
