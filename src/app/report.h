// How results are written: one JSON object for machines, or text for people.
#pragma once

#include <string>

#include "app/audit.h"
#include "app/exit_codes.h"
#include "trading/board.h"
#include "trading/entry.h"
#include "trading/loss_cut.h"
#include "trading/patrol.h"

namespace bb::app {

/// One line of JSON, or lines of text; both end with a newline.
struct Rendered {
  std::string json;
  std::string text;
};

Rendered render(const trading::EntryReport& report, const std::string& trade_day);
Rendered render(const trading::PatrolReport& report);
Rendered render(const trading::LossCutReport& report);
Rendered render(const trading::Board& board, std::size_t rows, TimePoint now);
Rendered render(const AuditReport& report);
Rendered render_error(const Error& error);

/// The board as the original pushed it: a Markdown table and a stamp in UTC+8.
std::string board_markdown(const trading::Board& board, std::size_t rows, TimePoint now);

int exit_code_of(const trading::EntryReport& report);
int exit_code_of(const trading::PatrolReport& report);
int exit_code_of(const trading::LossCutReport& report);

/// Writes to standard output: the JSON or the text.
void print(const Rendered& rendered, bool json);

}  // namespace bb::app
