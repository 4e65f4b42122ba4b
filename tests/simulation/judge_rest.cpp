// What must hold at rest: faults are over, and what was broken had the time to heal.
#include <fmt/format.h>

#include <algorithm>

#include "app/audit.h"
#include "app/figures.h"
#include "service/schedule.h"
#include "simulation/judge_account.h"
#include "simulation/program.h"

namespace bb::simulation {

namespace {

// After that the program may give an order up of which nobody ever heard again.
constexpr Minutes kEvidence{70};

}  // namespace

void Judge::look_at_rest(Program& program, int number, bool settled) {
  ++checks_;
  Account& account = *accounts_.at(static_cast<std::size_t>(number));
  parts_.server.advance();
  auto& exchange = parts_.server.exchange();
  if (!program.is_serving()) {
    violate("I37", fmt::format("{}: nobody serves the account at rest", account.plan.alias));
    return;
  }
  // Everything of ours that stands has its stop, and belongs to something.
  std::set<Leg> held;
  for (const auto& row : exchange.positions(number))
    if (!row.position.qty.is_zero()) held.insert({row.position.symbol, row.position.side});
  std::map<std::pair<Leg, OrderKind>, int> standing;
  std::set<Leg> stopped;
  exchange.visit_open_orders(
      number, true, [&](const exchange::OrderView& order, const sim::OrderDetail&) {
        const auto own = decode(account, order.client_order_id.str(), order.symbol);
        const Leg leg(order.symbol, order.position_side);
        if (order.type == OrderType::stop_market) stopped.insert(leg);
        if (!own) return true;
        if (!held.contains(leg))
          violate("I14",
                  fmt::format("{}: {} {} of {} stands without a position", account.plan.alias,
                              str(own->kind), order.client_order_id.str(), order.symbol.str()));
        if (++standing[{leg, own->kind}] > 1)
          violate("I14", fmt::format("{}: more than one {} of {} stands", account.plan.alias,
                                     str(own->kind), order.symbol.str()));
        return true;
      });
  for (const auto& leg : account.tracked)
    if (held.contains(leg) && !stopped.contains(leg))
      violate("I37", fmt::format("{}: {} stands without a stop at rest", account.plan.alias,
                                 leg.first.str()));
  compare_books(program, number, settled);
  if (settled) compare_slots(program, number);
  // The exchange's own books first of all: a wallet is the sum of its income (I20).
  const Usdt wallet = exchange.balance(number).wallet;
  if (wallet != account.plan.balance + account.income)
    violate("I20", fmt::format("{}: the wallet is {}, its income makes {}", account.plan.alias,
                               wallet.str(), (account.plan.balance + account.income).str()));
}

void Judge::compare_books(Program& program, int number, bool settled) {
  const Account& account = *accounts_.at(static_cast<std::size_t>(number));
  auto ours = app::load_store_view(program.account().store());
  if (!ours) {
    violate("I18", fmt::format("{}: the records cannot be read: {}", account.plan.alias,
                               ours.error().text));
    return;
  }
  const TimePoint now = parts_.queue.utc();
  if (!settled)
    std::erase_if(ours->intents, [&](const store::Intent& intent) {
      const bool open =
          intent.state == store::IntentState::sent || intent.state == store::IntentState::unknown;
      return open && now - intent.sent_at < kEvidence;
    });
  auto theirs = app::view_of(parts_.server.exchange(), number);
  const auto report = app::compare(theirs, *ours, {now, true, false});
  for (const auto& difference : report.differences) {
    // What was given up because nobody knew of it, and came to nothing: that is told as refused.
    const bool is_given_up = std::ranges::any_of(theirs.orders, [&](const auto& order) {
      return !is_live(order.status) && order.executed_qty.is_zero() && order.child_order_id == 0 &&
             difference.find(order.client_order_id.str() + ": refused") != std::string::npos;
    });
    if (is_given_up) continue;
    const bool is_position = difference.starts_with("position ");
    const bool is_fill = difference.starts_with("fill ");
    const bool is_fate = difference.find("not settled") != std::string::npos;
    violate(is_position ? "I19"
            : is_fill   ? "I18"
            : is_fate   ? "I37"
                        : "I22",
            account.plan.alias + ": " + difference);
  }
}

void Judge::compare_slots(Program& program, int number) {
  const Account& account = *accounts_.at(static_cast<std::size_t>(number));
  const auto& runtime = program.config().runtime;
  const auto& store = program.account().store();
  const TimePoint now = parts_.queue.utc();
  const auto check = [&](Job job, bool enabled, const service::DailySchedule& schedule,
                         service::StartWindow window) {
    if (!enabled) return;
    const auto slot = schedule.latest(now - std::max(window.own, window.grace) - Hours(2));
    // Before the world began nobody was there.
    if (slot.at < parts_.queue.utc() - parts_.queue.now().time_since_epoch() + Minutes(5)) return;
    const auto* row = store.find_slot(job, service::str(slot.date));
    const auto name =
        fmt::format("{}: the {} of {}", account.plan.alias, str(job), service::str(slot.date));
    if (row == nullptr || row->state == store::SlotState::running)
      violate(job == Job::entry ? "I7" : "I28",
              name + (row == nullptr ? " left no word" : " never ended"));
  };
  check(Job::entry, runtime.entry_enabled, runtime.entry_schedule(), runtime.entry_window());
  check(Job::loss_cut, runtime.daily_loss_cut_enabled, runtime.loss_cut_schedule(),
        runtime.loss_cut_window());
}

void Judge::look_at_disk() {
  ++checks_;
  parts_.disk.each([&](const std::string& path, const Inode& inode) {
    for (const auto& account : accounts_)
      for (const auto* canary : {&account->plan.secret, &account->plan.key})
        if (inode.data.find(*canary) != std::string::npos)
          violate("I40", fmt::format("{}: {} holds the key", account->plan.alias, path));
  });
}

std::string Judge::standing(int number) const {
  std::string text;
  auto& exchange = parts_.server.exchange();
  for (const auto& row : exchange.positions(number))
    if (!row.position.qty.is_zero())
      text += fmt::format("{} {} {}\n", row.position.symbol.str(),
                          static_cast<int>(row.position.side), row.position.qty.str());
  return text;
}

std::string judged_invariants() {
  return "I1 I2 I3 I4 I5 I7 I10 I13 I14 I15 I17 I18 I19 I20 I22 I23 I27 I28 I29 I32 I35 I36 I37 "
         "I38 I39 I40 I41";
}

}  // namespace bb::simulation
