// StrategyScreens: strategy processes as people see them: the list, a card each, logs, last exits.
// They change nothing, and show nobody a strategy of an account that he may not see.
#pragma once

#include "bot/screens.h"
#include "bot/strategy_words.h"

namespace bb::bot {

/// As a request names a group of strategies.
inline constexpr std::string_view kStrategyGroup = "group:";

class StrategyScreens {
 public:
  StrategyScreens(Parts& parts, const Access& access, Screens& screens)
      : parts_(parts), access_(access), screens_(screens) {}

  /// Of any verb about strategies that does not act.
  Task<Screen> show(Person person, Request request);

  // For the deeds.

  /// What this person may see of the runners, at most 2 s old; of one runner where `word` says
  /// which. Only where there are strategies at all.
  Task<supervise::ListingPtr> read(std::int64_t user, std::string word) const;
  bool may(std::int64_t user, const supervise::Strategy& strategy, Role least) const;
  static supervise::Actor actor_of(const Person& person);
  /// One button each, to the same command with that name; "which one?".
  Screen choose(const Person& person, const supervise::Listing& listing, const Request& request,
                const std::string& html) const;
  /// The way back to the list.
  std::vector<Button> foot(const Person& person, const Request& request) const;
  /// Strategy processes are not set up.
  static Screen nothing(const Person& person);

 private:
  Screen list(const Person& person, const supervise::Listing& listing,
              const Request& request) const;
  Screen card(const Person& person, const supervise::Strategy& strategy) const;
  void add_deeds(const Person& person, const supervise::Strategy& strategy, Screen& screen) const;
  void add_groups(const Person& person, const supervise::Listing& listing, const Request& request,
                  Screen& screen) const;
  Task<Screen> logs(Person person, supervise::Strategy strategy, Request request);
  Task<Screen> last_exit(Person person, supervise::Strategy strategy, Request request);

  Parts& parts_;
  const Access& access_;
  Screens& screens_;
};

}  // namespace bb::bot
