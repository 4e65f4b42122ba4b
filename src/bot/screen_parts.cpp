// What screens are made of: the ways out, pages, excuses.
#include "bot/action.h"
#include "bot/screens.h"

namespace bb::bot {

namespace {

constexpr Phrase kBack{"‹ Menu", "‹ 菜单"};
constexpr Phrase kNo{"✖ Cancel", "✖ 取消"};
constexpr Phrase kUnreadable{"could not be read", "无法读取"};
constexpr Phrase kUnchanged{"not done", "未能完成"};
constexpr Phrase kWithout{" (without {})", "（不含 {}）"};
constexpr Phrase kRoles[] = {
    {"nobody", "无"}, {"viewer", "只读"}, {"operator", "操作员"}, {"admin", "管理员"}};

std::string menu_line() {
  Request request;
  request.verb = Verb::start;
  return line_of(request);
}

}  // namespace

std::string excuse(const Person& person, const Error& error) {
  return fmt::format("⚠️ <i>{}: {}</i>", say(person.language, kUnreadable), shown(error.text));
}

std::string failure(const Person& person, const Error& error) {
  return fmt::format("⚠️ <i>{}: {}</i>", say(person.language, kUnchanged), shown(error.text));
}

std::string role_words(Language language, Role role) {
  return say(language, kRoles[static_cast<std::size_t>(role)]);
}

Button home_button(Language language) { return {say(language, kBack), menu_line()}; }

Button dismiss_button(Language language) {
  return {say(language, kNo), write_action({Action::Kind::dismiss})};
}

std::vector<Button> page_row(const std::string& line, std::size_t page, std::size_t pages) {
  const auto to = [&](std::size_t other) {
    return write_action({Action::Kind::open, line, static_cast<int>(other)});
  };
  std::vector<Button> turns;
  if (page > 0) turns.push_back({"‹", to(page - 1)});
  turns.push_back({fmt::format("{}/{}", page + 1, pages), to(page)});
  if (page + 1 < pages) turns.push_back({"›", to(page + 1)});
  return turns;
}

std::string without(Language language, const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names)
    text += (text.empty() ? "" : ", ") + shown(name);
  return text.empty() ? text : say(language, kWithout, text);
}

Screen last_screen(const Person& person, std::string html) {
  Screen screen{std::move(html)};
  screen.is_private = true;
  screen.owner = person.user;
  screen.rows.push_back({home_button(person.language)});
  return screen;
}

}  // namespace bb::bot
