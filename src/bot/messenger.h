// Messenger: the bot's own messages: shown, edited in place, tried again where Telegram asks for
// patience. Alerts do not come this way (see notify's outbox).
#pragma once

#include "bot/cards.h"

namespace bb::bot {

/// Where an answer goes. With `message` set it replaces that message of the bot's.
struct Place {
  std::int64_t chat = 0;
  std::int64_t thread = 0;
  std::int64_t message = 0;
};

/// Where a screen stands now: message 0 = it could not be shown; card 0 = it has no buttons.
struct Stand {
  std::int64_t message = 0;
  std::int64_t card = 0;
};

class Messenger {
 public:
  Messenger(notify::BotApi& api, Cards& cards, Clock& clock, const Log& log)
      : api_(api), cards_(cards), clock_(clock), log_(log) {}

  /// Shows the screen. What cannot be edited any more is sent anew, and the message that it would
  /// have replaced loses its buttons; what is too long goes as a file.
  Task<Stand> show(Place place, Screen screen);

  /// One try of the same, for whoever renders anew before each.
  struct Attempt {
    Stand stand;
    std::optional<Micros> pause = {};  // before the next try; nothing: none helps
    std::string problem = {};
  };
  Task<Attempt> try_to_show(Place place, Screen screen);
  /// While one lives, everything but results waits (for half a minute at most): the first message
  /// out after a storm is what came of a command.
  class Urgency {
   public:
    explicit Urgency(Messenger& messenger) : messenger_(messenger) { ++messenger_.urgent_; }
    ~Urgency() { --messenger_.urgent_; }
    Urgency(const Urgency&) = delete;
    Urgency& operator=(const Urgency&) = delete;

   private:
    Messenger& messenger_;
  };

  /// Sleeps; says false, perhaps at once, when the bot ends.
  Task<bool> wait(Micros pause);
  /// From now on no wait outlasts the stop.
  void heed(Stop& stop) { stop_ = &stop; }

  /// A press must be answered within seconds; says whether Telegram took it. `unknown`: no word
  /// from Telegram.
  enum class Heard { yes, no, unknown };
  Task<Heard> answer(std::string press, std::string text = {}, bool alert = false);
  Task<void> remove(Place place);
  /// Takes the buttons away from a message.
  Task<void> strip(Place place);
  /// The buttons of a screen that stands somewhere work no more.
  bool use(std::int64_t card) { return cards_.use(card); }

 private:
  Task<notify::BotAnswer> send(Place place, const Screen& screen, std::string markup);
  Task<void> let_results_go_first();

  notify::BotApi& api_;
  Cards& cards_;
  Clock& clock_;
  Log log_;
  Stop* stop_ = nullptr;
  int urgent_ = 0;
};

}  // namespace bb::bot
