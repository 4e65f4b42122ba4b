#include <algorithm>

#include "base/plant.h"
#include "trading/impl/entry_state.h"
#include "trading/plan.h"

namespace bb::trading {

namespace {

constexpr Minutes kBookAgeMax{15};
constexpr int kShownBelow = 10;  // ranked contracts after the last one that was needed
const Ratio kMarkDistanceMax(Decimal::from_raw(10'000'000));  // 0.1

Usdt available_usdt(const std::vector<exchange::AssetBalance>& balances) {
  for (const auto& balance : balances)
    if (balance.asset == "USDT") return balance.available;
  return {};
}

}  // namespace

std::string run_id_of(const std::string& trade_day) { return "run-" + trade_day; }

Task<Status> Entry::State::load_opens(EntrySlot slot) {
  const TimePoint midnight = utc_midnight(slot.scheduled);
  if (opens_day != midnight) {
    opens.clear();
    opens_day = midnight;
  }
  std::vector<Symbol> symbols;
  for (const auto& rules : desk.book().rules().symbols)
    if (is_eligible(rules, desk.parts().market.exchange_now(), settings))
      symbols.push_back(rules.symbol);
  co_return co_await fetch_opens(desk.parts().market, desk.parts().clock, symbols, midnight,
                                 settings, opens);
}

// Symbols that this slot must leave alone: held, positioned by anybody, or with an order of this
// slot whose fate is not proved.
std::set<Symbol> Entry::State::taken(const std::vector<exchange::Position>& positions,
                                     const std::string& day) const {
  std::set<Symbol> out;
  for (const auto& holding : desk.parts().store.open_holdings())
    out.insert(holding.symbol);
  if (!planted("foreign_positions_ignored"))
    for (const auto& position : positions)
      out.insert(position.symbol);
  for (const auto& intent : desk.parts().store.unresolved_intents())
    out.insert(intent.symbol);
  for (const auto& holding : desk.parts().store.holdings_of_run(run_id_of(day)))
    out.insert(holding.symbol);
  return out;
}

// This slot sent an entry for the symbol that was not refused: it filled, or may have.
bool Entry::State::is_ordered(const std::string& day, Symbol symbol) const {
  return std::ranges::any_of(desk.parts().store.intents_of(day, symbol), [](const auto& intent) {
    return intent.kind == OrderKind::entry && intent.state != store::IntentState::refused;
  });
}

bool Entry::State::has_holding(const std::string& day, Symbol symbol) const {
  return std::ranges::any_of(desk.parts().store.holdings_of_run(run_id_of(day)),
                             [&](const auto& holding) { return holding.symbol == symbol; });
}

// A price that the mark does not share, or that is another coin's, sizes nothing (F58, F60).
std::string Entry::State::price_problem(const Gainer& gainer, const std::map<Symbol, Price>& marks,
                                        const std::set<Symbol>& jumped) const {
  const auto mark = marks.find(gainer.symbol);
  if (mark != marks.end()) {
    const Price apart = (gainer.last - mark->second).abs();
    if (!mark->second.is_positive() || apart > mark->second * kMarkDistanceMax)
      return "last price " + gainer.last.str() + " and mark " + mark->second.str() + " diverge";
  }
  if (jumped.contains(gainer.symbol))
    return "its price jumped from " + levels.kept(gainer.symbol).str() + " to " + gainer.last.str();
  return {};
}

Task<Result<Plan>> Entry::State::make_plan(EntrySlot slot, bool wide) {
  auto& parts = desk.parts();
  const auto book = co_await desk.book().refresh_if_older(kBookAgeMax, parts.clock);
  if (!book) co_return std::unexpected(book.error());
  const auto loaded = co_await load_opens(slot);
  if (!loaded) co_return std::unexpected(loaded.error());
  auto account = both(parts.account.fetch_balances(), parts.account.fetch_positions());
  auto prices = both(parts.market.fetch_tickers(), parts.market.fetch_marks());
  const auto [market, pair] = co_await both(std::move(prices), std::move(account));
  const auto& [tickers, marks] = market;
  const auto& [balances, positions] = pair;
  if (!tickers) co_return std::unexpected(tickers.error());
  if (!balances) co_return std::unexpected(balances.error());
  if (!positions) co_return std::unexpected(positions.error());
  const auto board =
      build_board(desk.book().rules(), *tickers, opens, utc_midnight(slot.scheduled), settings);
  if (!board) co_return std::unexpected(board.error());

  std::map<Symbol, Price> mark_of;
  if (marks)
    for (const auto& mark : marks->value)
      mark_of.emplace(mark.symbol, mark.mark);
  else
    parts.log.warn("marks not read", {{"why", marks.error().text}});
  std::set<Symbol> jumped;
  for (const auto& gainer : board->gainers)
    if (!levels.believes(gainer.symbol, gainer.last, parts.clock.steady_now()))
      jumped.insert(gainer.symbol);
  const auto blocked = taken(*positions, slot.trade_day_utc);
  std::int64_t done = 0;
  int unproved = 0;
  for (const auto& rules : desk.book().rules().symbols) {
    if (!is_ordered(slot.trade_day_utc, rules.symbol)) continue;
    ++done;
    if (!has_holding(slot.trade_day_utc, rules.symbol)) ++unproved;
  }
  const std::int64_t wanted = settings.top_n - done + (planted("one_too_many") ? 1 : 0);
  const auto reach = std::max(settings.top_n * settings.entry_rank_fetch_multiplier,
                              settings.top_n + static_cast<std::int64_t>(blocked.size()));

  Plan made;
  made.trade_day = slot.trade_day_utc;
  made.available = available_usdt(*balances);
  const Usdt notional = plan_notional(
      made.available, std::max<std::int64_t>(1, settings.allocation_splits - done), settings);
  const std::int64_t count = wide ? wanted * 2 : wanted;
  made.ranking = {
      board->universe, board->without_open, static_cast<int>(board->rescaled.size()), {}};
  int below = 0;
  for (std::size_t i = 0; i < board->gainers.size() && below < kShownBelow; ++i) {
    const auto& gainer = board->gainers[i];
    const auto note = [&](std::string_view verdict, const std::string& reason = {}) {
      made.ranking.contracts.push_back({static_cast<int>(i + 1), gainer.symbol, gainer.change,
                                        gainer.last, std::string(verdict), reason});
    };
    if (static_cast<std::int64_t>(made.picks.size()) >= count ||
        static_cast<std::int64_t>(i) >= reach) {
      note("below");
      ++below;
      continue;
    }
    const bool is_ours = is_ordered(slot.trade_day_utc, gainer.symbol);
    if (is_ours || blocked.contains(gainer.symbol)) {
      note(is_ours ? "ordered" : "held");
      ++made.skipped_existing;
      continue;
    }
    if (auto problem = price_problem(gainer, mark_of, jumped); !problem.empty()) {
      note("price", problem);
      made.details.push_back(gainer.symbol.str() + ": passed over: " + problem);
      continue;
    }
    note("picked");
    made.picks.push_back({gainer.symbol, gainer.last, notional});
    made.why +=
        gainer.symbol.str() + " " + std::to_string(i + 1) + " " + gainer.change.str() + "\n";
  }
  made.unproved = unproved;
  made.made = parts.clock.steady_now();
  co_return made;
}

namespace {

Task<bool> set_up(desk::Desk& desk, Symbol symbol, int leverage) {
  const desk::Turn turn = co_await desk.turns().take(symbol);
  const auto status = co_await desk.book().ensure_isolated(symbol, leverage);
  if (!status)
    desk.parts().log.warn("symbol not set up", {{"symbol", symbol}, {"why", status.error().text}});
  co_return status.has_value();
}

}  // namespace

Task<Status> Entry::State::set_up_symbols(std::vector<Symbol> symbols) {
  std::vector<Task<bool>> tasks;
  for (const Symbol symbol : symbols)
    tasks.push_back(set_up(desk, symbol, static_cast<int>(settings.leverage)));
  (void)co_await gather(std::move(tasks));
  co_return Status{};
}

}  // namespace bb::trading
