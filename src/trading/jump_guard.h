// JumpGuard: a price far from the one before is a fault of the feed, or another contract under the
// same name (reliability F58, F60). The old price is kept until enough reads agree on the new one:
// neither may one wrong read pass at the second asking, nor a real new level be refused for ever.
#pragma once

#include <functional>
#include <map>

#include "base/time.h"
#include "domain/amounts.h"
#include "domain/symbol.h"

namespace bb::trading {

class JumpGuard {
 public:
  /// Whether the price may be used. A jump is more than five times, up or down; it is believed at
  /// the third read in a row that agrees within a quarter, reads counting when they are two seconds
  /// apart. What is half a day old is forgotten.
  bool believes(Symbol symbol, Price price, SteadyTime now);
  /// The price that is held against what was not believed.
  Price kept(Symbol symbol) const;
  void forget_if(const std::function<bool(Symbol)>& is_gone);

 private:
  struct Seen {
    Price price;     // the last that was believed
    Price doubted;   // the last that was not
    int agreed = 0;  // reads in a row that agree on it
    SteadyTime counted{};
    SteadyTime last{};
  };
  std::map<Symbol, Seen> seen_;
};

}  // namespace bb::trading
