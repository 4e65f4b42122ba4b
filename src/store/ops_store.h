// OpsStore: ops.db, what the bot's process remembers: which updates of Telegram it has taken, the
// buttons it has shown, its users' choices, and the audit chain. It holds nothing of an account.
//
// Calls are short, on the caller's thread, and WAL-durable (synchronous=NORMAL): a kill loses
// nothing; a power cut may lose the last moments, which are older than any command that may still
// be acted on by the time a host is up again, and the holder of an account knows its commands.
// One process at a time: the lock is the file's own, `<path>.lock`, taken by the caller.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace bb::store {

/// An update of Telegram that was taken.
struct TakenUpdate {
  std::int64_t bot_id = 0;
  std::int64_t update_id = 0;
  std::int64_t user_id = 0;
  std::int64_t chat_id = 0;
  std::string action;  // the command, as the audit shows it
  TimePoint received_at{};
};

/// A message with buttons.
struct CardRecord {
  std::int64_t id = 0;
  std::int64_t user_id = 0;  // who may press
  std::int64_t chat_id = 0;
  std::int64_t message_id = 0;  // 0 = not known yet
  TimePoint expires_at{};
  bool is_proposal = false;  // asks for a confirmation
};

struct ButtonRecord {
  std::string nonce;
  std::string action;
};

/// What a person chose, and what guards his second factor.
struct OpsUser {
  std::int64_t user_id = 0;
  std::string language;          // empty = never chosen
  std::int64_t totp_used = 0;    // the newest step whose code was accepted
  std::int64_t wrong_codes = 0;  // in a row
  TimePoint locked_until{};
};

/// A link of the audit chain; `hash` covers every other member and so the whole past.
struct AuditRow {
  std::int64_t seq = 0;
  TimePoint at{};
  std::int64_t user_id = 0;
  std::int64_t chat_id = 0;
  std::int64_t update_id = 0;
  std::string action;
  std::string result;
  std::string previous;
  std::string hash;
};

class OpsStore {
 public:
  /// Creates or migrates the file, readable by its owner alone. Errors are sentences.
  static Result<std::unique_ptr<OpsStore>> open(const std::string& path);
  ~OpsStore();

  /// A value under a name, or empty.
  Result<std::string> find_value(const std::string& key);
  Status put_value(const std::string& key, const std::string& value);

  /// The update_id that the next poll asks for; 0 = never polled.
  Result<std::int64_t> next_offset(std::int64_t bot_id);
  /// Remembers the update and the offset after it in one transaction, before anything is done about
  /// it; false when it was taken before.
  Result<bool> take(const TakenUpdate& update);
  /// The same for one that is nobody's command: the offset only.
  Status skip(std::int64_t bot_id, std::int64_t update_id);
  Status finish(std::int64_t bot_id, std::int64_t update_id);
  /// Those that an earlier process left in the middle; they count as interrupted from now on.
  Result<std::vector<TakenUpdate>> interrupt_running();

  /// A new card with its buttons, in place of the one that the message had; its id.
  Result<std::int64_t> put_card(const CardRecord& card, const std::vector<ButtonRecord>& buttons);
  Status bind_card(std::int64_t id, std::int64_t message_id);
  struct Pressed {
    CardRecord card;
    std::string action;
  };
  /// The button and its card, without using it up.
  Result<std::optional<Pressed>> find_button(const std::string& nonce);
  /// Takes the card with all its buttons away; false when it was gone: somebody pressed first.
  Result<bool> use_card(std::int64_t id);
  /// Cards that ended before `now`, so that their messages can say so.
  Result<std::vector<CardRecord>> take_expired_cards(TimePoint now);

  Result<OpsUser> find_user(std::int64_t user_id);
  Status put_user(const OpsUser& user);

  Result<std::optional<AuditRow>> last_audit();
  Status add_audit(const AuditRow& row);
  /// From `from` on, ascending.
  Result<std::vector<AuditRow>> load_audit(std::int64_t from, std::int64_t limit);

  /// Forgets updates older than `before`; the audit is kept.
  Status prune(TimePoint before);

 private:
  struct State;
  explicit OpsStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bb::store
