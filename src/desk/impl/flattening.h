// One flatten at work: what it is about, what was closed, and what the last read shows.
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "desk/impl/flatten_scope.h"

namespace bb::desk {

struct Flattening {
  Desk& desk;
  FlattenRequest request;
  ClosePurpose purpose;
  TaskGroup rules;  // reads them beside the closes
  FlattenReport report{};
  std::vector<CloseResult> results{};  // one per row
  std::optional<CloseView> after{};
  std::vector<ClosingMark> marks{};
  std::optional<Turn> alone{};  // of flattens of a part
  /// Where only losers or winners are asked for: those of the first read.
  std::set<std::pair<Symbol, PositionSide>> chosen{};

  std::optional<std::size_t> find_row(Symbol symbol, PositionSide side) const {
    for (std::size_t i = 0; i < report.rows.size(); ++i)
      if (report.rows[i].symbol == symbol && report.rows[i].side == side) return i;
    return std::nullopt;
  }
  /// It was closed whole. If it stands again, something was still on its way.
  bool is_closed(std::size_t row) const {
    return results[row].kind == CloseResult::Kind::flat && report.rows[row].target.is_zero();
  }
  void choose(const std::vector<exchange::Position>& positions);
  bool is_in_scope(const exchange::Position& position) const;
  std::vector<FlattenTarget> targets(const std::vector<exchange::Position>& positions) const;
  bool is_opener(const exchange::OrderView& order) const;
  Task<int> cancel_openers();
  Task<void> close(std::vector<FlattenTarget> targets, std::vector<exchange::Position> seen);
  Task<bool> wait_for_entries();
  Task<void> look_again();
  void compare();
  Task<bool> sweep();
  Task<bool> record(std::size_t row);
  Task<void> record_all();
  void judge();
  bool is_account() const { return request.scope == FlattenScope::account; }
  bool is_above_target = false;  // by the last read
  bool are_orders_known = true;
};

/// The row of a position that stands; nothing where there is none.
const exchange::Position* find_position(const std::vector<exchange::Position>& positions,
                                        Symbol symbol, PositionSide side);

}  // namespace bb::desk
