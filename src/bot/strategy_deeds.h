// StrategyDeeds: start, stop and restart of strategy processes: shown first with the facts as they
// are, confirmed by one press, and answered with what IS, as it was read back afterwards.
#pragma once

#include <expected>

#include "bot/deeds.h"
#include "bot/strategy_screens.h"

namespace bb::bot {

class StrategyDeeds {
 public:
  StrategyDeeds(Parts& parts, const Access& access, StrategyScreens& screens, Messenger& messenger,
                Audit& audit)
      : parts_(parts), access_(access), screens_(screens), messenger_(messenger), audit_(audit) {}

  /// What would be done, or why not.
  Task<Screen> propose(Occasion occasion, Request request);
  /// A confirmed one, shown in place.
  Task<void> carry_out(Occasion occasion, Request request);

 private:
  /// What a request means now.
  struct Meant {
    supervise::ListingPtr listing;
    std::vector<supervise::Strategy> chosen;
    std::string what;  // as people call it, plain
    bool is_group = false;
  };
  Task<std::expected<Meant, Screen>> find(Occasion occasion, Request request);
  Screen refuse(const Occasion& occasion, const Request& request, const std::string& why,
                std::string html);
  /// The accounts that they trade on and this person may see: what is at stake.
  Task<std::string> stakes(Person person, std::vector<supervise::Strategy> chosen);
  Task<void> act(Occasion occasion, Request request, Meant meant, Screen& screen);

  Parts& parts_;
  const Access& access_;
  StrategyScreens& screens_;
  Messenger& messenger_;
  Audit& audit_;
};

}  // namespace bb::bot
