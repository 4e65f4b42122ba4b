#include "trading/watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "desk/alarm.h"
#include "desk/facts.h"
#include "trading/reconcile.h"

namespace bb::trading {

namespace {

constexpr Micros kPoll{30'000'000};
constexpr Micros kNakedPoll{1'000'000};
// A look weighs 45 of 2400 a minute: what is still naked after this is looked at less often.
constexpr Micros kNakedLong{15'000'000};
constexpr Micros kNakedLongPoll{5'000'000};
constexpr Micros kNakedMax{3'000'000};  // longer on a good network calls for people (I10)
constexpr Hours kTellAgain{1};
// Somebody acts on the symbol: asked again after this, without a request.
constexpr Micros kWhileTaken{200'000};
// Longer in TRIGGERING is unprotected (reference §12).
constexpr Micros kTriggering{1'100'000};
constexpr Micros kBusy{5'000'000};  // between tries of closes that do not get through
constexpr Micros kSecondLook{2'050'000};
constexpr Micros kClockJump{5'000'000};
constexpr Micros kRetryFirst{500'000};
constexpr int kRetryDoublingsMax = 6;

Micros wall_ahead(Clock& clock) {
  return std::chrono::duration_cast<Micros>(clock.utc_now().time_since_epoch()) -
         std::chrono::duration_cast<Micros>(clock.steady_now().time_since_epoch());
}

}  // namespace

Watch::Watch(desk::Desk& desk, Patrol& patrol)
    : desk_(desk), patrol_(patrol), looked_(desk.parts().clock.steady_now()) {}

void Watch::note_symbol(Symbol symbol, Micros after) {
  const SteadyTime when = desk_.parts().clock.after(after);
  const auto [place, is_new] = wanted_.try_emplace(symbol, when);
  if (!is_new) place->second = std::min(place->second, when);
}

void Watch::note_order(const exchange::OrderChanged& change) {
  const auto& order = change.order;
  if (desk::is_foreign(desk_, order)) foreign_.push_back(order);
  if (order.conditional) {
    if (order.status == OrderStatus::triggering || order.status == OrderStatus::triggered)
      note_symbol(order.symbol, kTriggering);
    else if (!is_live(order.status))
      note_symbol(order.symbol);
  } else if (change.fill || order.executed_qty.is_positive()) {
    note_symbol(order.symbol);
  }
}

void Watch::note(const exchange::AccountEvent& event) {
  auto& gate = desk_.gate();
  if (const auto* change = std::get_if<exchange::OrderChanged>(&event)) {
    note_order(*change);
  } else if (const auto* positions = std::get_if<exchange::PositionsChanged>(&event)) {
    for (const auto& position : positions->positions) {
      const auto holding = desk_.parts().store.find_open_holding(position.symbol);
      if (holding && holding->side == position.side && holding->qty != -position.qty)
        note_symbol(position.symbol);
      else if (!holding && position.qty.is_negative())
        note_symbol(position.symbol);
    }
  } else if (const auto* settings = std::get_if<exchange::SettingsChanged>(&event)) {
    if (settings->symbol && !desk_.book().expects(*settings->symbol))
      gate.doubt(fmt::format("somebody set the leverage of {} to {}",
                             settings->symbol->symbol.str(), settings->symbol->leverage));
    if (settings->multi_assets) {
      gate.note_multi_assets(*settings->multi_assets);
      alarms_.push_back({"intruder", "保证金模式已变更 / asset mode changed",
                         *settings->multi_assets
                             ? "The account is in multi-assets mode now: nothing is opened."
                             : "The account is in single-asset mode again."});
    }
  } else if (const auto* call = std::get_if<exchange::MarginCalled>(&event)) {
    std::string names;
    for (const Symbol symbol : call->symbols) {
      names += (names.empty() ? "" : ", ") + symbol.str();
      note_symbol(symbol);
    }
    alarms_.push_back({"protection", "追加保证金警告 / margin call", "Near liquidation: " + names});
  } else if (const auto* gap = std::get_if<exchange::Gap>(&event)) {
    gate.doubt(gap->why);
    not_before_ = {};
  }
}

// After a suspend, or a clock that was set, nothing we remember can be trusted to be fresh.
void Watch::check_clock() {
  const Micros ahead = wall_ahead(desk_.parts().clock);
  if (wall_ahead_ && (ahead - *wall_ahead_ > kClockJump || *wall_ahead_ - ahead > kClockJump)) {
    desk_.gate().doubt("the clock jumped");
    alarms_.push_back({"clock", "时钟跳变 / the clock jumped",
                       "The host's clock was set, or the host slept. Nothing is opened before the "
                       "account was read again."});
  }
  wall_ahead_ = ahead;
}

// How long after a look at everything the next one is due.
Micros Watch::pace() const {
  Micros pace = kPoll;
  for (const auto& [symbol, since] : patrol_.naked()) {
    const bool is_long = desk_.parts().clock.steady_now() - since > kNakedLong;
    pace = std::min(pace, is_long ? kNakedLongPoll : kNakedPoll);
  }
  return pace;
}

SteadyTime Watch::due() const {
  const SteadyTime now = desk_.parts().clock.steady_now();
  if (!alarms_.empty() || !foreign_.empty()) return now;
  SteadyTime next = looked_ + pace();
  if (!patrol_.busy().empty()) next = std::min(next, tried_ + kBusy);
  if (desk_.gate().in_doubt()) next = std::min(next, std::max(now, not_before_));
  for (const auto& [symbol, when] : wanted_)
    next =
        std::min(next, desk_.turns().is_taken(symbol) ? std::max(when, now + kWhileTaken) : when);
  return next;
}

std::set<Symbol> Watch::take_due() {
  const SteadyTime now = desk_.parts().clock.steady_now();
  std::set<Symbol> due;
  for (auto at = wanted_.begin(); at != wanted_.end();) {
    if (at->second <= now && !desk_.turns().is_taken(at->first)) {
      due.insert(at->first);
      at = wanted_.erase(at);
    } else {
      ++at;
    }
  }
  return due;
}

Task<PatrolReport> Watch::reconcile_again() {
  auto& clock = desk_.parts().clock;
  auto report = co_await reconcile(desk_, patrol_);
  if (!report) {
    const int doublings = std::min(failures_++, kRetryDoublingsMax);
    not_before_ = clock.after(kRetryFirst * (1 << doublings));
    desk_.parts().log.warn("account not reconciled", {{"why", report.error().text}});
    PatrolReport failed;
    failed.unreadable = true;
    co_return failed;
  }
  failures_ = 0;
  looked_ = clock.steady_now();
  co_return *report;
}

// People are told when a position stands naked for too long, and again every hour.
Task<void> Watch::judge_naked() {
  const SteadyTime now = desk_.parts().clock.steady_now();
  std::set<Symbol> too_long;
  for (const auto& [symbol, since] : patrol_.naked())
    if (now - since > kNakedMax) too_long.insert(symbol);
  std::erase_if(alarmed_, [&](const auto& told) { return !too_long.contains(told.first); });
  for (const Symbol symbol : too_long) {
    const auto told = alarmed_.find(symbol);
    if (told != alarmed_.end() && now - told->second < kTellAgain) continue;
    alarmed_[symbol] = now;
    co_await desk::raise_alarm(
        desk_, "protection", "仓位无止损 / position without a stop",
        symbol.str() +
            " has stood without a stop for more than 3 s. It is being protected or "
            "closed; look at it.");
  }
  desk_.gate().note_naked(std::move(too_long));
}

Task<PatrolReport> Watch::look() {
  check_clock();
  for (auto& alarm : std::exchange(alarms_, {}))
    co_await desk::raise_alarm(desk_, alarm.kind, alarm.title, alarm.body);
  if (!foreign_.empty()) co_await patrol_.judge_foreign(std::exchange(foreign_, {}));
  auto& clock = desk_.parts().clock;
  PatrolReport report;
  if (desk_.gate().in_doubt()) {
    if (clock.steady_now() >= not_before_) report = co_await reconcile_again();
  }
  auto symbols = take_due();
  if (clock.steady_now() >= tried_ + kBusy) {
    tried_ = clock.steady_now();
    for (const auto& each : patrol_.busy())
      symbols.insert(each.first);
  }
  const bool is_time = clock.steady_now() >= looked_ + pace();
  if (is_time) {
    looked_ = clock.steady_now();
    report = co_await patrol_.look_at(std::nullopt);
  } else if (!symbols.empty()) {
    report = co_await patrol_.look_at(symbols);
    // Unreadable, or absent without fills that explain it: a second look, two seconds later.
    if (report.unreadable || patrol_.wants_second_look())
      for (const Symbol symbol : symbols)
        note_symbol(symbol, report.unreadable ? kNakedPoll : kSecondLook);
  }
  co_await judge_naked();
  co_return report;
}

}  // namespace bb::trading
