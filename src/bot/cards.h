// Cards: messages with buttons. What a button carries is an opaque, signed number; what it means
// stands in ops.db, bound to person, chat and message, ends with its time, and with the first press
// of any button of its card (reliability §5 S3). While ops.db takes nothing (a full disk), cards
// live in memory: positions can be closed all the same.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bot/parts.h"
#include "bot/update.h"
#include "bot/words.h"

namespace bb::bot {

struct Button {
  std::string text;
  std::string action;  // see action.h
  enum class Style { plain, danger, success, primary } style = Style::plain;
};

/// What is shown as one message.
struct Screen {
  std::string html;
  std::vector<std::vector<Button>> rows = {};
  Millis life{24 * 3'600'000};
  bool is_private = false;                   // not to be forwarded or saved
  std::optional<notify::BotFile> file = {};  // photo or document; html is its caption
  std::int64_t owner = 0;                    // who may press
  bool is_proposal = false;                  // says so when it ends without an answer
  std::string outcome = {};                  // for the audit; empty = "answered"
};

class Cards {
 public:
  /// The key is made at the first start and kept in ops.db.
  static Result<std::unique_ptr<Cards>> open(store::OpsStore& ops, Clock& clock, const Log& log);

  struct Made {
    std::string markup;     // reply_markup; empty without buttons
    std::int64_t card = 0;  // 0 without buttons
  };
  /// `message` 0: a new one, see bind(). A screen without buttons leaves no trace.
  Made make(const Screen& screen, std::int64_t chat, std::int64_t message);
  void bind(std::int64_t card, std::int64_t message);

  enum class Fault {
    forged,     // no button of ours
    gone,       // used, or older than its time
    not_yours,  // of another person
    elsewhere,  // of another message or chat
    broken,     // ops.db does not answer
  };
  struct Press {
    std::int64_t card = 0;
    std::string action;
  };
  /// Looks only: see use().
  std::expected<Press, Fault> check(const Update& update);
  /// True for one caller per card, ever.
  bool use(std::int64_t card);
  /// Those whose time is over: they are gone with this.
  std::vector<store::CardRecord> take_expired();

 private:
  struct Kept {
    store::CardRecord card;
    std::vector<store::ButtonRecord> buttons;
  };

  Cards(store::OpsStore& ops, Clock& clock, const Log& log, std::string key)
      : ops_(ops), clock_(clock), log_(log), key_(std::move(key)) {}
  std::string sign(std::string_view nonce, std::int64_t user, std::int64_t chat) const;
  std::int64_t keep(store::CardRecord card, std::vector<store::ButtonRecord> buttons);
  Result<std::optional<store::OpsStore::Pressed>> find(const std::string& nonce);

  store::OpsStore& ops_;
  Clock& clock_;
  Log log_;
  std::string key_;
  std::map<std::int64_t, Kept> kept_;  // by ids below zero, which ops.db never gives
  std::set<std::int64_t> used_;        // cards that ops.db could not forget
};

}  // namespace bb::bot
