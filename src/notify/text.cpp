#include "notify/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/hash.h"
#include "notify/bot_api.h"

namespace bb::notify {

namespace {

constexpr std::string_view kParting = " / ";
constexpr std::string_view kCut = "\n…";
constexpr std::string_view kPrefix = "ack:";
constexpr std::size_t kBundleTexts = 20;

bool has_chinese(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0xe3 && byte <= 0xef;
  });
}

// "中文 / English": Chinese before the parting, none after it.
std::string_view half(std::string_view text, Language language) {
  for (auto at = text.find(kParting); at != std::string_view::npos;
       at = text.find(kParting, at + 1)) {
    const auto left = text.substr(0, at);
    const auto right = text.substr(at + kParting.size());
    if (has_chinese(left) && !has_chinese(right))
      return language == Language::chinese ? left : right;
  }
  return text;
}

bool is_row(std::string_view line) { return line.starts_with("| ") && line.ends_with(" |"); }
bool is_rule(std::string_view line) { return line == "| | |" || line.starts_with("|---"); }

/// The cells of "| name | value |"; a bar inside a cell is written "\|".
std::pair<std::string_view, std::string_view> cells(std::string_view row) {
  row = row.substr(2, row.size() - 4);
  auto bar = row.find(" | ");
  while (bar != std::string_view::npos && bar > 0 && row[bar - 1] == '\\')
    bar = row.find(" | ", bar + 1);
  if (bar == std::string_view::npos) return {row, {}};
  return {row.substr(0, bar), row.substr(bar + 3)};
}

std::string uncelled(std::string_view cell) {
  std::string out;
  while (!cell.empty()) {
    if (cell.starts_with("\\|")) {
      out += '|';
      cell.remove_prefix(2);
    } else if (cell.starts_with("<br>")) {
      out += '\n';
      cell.remove_prefix(4);
    } else {
      out += cell.front();
      cell.remove_prefix(1);
    }
  }
  return out;
}

template <class Each>
void for_each_line(std::string_view text, Each each) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::string_view glyph(Urgency urgency) {
  switch (urgency) {
    case Urgency::critical:
      return "🔴";
    case Urgency::result:
      return "🔵";
    case Urgency::info:
      return "⚪";
  }
  return "";
}

std::string html_line(std::string_view line) {
  if (is_row(line)) {
    const auto [name, value] = cells(line);
    return escape_html(uncelled(name)) + ": <b>" + escape_html(uncelled(value)) + "</b>";
  }
  if (line.starts_with("- ")) return "• " + escape_html(line.substr(2));
  if (line.size() > 4 && line.starts_with("**") && line.ends_with("**"))
    return "<b>" + escape_html(line.substr(2, line.size() - 4)) + "</b>";
  return escape_html(line);
}

std::string plain_line(std::string_view line) {
  if (is_row(line)) {
    const auto [name, value] = cells(line);
    return uncelled(name) + ": " + uncelled(value);
  }
  if (line.size() > 4 && line.starts_with("**") && line.ends_with("**"))
    return std::string(line.substr(2, line.size() - 4));
  return std::string(line);
}

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string label_of(const Kind& kind, Language language) {
  switch (language) {
    case Language::chinese:
      return std::string(kind.chinese);
    case Language::english:
      return std::string(kind.english);
    case Language::both:
      break;
  }
  return fmt::format("{} / {}", kind.chinese, kind.english);
}

/// Which account's button it is, without its name: a chat may be read by people who need not know.
std::string tag_of(std::string_view account) {
  return fmt::format("{:08x}", static_cast<std::uint32_t>(stable_hash(account)));
}

}  // namespace

std::string in_language(std::string_view text, Language language) {
  if (language == Language::both) return std::string(text);
  std::string out;
  for_each_line(text, [&](std::string_view line) {
    if (is_row(line) && !is_rule(line)) {
      const auto [name, value] = cells(line);
      out += fmt::format("| {} | {} |", half(name, language), half(value, language));
    } else {
      const bool is_item = line.starts_with("- ");
      out += is_item ? "- " : "";
      out += half(is_item ? line.substr(2) : line, language);
    }
    out += '\n';
  });
  if (!text.ends_with('\n') && !out.empty()) out.pop_back();
  return out;
}

Letter compose(std::span<const store::OutboxMessage> messages, Language language,
               std::string_view account, int repeat) {
  const auto& first = messages.front();
  const Kind& kind = kind_of(first.topic);
  Letter letter;
  letter.kind = kind.name;
  letter.urgency = kind.urgency;
  letter.account = account;
  letter.written_at = first.created_at;
  letter.language = language;
  std::string title = in_language(first.title, language);
  if (messages.size() > 1) title = fmt::format("{} ×{}", label_of(kind, language), messages.size());
  if (repeat > 0)
    title = fmt::format("{} {}: {}", in_language("再次提醒 / again", language), repeat, title);
  letter.title = marked_title(account.substr(0, account.find('-')), title);
  letter.body = fmt::format("{}  {}\n\n", iso_millis(first.created_at), account);
  if (messages.size() == 1) {
    letter.body += in_language(first.body, language);
    return letter;
  }
  std::size_t shown = 0;
  for (const auto& message : messages) {
    if (++shown > kBundleTexts) break;
    letter.body += fmt::format("**{}**\n{}\n", in_language(message.title, language),
                               in_language(message.body, language));
  }
  if (messages.size() > kBundleTexts)
    letter.body += fmt::format("… +{}\n", messages.size() - kBundleTexts);
  return letter;
}

std::string telegram_html(const Letter& letter, std::size_t characters) {
  const std::string title = first_characters(letter.title, characters / 2);
  std::string out = fmt::format("{} <b>{}</b>", glyph(letter.urgency), escape_html(title));
  std::size_t used = characters_of(plain_of_html(out));
  bool is_cut = false;
  for_each_line(letter.body, [&](std::string_view line) {
    if (is_cut || is_rule(line)) return;
    const std::string next = "\n" + html_line(line);
    const std::size_t more = characters_of(plain_of_html(next));
    is_cut = used + more + kCut.size() > characters;
    out += is_cut ? std::string(kCut) : next;
    used += more;
  });
  while (out.ends_with('\n'))
    out.pop_back();
  return out;
}

std::string plain_text(std::string_view markdown) {
  std::string out;
  for_each_line(markdown, [&](std::string_view line) {
    if (!is_rule(line)) out += plain_line(line) + "\n";
  });
  while (out.ends_with('\n'))
    out.pop_back();
  return out;
}

std::string acknowledgement(std::string_view account, std::int64_t message_id) {
  return fmt::format("{}{}:{}", kPrefix, tag_of(account), message_id);
}

std::optional<std::int64_t> acknowledged_id(std::string_view account, std::string_view data) {
  const std::string start = fmt::format("{}{}:", kPrefix, tag_of(account));
  if (!data.starts_with(start)) return std::nullopt;
  data.remove_prefix(start.size());
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(data.data(), data.data() + data.size(), id);
  if (error != std::errc() || end != data.data() + data.size() || id <= 0) return std::nullopt;
  return id;
}

bool is_acknowledgement(std::string_view data) { return data.starts_with(kPrefix); }

}  // namespace bb::notify
