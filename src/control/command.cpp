#include "control/command.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"

namespace bb::control {

namespace {

constexpr std::size_t kSymbolBytesMax = 40;
constexpr std::size_t kPercentDecimalsMax = 6;
constexpr unsigned char kLastControl = 0x20;  // blank included
constexpr unsigned char kDelete = 0x7f;

bool is_printable(std::string_view text) {
  return text.size() <= kSymbolBytesMax &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view str(CommandKind kind) {
  switch (kind) {
    case CommandKind::entry:
      return "entry";
    case CommandKind::manage:
      return "manage";
    case CommandKind::loss_cut:
      return "loss-cut";
    case CommandKind::flatten:
      return "flatten";
    case CommandKind::preview:
      return "flatten-preview";
    case CommandKind::pause:
      return "pause";
    case CommandKind::resume:
      return "resume";
    case CommandKind::status:
      return "status";
    case CommandKind::cancel:
      return "cancel";
    case CommandKind::catch_up:
      return "catch-up";
  }
  return "";
}

std::string make_command_id() {
  return fmt::format("{:016x}{:016x}", system_entropy(), system_entropy());
}

Result<Decimal> parse_percent(std::string_view text) {
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view part =
      point == std::string_view::npos ? "0" : text.substr(std::min(point + 1, text.size()));
  constexpr std::size_t kWholeDigitsMax = 3;
  const bool is_plain = is_digits(whole) && whole.size() <= kWholeDigitsMax && is_digits(part) &&
                        part.size() <= kPercentDecimalsMax;
  const auto percent = is_plain ? Decimal::parse(text) : Decimal();
  if (!percent || !percent->is_positive() || *percent > Decimal::from_int(100))
    return fail(ErrorKind::invalid_input,
                fmt::format("'{}' is not a percentage above 0 and at most 100, as in 50 or 12.5",
                            is_printable(text) ? text : "that"));
  return *percent;
}

std::string complaint_of_symbol(std::string_view text) {
  const bool is_clean = std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= kLastControl || byte == kDelete;
  });
  if (is_clean && !text.empty() && text.size() <= kSymbolBytesMax) return {};
  return "a symbol is written as the exchange lists it, as in BTCUSDT";
}

bool closes(CommandKind kind) {
  return kind == CommandKind::flatten || kind == CommandKind::loss_cut;
}

bool is_repeatable(const Command& command) {
  switch (command.kind) {
    case CommandKind::manage:
    case CommandKind::loss_cut:
    case CommandKind::preview:
    case CommandKind::pause:
    case CommandKind::status:
    case CommandKind::cancel:
    case CommandKind::catch_up:
      return true;
    case CommandKind::flatten:
      // Half of a half is a quarter, and the next one may find other losers.
      return command.percent == Decimal::from_int(100) && command.profits == Profits::any;
    case CommandKind::entry:
    case CommandKind::resume:
      return false;
  }
  return false;
}

}  // namespace bb::control
