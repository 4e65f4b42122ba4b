// What the exchange did, as the account's stream would tell it: read from its own journal.
#pragma once

#include "desk/facts.h"
#include "regressions/scenes.h"
#include "trading/watch.h"

namespace bb::test {

class News {
 public:
  explicit News(SimWorld& world) : world_(world), from_(world.exchange().journal().size()) {}

  /// Tells the desk and the watch everything since the last call.
  Task<void> tell(trading::Watch& watch) {
    world_.server().advance();
    const auto& journal = world_.exchange().journal();
    std::vector<exchange::AccountEvent> events;
    for (; from_ < journal.size(); ++from_) {
      using Kind = sim::JournalEntry::Kind;
      const auto& entry = journal[from_];
      const bool is_order = entry.kind == Kind::order_accepted ||
                            entry.kind == Kind::order_updated || entry.kind == Kind::fill;
      if (is_order && entry.order)
        events.emplace_back(exchange::OrderChanged{*entry.order, entry.fill, {}});
    }
    for (auto& event : events) {
      co_await desk::record_change(world_.desk(), std::get<exchange::OrderChanged>(event));
      watch.note(event);
    }
  }

 private:
  SimWorld& world_;
  std::size_t from_;
};

inline bool has_alert(SimWorld& world, const std::string& text) {
  for (const auto& message : world.store().pending_messages())
    for (const char* kind : {"alert", "protection", "intruder", "unknown_order", "clock"})
      if (message.topic == kind && (message.title + message.body).find(text) != std::string::npos)
        return true;
  return false;
}

inline std::optional<store::Holding> ended(SimWorld& world, const std::string& symbol) {
  const auto all = world.store().load_holdings();
  if (!all) return std::nullopt;
  for (const auto& holding : *all)
    if (holding.symbol == Symbol(symbol) && holding.status != store::HoldingStatus::open)
      return holding;
  return std::nullopt;
}

}  // namespace bb::test
