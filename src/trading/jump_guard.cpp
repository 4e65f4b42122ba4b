#include "trading/jump_guard.h"

namespace bb::trading {

namespace {

const Ratio kJump(Decimal::from_int(5));
const Ratio kAgreement(Decimal::from_raw(125'000'000));  // 1.25
constexpr int kAgreeingReads = 3;
constexpr Seconds kBetweenReads{2};
constexpr Hours kForgottenAfter{12};

bool is_apart(Price one, Price other, Ratio factor) {
  return one > other * factor || other > one * factor;
}

}  // namespace

bool JumpGuard::believes(Symbol symbol, Price price, SteadyTime now) {
  Seen& seen = seen_.try_emplace(symbol, Seen{price, {}, 0, now, now}).first->second;
  const bool is_forgotten = now - seen.last > kForgottenAfter;
  seen.last = now;
  if (is_forgotten || !is_apart(seen.price, price, kJump)) {
    seen.price = price;
    seen.agreed = 0;
    return true;
  }
  const bool agrees = seen.agreed > 0 && !is_apart(seen.doubted, price, kAgreement);
  const bool counts = seen.agreed == 0 || now - seen.counted >= kBetweenReads;
  if (!agrees) seen.agreed = 0;
  if (!agrees || counts) {
    ++seen.agreed;
    seen.counted = now;
  }
  seen.doubted = price;
  if (seen.agreed < kAgreeingReads) return false;
  seen.price = price;
  seen.agreed = 0;
  return true;
}

Price JumpGuard::kept(Symbol symbol) const {
  const auto found = seen_.find(symbol);
  return found == seen_.end() ? Price() : found->second.price;
}

void JumpGuard::forget_if(const std::function<bool(Symbol)>& is_gone) {
  std::erase_if(seen_, [&](const auto& each) { return is_gone(each.first); });
}

}  // namespace bb::trading
