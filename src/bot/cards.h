// Cards: messages with buttons. What a button carries is an opaque, signed number; what it means
// stands in ops.db, bound to person, chat and message, ends with its time, and with the first press
// of any button of its card (reliability §5 S3).
#pragma once

#include <expected>
#include <optional>
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
};

class Cards {
 public:
  /// The key is made at the first start and kept in ops.db.
  static Result<std::unique_ptr<Cards>> open(store::OpsStore& ops, Clock& clock);

  struct Made {
    std::string markup;     // reply_markup; empty without buttons
    std::int64_t card = 0;  // 0 without buttons
  };
  /// `message` 0: a new one, see bind().
  Result<Made> make(const Screen& screen, std::int64_t chat, std::int64_t message);
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

 private:
  Cards(store::OpsStore& ops, Clock& clock, std::string key)
      : ops_(ops), clock_(clock), key_(std::move(key)) {}
  std::string sign(std::string_view nonce, std::int64_t user, std::int64_t chat) const;

  store::OpsStore& ops_;
  Clock& clock_;
  std::string key_;
};

}  // namespace bb::bot
