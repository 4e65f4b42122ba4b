#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "binance/outcome_table.h"

namespace bb::binance {

namespace {

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::done:
      return "Done";
    case Verdict::refused:
      return "Refused";
    case Verdict::unknown:
      break;
  }
  return "Unknown";
}

constexpr std::string_view kIntro = R"(# Outcomes of commands

What an answer to a placement, a cancel or a change of settings proves. This page is written from
the table in `src/binance/outcome_table.cpp` that decides it; a test compares the two
(`BB_WRITE_DOCS=1 build/asan/bin/test_binance` writes it anew).

- **Done**: the exchange says so.
- **Refused**: proved that this request did nothing.
- **Unknown**: anything else. A command is never sent again to find out; the exchange is asked.

The same holds for order entry over the WebSocket API: `status` stands for the HTTP status, a frame
for the body, and a connection lost with a request on its way for "no whole answer came".
)";

void add_rules(std::string& out) {
  out += "\n## The rules\n\nThe first that matches decides.\n\n";
  out += "| # | What came back | Outcome | Why |\n|---|---|---|---|\n";
  int number = 0;
  for (const auto& rule : outcome_rules())
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} | {} |\n", ++number, rule.when,
                   word(rule.verdict), rule.reason);
}

struct Status {
  int example;
  std::string_view name;
};
constexpr auto kStatuses = std::to_array<Status>({
    {200, "200"},
    {201, "other 2xx"},
    {302, "1xx, 3xx"},
    {400, "400"},
    {401, "401"},
    {403, "403"},
    {404, "404"},
    {408, "408"},
    {418, "418"},
    {429, "429"},
    {422, "other 4xx"},
    {500, "500"},
    {502, "502"},
    {503, "503"},
    {504, "504"},
    {520, "other 5xx"},
});

void add_statuses(std::string& out) {
  constexpr int kListed = -2019;
  constexpr int kNotListed = -9999;
  out += "\n## Every HTTP status and every body\n\n";
  out +=
      "| Status | our answer | another answer | error, code listed | error, code not listed | "
      "broken body | empty body |\n|---|---|---|---|---|---|---|\n";
  for (const auto& status : kStatuses) {
    out += fmt::format("| {} |", status.name);
    const auto add = [&](Body body, int code) {
      const Evidence evidence{Stage::answered, status.example, body, code};
      out += fmt::format(" {} |", word(classify(evidence)));
    };
    add(Body::answer, 0);
    add(Body::wrong_echo, 0);
    add(Body::error, kListed);
    add(Body::error, kNotListed);
    add(Body::unparsable, 0);
    add(Body::none, 0);
    out += "\n";
  }
}

void add_codes(std::string& out) {
  std::vector<RefusalCode> codes(refusal_codes().begin(), refusal_codes().end());
  codes.insert(codes.end(), open_codes().begin(), open_codes().end());
  std::ranges::sort(codes, std::ranges::greater(), &RefusalCode::code);
  out +=
      "\n## Every code\n\nThe codes of the exchange's own list, and three that it sends beside "
      "it (-4500, -5000, -20132).\nWith 408 and 5xx every code is Unknown. \"EXISTS\" says that "
      "something is there already: this request did nothing, an earlier one may have.\n\n";
  out += "| Code | With 4xx | Meaning |\n|---|---|---|\n";
  for (const auto& row : codes)
    fmt::format_to(std::back_inserter(out), "| {} | {} | {} |\n", row.code,
                   word(classify({Stage::answered, 400, Body::error, row.code})), row.meaning);
}

}  // namespace

std::string outcomes_document() {
  std::string out(kIntro);
  add_rules(out);
  add_statuses(out);
  add_codes(out);
  return out;
}

}  // namespace bb::binance
