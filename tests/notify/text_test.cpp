#include "notify/text.h"

#include <doctest/doctest.h>

#include <set>

namespace bb::notify {
namespace {

constexpr const char* kTable =
    "| | |\n|---|---|\n| 持仓 / positions | 3 |\n| 原因 / reason | a \\| b<br>c |\n- 还有 2 条 / 2 "
    "more\n";

store::OutboxMessage a_message(std::string topic, std::string title, std::string body) {
  store::OutboxMessage message;
  message.topic = std::move(topic);
  message.title = std::move(title);
  message.body = std::move(body);
  return message;
}

TEST_CASE("texts: each title, line and cell is written in both languages, and read in one") {
  CHECK(in_language("开仓完成 3 个 / 3 shorts opened", Language::chinese) == "开仓完成 3 个");
  CHECK(in_language("开仓完成 3 个 / 3 shorts opened", Language::english) == "3 shorts opened");
  CHECK(in_language("开仓 / opened", Language::both) == "开仓 / opened");
  CHECK(in_language("BTCUSDT / 5 / 6", Language::chinese) == "BTCUSDT / 5 / 6");
  CHECK(in_language(kTable, Language::chinese) ==
        "| | |\n|---|---|\n| 持仓 | 3 |\n| 原因 | a \\| b<br>c |\n- 还有 2 条\n");
  CHECK(in_language(kTable, Language::english) ==
        "| | |\n|---|---|\n| positions | 3 |\n| reason | a \\| b<br>c |\n- 2 more\n");
}

TEST_CASE("texts: a table of a message is lines of names and values on a phone") {
  const std::vector<store::OutboxMessage> one{a_message("disk", "磁盘 <满> / disk <full>", kTable)};
  const auto letter = compose(one, Language::english, "live-abc", 0);
  CHECK(telegram_html(letter, 4000) ==
        "🔴 <b>disk &lt;full&gt;</b>\n1970-01-01T00:00:00.000Z  live-abc\n\npositions: "
        "<b>3</b>\nreason: <b>a | b\nc</b>\n• 2 more");
  CHECK(plain_text(letter.body) ==
        "1970-01-01T00:00:00.000Z  live-abc\n\npositions: 3\nreason: a | b\nc\n- 2 more");
}

TEST_CASE(
    "texts: several messages of a kind are one letter with their number and all their texts") {
  const std::vector<store::OutboxMessage> some{a_message("entry", "甲 / a", "1"),
                                               a_message("entry", "乙 / b", "2")};
  const auto letter = compose(some, Language::chinese, "paper-x", 0);
  CHECK(letter.title == "[paper] 每日开仓 ×2");
  CHECK(letter.body == "1970-01-01T00:00:00.000Z  paper-x\n\n**甲**\n1\n**乙**\n2\n");
  CHECK(compose(some, Language::english, "live-x", 3).title == "again 3: entry ×2");
}

TEST_CASE("texts: what is too long for Telegram is cut between lines, with its markup whole") {
  std::string body;
  for (int i = 0; i < 2000; ++i)
    body += "| 名 / name | <仓> & |\n";
  const auto letter = compose(std::vector{a_message("disk", "t", body)}, Language::both, "a-b", 0);
  const auto html = telegram_html(letter, 1000);
  CHECK(html.ends_with("</b>\n…"));
  std::size_t open = 0, closed = 0;
  for (auto at = html.find("<b>"); at != std::string::npos; at = html.find("<b>", at + 1))
    ++open;
  for (auto at = html.find("</b>"); at != std::string::npos; at = html.find("</b>", at + 1))
    ++closed;
  CHECK(open == closed);
  CHECK(html.size() < 4000);
}

TEST_CASE("texts: the button's data names the account and the message, and fits") {
  const auto data = acknowledgement("live-某个账户@example.org", 9'000'000'000'000'000'000);
  CHECK(data.size() <= 64);
  CHECK(is_acknowledgement(data));
  CHECK(acknowledged_id("live-某个账户@example.org", data) == 9'000'000'000'000'000'000);
  CHECK(!acknowledged_id("live-x", data).has_value());
  CHECK(!acknowledged_id("live-x", acknowledgement("live-x", 5) + "x").has_value());
  CHECK(!acknowledged_id("live-x", acknowledgement("live-x", -5)).has_value());
}

TEST_CASE("kinds: every kind has its words in both languages, and what is unknown is critical") {
  for (const Kind& kind : kinds()) {
    CHECK(!kind.chinese.empty());
    CHECK(!kind.english.empty());
    CHECK(!kind.doc.empty());
    CHECK(&kind_of(kind.name) == &kind);
    CHECK((!kind.is_repeated || kind.urgency == Urgency::critical));
  }
  std::set<std::string_view> chinese, english;
  for (const Kind& kind : kinds()) {
    CHECK_MESSAGE(chinese.insert(kind.chinese).second, kind.name);
    CHECK_MESSAGE(english.insert(kind.english).second, kind.name);
  }
  CHECK(kind_of("of a newer version").name == "alert");
}

}  // namespace
}  // namespace bb::notify
