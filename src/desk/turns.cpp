#include "desk/turns.h"

#include <utility>

namespace bb::desk {

Turn::Turn(Turn&& other) noexcept
    : turns_(std::exchange(other.turns_, nullptr)), symbol_(other.symbol_) {}

Turn::~Turn() {
  if (turns_ != nullptr) turns_->give_back(symbol_);
}

ClosingMark::ClosingMark(ClosingMark&& other) noexcept
    : turns_(std::exchange(other.turns_, nullptr)), symbol_(other.symbol_) {}

ClosingMark::~ClosingMark() {
  if (turns_ != nullptr) turns_->closing_.extract(symbol_);
}

ClosingMark Turns::mark_closing(Symbol symbol) {
  closing_.insert(symbol);
  return {*this, symbol};
}

Task<Turn> Turns::take(Symbol symbol) {
  const auto [place, is_free] = waiting_.try_emplace(symbol);
  if (!is_free)
    co_await park([&](Resume resume) { waiting_[symbol].push_back(std::move(resume)); });
  co_return Turn(*this, symbol);
}

void Turns::give_back(Symbol symbol) {
  const auto found = waiting_.find(symbol);
  if (found->second.empty()) {
    waiting_.erase(found);
    return;
  }
  Resume next = std::move(found->second.front());
  found->second.pop_front();
  next();
}

}  // namespace bb::desk
