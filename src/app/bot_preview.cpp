// What a flatten would do to the account, asked of whoever holds it.
#include <fmt/format.h>

#include <algorithm>

#include "app/bot_account.h"
#include "app/exit_codes.h"
#include "net/json.h"

namespace bb::app {

namespace {

Decimal decimal_of(net::JsonView row, const char* name) {
  const auto value = Decimal::parse(row.at(name).text());
  if (!value) throw net::JsonError(std::string(name) + " is no number");
  return *value;
}

bot::PreviewRow row_of(net::JsonView from, bool has_costs) {
  bot::PreviewRow row;
  row.symbol = Symbol(from.at("symbol").text());
  for (const auto side : {PositionSide::long_, PositionSide::short_})
    if (str(side) == from.at("side").text()) row.side = side;
  row.held = Qty(decimal_of(from, "held"));
  row.closes = Qty(decimal_of(from, "close"));
  row.problem = from.at("text").text();
  const Usdt notional(decimal_of(from, "notional"));
  const auto asset = from.at("asset").text();
  if (asset != "USDT") {
    // Sums are in USDT.
    row.problem = fmt::format("{} {}, not in the sums{}{}", notional.str(), asset,
                              row.problem.empty() ? "" : "; ", row.problem);
    return row;
  }
  row.notional = notional;
  if (!has_costs) return row;
  row.slippage = Usdt(decimal_of(from, "slippage"));
  row.fee = Usdt(decimal_of(from, "fee"));
  return row;
}

Result<std::vector<bot::PreviewRow>> rows_of(const std::string& json) {
  const auto document = net::JsonDocument::parse(json);
  if (!document) return fail(ErrorKind::malformed, "the holder's preview is no JSON");
  std::vector<bot::PreviewRow> rows;
  try {
    const auto root = document->root();
    // A note says what could not be read: the costs would be too small.
    const bool has_costs = root.at("notes").size() == 0;
    root.at("positions").for_each([&](net::JsonView row) {
      rows.push_back(row_of(row, has_costs));
    });
  } catch (const net::JsonError& error) {
    return fail(ErrorKind::malformed, fmt::format("the holder's preview: {}", error.what()));
  }
  return rows;
}

bool is_meant(const control::Command& command, const bot::PositionRow& position) {
  using control::Profits;
  using control::Sides;
  if (command.sides != Sides::any &&
      (command.sides == Sides::shorts) != position.qty.value().is_negative())
    return false;
  if (command.profits == Profits::losers) return position.pnl.value().is_negative();
  return command.profits == Profits::any || position.pnl > Usdt();
}

// Of an error as a shell prints it.
std::string sentence_of(std::string text) {
  constexpr std::string_view kProgram = "bubble-buster: ";
  if (text.starts_with(kProgram)) text.erase(0, kProgram.size());
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

}  // namespace

Task<Result<std::vector<bot::PreviewRow>>> BotAccount::preview(control::Command command) {
  auto wish = command;
  wish.kind = control::CommandKind::preview;
  wish.id = control::make_command_id();
  const auto report = co_await perform_it(std::move(wish));
  if (report.failed && report.exit_code == kUsage)
    co_return fail(ErrorKind::invalid_input, sentence_of(report.text));
  if (report.failed && report.exit_code == kUnreachable)
    co_return fail(ErrorKind::unreachable, sentence_of(report.text));
  if (!report.failed)
    if (auto rows = rows_of(report.json)) co_return rows;
  // Records or a holder that cannot be asked hide no position.
  co_return co_await guess(std::move(command));
}

Task<Result<std::vector<bot::PreviewRow>>> BotAccount::guess(control::Command command) {
  const auto positions = co_await read_positions();
  if (!positions) co_return std::unexpected(positions.error());
  const Ratio part = percent(command.percent);
  std::vector<bot::PreviewRow> rows;
  for (const auto& position : *positions) {
    const auto& only = command.symbols;
    if (!only.empty() && std::ranges::find(only, position.symbol.str()) == only.end()) continue;
    if (!is_meant(command, position)) continue;
    bot::PreviewRow row;
    row.symbol = position.symbol;
    row.side = position.side;
    row.held = position.qty;
    row.closes = position.qty * part;
    row.notional = position.notional * part;
    rows.push_back(row);
  }
  co_return rows;
}

}  // namespace bb::app
