// Turns: per symbol one journey acts at a time. A Turn is held for the whole of an action and gives
// itself back; waiting is first come, first served.
//
// A ClosingMark says for longer than a turn that a symbol is being closed: entries leave it alone,
// patrol and watch neither protect nor sweep it. It ends with the journey that set it.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "base/clock.h"
#include "base/park.h"
#include "domain/symbol.h"

namespace bb::desk {

class Turns;

class Turn {
 public:
  Turn(Turn&& other) noexcept;
  Turn& operator=(Turn&&) = delete;
  ~Turn();

 private:
  friend class Turns;
  Turn(Turns& turns, Symbol symbol) : turns_(&turns), symbol_(symbol) {}
  Turns* turns_;
  Symbol symbol_;
};

class ClosingMark {
 public:
  ClosingMark(ClosingMark&& other) noexcept;
  ClosingMark& operator=(ClosingMark&&) = delete;
  ~ClosingMark();

 private:
  friend class Turns;
  ClosingMark(Turns& turns, Symbol symbol) : turns_(&turns), symbol_(symbol) {}
  Turns* turns_;
  Symbol symbol_;
};

class Turns {
 public:
  /// Waits until nobody acts on the symbol.
  Task<Turn> take(Symbol symbol);
  bool is_taken(Symbol symbol) const { return waiting_.contains(symbol); }
  /// Marks may overlap; the symbol is free when the last one ends.
  ClosingMark mark_closing(Symbol symbol);
  bool is_closing(Symbol symbol) const { return closing_.contains(symbol); }

 private:
  friend class Turn;
  friend class ClosingMark;
  void give_back(Symbol symbol);
  std::map<Symbol, std::deque<Resume>> waiting_;  // a key = taken
  std::multiset<Symbol> closing_;
};

}  // namespace bb::desk
