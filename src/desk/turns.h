// Turns: per symbol one journey acts at a time. A Turn is held for the whole of an action and gives
// itself back; waiting is first come, first served.
#pragma once

#include <deque>
#include <map>

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

class Turns {
 public:
  /// Waits until nobody acts on the symbol.
  Task<Turn> take(Symbol symbol);
  bool is_taken(Symbol symbol) const { return waiting_.contains(symbol); }

 private:
  friend class Turn;
  void give_back(Symbol symbol);
  std::map<Symbol, std::deque<Resume>> waiting_;  // a key = taken
};

}  // namespace bb::desk
