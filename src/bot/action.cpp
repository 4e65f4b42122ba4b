#include "bot/action.h"

#include <fmt/format.h>

#include <charconv>

namespace bb::bot {

namespace {

constexpr std::string_view kMarks = "/!?+-x";

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string write_action(const Action& action) {
  switch (action.kind) {
    case Action::Kind::open:
      if (!action.digits.empty()) return fmt::format("{}\n#{}", action.line, action.digits);
      if (action.page != 0) return fmt::format("{}\n{}", action.line, action.page);
      return action.line;
    case Action::Kind::confirm:
      return "!" + action.line;
    case Action::Kind::ask:
      return "?" + action.line;
    case Action::Kind::allow:
      return fmt::format("+{}", action.number);
    case Action::Kind::deny:
      return fmt::format("-{}", action.number);
    case Action::Kind::dismiss:
      return "x";
  }
  return "x";
}

Action read_action(std::string_view text) {
  Action action;
  const auto mark = text.empty() ? std::string_view::npos : kMarks.find(text.front());
  switch (mark) {
    case 0: {
      const auto end = text.find('\n');
      action.line = std::string(text.substr(0, end));
      if (end == std::string_view::npos) return action;
      const auto rest = text.substr(end + 1);
      if (rest.starts_with('#'))
        action.digits = std::string(rest.substr(1));
      else
        action.page = static_cast<int>(number_of(rest));
      return action;
    }
    case 1:
    case 2:
      action.kind = mark == 1 ? Action::Kind::confirm : Action::Kind::ask;
      action.line = std::string(text.substr(1));
      return action;
    case 3:
    case 4:
      action.kind = mark == 3 ? Action::Kind::allow : Action::Kind::deny;
      action.number = number_of(text.substr(1));
      return action;
    default:
      action.kind = Action::Kind::dismiss;
      return action;
  }
}

}  // namespace bb::bot
