// BotApi: Telegram's Bot API (10.3, August 2026) as calls with typed answers.
//
// The token is part of every address; it stands in no error, no log line and no answer given here.
// Nothing is re-sent: there is no idempotency key, and whether a second try may show a message
// twice is for the caller to weigh. Limits (429) are told, not waited for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"

namespace bb::net {
class Dialer;
}

namespace bb::notify {

/// Telegram did it; `result` is the JSON text of the answer's `result`.
struct BotDone {
  std::string result;
};

/// Telegram said no: nothing happened.
struct BotRefused {
  int code = 0;             // 400, 401, 403, 404, 409, 413, 429
  std::string description;  // Telegram's words: match a part of them, they may change
  std::optional<Seconds> retry_after = {};              // always set with 429
  std::optional<std::int64_t> migrate_to_chat_id = {};  // the group lives on under this id
  bool says(std::string_view part) const { return description.find(part) != std::string::npos; }
};

/// No answer that can be understood: the network, a proxy's page, a 5xx.
struct BotUnreachable {
  std::string why;
  bool may_have_acted = false;  // something was sent
};

using BotAnswer = std::variant<BotDone, BotRefused, BotUnreachable>;

/// One sentence for logs and people; for BotDone "done".
std::string str(const BotAnswer& answer);
/// `message_id` of the message that a send or an edit answered with.
std::optional<std::int64_t> message_id_of(const BotAnswer& answer);

/// A part of an upload. `field` is the parameter it fills: "photo", "document".
struct BotFile {
  std::string field;
  std::string name;  // as people see it; what is no plain ASCII letter, digit or . _ - becomes _
  std::string content_type;
  std::string bytes;
};

/// What every message may carry.
struct MessageOptions {
  std::string parse_mode = "HTML";  // empty = the text as it is
  std::string reply_markup = {};    // JSON; empty = none
  bool silent = false;              // without sound
  bool protect = false;             // no forwarding, no saving
  std::int64_t thread_id = 0;       // topic of a forum; 0 = none
  std::int64_t reply_to = 0;        // message_id; sent without it where that message is gone
};

struct BotApiOptions {
  std::string base_url = "https://api.telegram.org";  // or a server of one's own, or a fake
  Micros timeout{15'000'000};
  Micros upload_timeout{60'000'000};
};

/// At most this many code points after the markup is taken off (bytes before: 32768).
inline constexpr std::size_t kMessageCharacters = 4096;
inline constexpr std::size_t kCaptionCharacters = 1024;

class BotApi {
 public:
  /// Fails on a text that is no token or no address. Dialer and clock outlive the object, and the
  /// object its calls.
  static Result<std::unique_ptr<BotApi>> make(Secret token, BotApiOptions options,
                                              net::Dialer& dialer, Clock& clock);
  ~BotApi();
  BotApi(const BotApi&) = delete;
  BotApi& operator=(const BotApi&) = delete;

  /// Any method. `parameters` is a JSON object; with files it travels as multipart/form-data.
  Task<BotAnswer> call(std::string method, std::string parameters, std::vector<BotFile> files = {});

  /// One long poll: updates from `offset` on, as a JSON array. Telegram holds the answer back for
  /// up to `wait` (at most 50 s); it counts as lost 10 s later. Has a connection of its own.
  Task<BotAnswer> get_updates(std::int64_t offset, Seconds wait,
                              std::vector<std::string> allowed_updates);
  /// Ends a poll in progress at once (as unreachable).
  void interrupt_poll();

  /// Text that Telegram cannot parse is sent again without its markup: a message is never lost to a
  /// stray bracket.
  Task<BotAnswer> send_message(std::int64_t chat, std::string text, MessageOptions options = {});
  /// Without a reply_markup the keyboard goes. A text that is there already is Done, without a
  /// message in the result.
  Task<BotAnswer> edit_message_text(std::int64_t chat, std::int64_t message, std::string text,
                                    MessageOptions options = {});
  Task<BotAnswer> delete_message(std::int64_t chat, std::int64_t message);
  /// `text` up to 200 characters; `alert` shows it in a box that must be closed. Refused with
  /// "query is too old" for a press that nobody may act on.
  Task<BotAnswer> answer_callback_query(std::string id, std::string text = {}, bool alert = false);
  Task<BotAnswer> send_photo(std::int64_t chat, BotFile photo, std::string caption,
                             MessageOptions options = {});
  Task<BotAnswer> send_document(std::int64_t chat, BotFile document, std::string caption,
                                MessageOptions options = {});
  /// `commands` and `scope` are JSON; an empty scope is the default one, an empty language all.
  Task<BotAnswer> set_my_commands(std::string commands, std::string scope, std::string language);
  Task<BotAnswer> delete_webhook(bool drop_pending);
  Task<BotAnswer> get_me();

 private:
  struct State;
  explicit BotApi(std::unique_ptr<State> state);
  Task<BotAnswer> send_text(std::string method, std::string text, MessageOptions options,
                            std::int64_t chat, std::int64_t message);
  Task<BotAnswer> send_file(std::string method, BotFile file, std::string caption,
                            MessageOptions options, std::int64_t chat);
  std::unique_ptr<State> state_;
};

/// "<digits>:<letters>", at most 80 characters, and not the text of an example.
bool is_bot_token(const Secret& token);

/// `& < >` as entities, for every value inside HTML markup.
std::string escape_html(std::string_view text);
/// HTML markup without its tags, entities resolved: what people read.
std::string plain_of_html(std::string_view html);

}  // namespace bb::notify
