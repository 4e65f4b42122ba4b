#include "bot/action.h"

#include <fmt/format.h>

#include <charconv>

namespace bb::bot {

namespace {

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end ? number : -1;
}

/// Up to the next line end, which goes with it.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

Action read_open(std::string_view text) {
  Action action;
  action.line = take_line(text);
  if (!text.empty()) action.page = static_cast<int>(std::max<std::int64_t>(0, number_of(text)));
  return action;
}

Action read_answer(Action::Kind kind, std::string_view text) {
  Action action{kind};
  action.number = number_of(take_line(text));
  action.asker = number_of(take_line(text));
  action.line = text;
  return action;
}

}  // namespace

std::string write_action(const Action& action) {
  switch (action.kind) {
    case Action::Kind::open:
      return action.page == 0 ? action.line : fmt::format("{}\n{}", action.line, action.page);
    case Action::Kind::confirm:
      return "!" + action.line;
    case Action::Kind::digit:
      return fmt::format("#{}\n{}", action.number, action.digit);
    case Action::Kind::proceed:
      return fmt::format("={}", action.number);
    case Action::Kind::ask:
      return fmt::format("?{}", action.number);
    case Action::Kind::allow:
      return fmt::format("+{}\n{}\n{}", action.number, action.asker, action.line);
    case Action::Kind::deny:
      return fmt::format("-{}\n{}\n{}", action.number, action.asker, action.line);
    case Action::Kind::dismiss:
      return fmt::format("x{}", action.number);
  }
  return "x0";
}

Action read_action(std::string_view text) {
  const Action nothing{Action::Kind::dismiss};
  if (text.empty()) return nothing;
  std::string_view rest = text.substr(1);
  Action action;
  switch (text.front()) {
    case '/':
      return read_open(text);
    case '!':
      action.kind = Action::Kind::confirm;
      action.line = rest;
      return action;
    case '#':
      action.kind = Action::Kind::digit;
      action.number = number_of(take_line(rest));
      action.digit = rest.empty() ? '\0' : rest.front();
      return action;
    case '=':
      return {Action::Kind::proceed, {}, 0, 0, number_of(rest)};
    case '?':
      return {Action::Kind::ask, {}, 0, 0, number_of(rest)};
    case '+':
      return read_answer(Action::Kind::allow, rest);
    case '-':
      return read_answer(Action::Kind::deny, rest);
    case 'x':
      return {Action::Kind::dismiss, {}, 0, 0, number_of(rest)};
    default:
      return nothing;
  }
}

std::string audited(const Action& action) {
  switch (action.kind) {
    case Action::Kind::open:
      return action.page == 0 ? action.line
                              : fmt::format("{} (page {})", action.line, action.page + 1);
    case Action::Kind::confirm:
      return "yes: " + action.line;
    case Action::Kind::digit:
      return "a digit";
    case Action::Kind::proceed:
      return "yes, after a code";
    case Action::Kind::ask:
      return "asks another admin";
    case Action::Kind::allow:
      return fmt::format("agrees: {} of user {}", action.line, action.asker);
    case Action::Kind::deny:
      return fmt::format("refuses: {} of user {}", action.line, action.asker);
    case Action::Kind::dismiss:
      return "cancels";
  }
  return "cancels";
}

}  // namespace bb::bot
