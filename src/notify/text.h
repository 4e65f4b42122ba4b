// Texts of messages on their way to people: one language of two, several messages in one, and the
// little Markdown of outbox rows as Telegram and plain receivers show it. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "notify/notifier.h"
#include "store/records.h"

namespace bb::notify {

/// Rows are written "中文 / English", each title, line and cell for itself: the half that is asked
/// for. What is written once stays.
std::string in_language(std::string_view text, Language language);

/// One letter for messages of one kind, oldest first. `repeat` counts the times it was shown
/// before.
Letter compose(std::span<const store::OutboxMessage> messages, Language language,
               std::string_view account, int repeat);

/// Title and body as Telegram's HTML, at most `characters` code points as they are read.
std::string telegram_html(const Letter& letter, std::size_t characters);
/// The body without Markdown: "name: value" lines.
std::string plain_text(std::string_view markdown);

/// The data of an acknowledging button: everything critical of that account up to the message, as
/// far as it was shown. At most 64 bytes; only letters, digits and ':'.
std::string acknowledgement(std::string_view account, std::int64_t message_id);
/// The message id, where the data is of that account's button.
std::optional<std::int64_t> acknowledged_id(std::string_view account, std::string_view data);
/// Whether button data is an acknowledgement, of whatever account.
bool is_acknowledgement(std::string_view data);

}  // namespace bb::notify
