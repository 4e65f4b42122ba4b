// What an answer to a command proves, as one table of (stage, HTTP status, body, code).
//
// Done: HTTP 200, a body that parses and speaks of our order. Refused: not one byte left us
// (code 0), or a structured 4xx answer whose code is on the list below. Everything else is Unknown,
// whatever its text says: 408, any 5xx, -1000, -1001, -1006, -1007, -1008, an empty or broken body,
// an echo of something else, a code this version does not know.
//
// Three codes are Refused only in the sense that THIS request did nothing: -4116 (an open order has
// this client id), -4117 (a stop is triggering), -4130 (a closePosition order of this kind rests).
// They say that something exists; whoever reads them as "nothing is there" is wrong.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bb::binance {

/// How far the request came.
enum class Stage {
  not_sent,   // no byte left this process
  no_answer,  // a byte left; no whole answer came back
  answered,
};

/// What the answer's body is.
enum class Body {
  none,        // empty
  unparsable,  // not JSON, or not the answer this request has
  error,       // {"code": negative, "msg": ...}
  wrong_echo,  // a good answer, about something else
  answer,
};

struct Evidence {
  Stage stage = Stage::not_sent;
  int http_status = 0;
  Body body = Body::none;
  int code = 0;  // of an error body
};

enum class Verdict { done, refused, unknown };

Verdict classify(const Evidence& evidence);

/// A verdict, and the line of the table that it rests on.
struct Judgement {
  Verdict verdict = Verdict::unknown;
  std::size_t rule = 0;  // of outcome_rules()
};
Judgement judge(const Evidence& evidence);

/// One line of the table; the first that matches decides, and the last one matches everything.
struct OutcomeRule {
  enum class Codes { any, listed };
  Stage stage = Stage::answered;
  bool any_stage = false;
  int status_min = 0;
  int status_max = 0;
  std::optional<Body> body;  // nothing = any
  Codes codes = Codes::any;
  Verdict verdict = Verdict::unknown;
  std::string_view when;    // the same in words
  std::string_view reason;  // why it proves what it proves
};
std::span<const OutcomeRule> outcome_rules();

/// A code, and what it says.
struct RefusalCode {
  int code;
  std::string_view meaning;
};
/// Codes that prove, in a structured 4xx answer, that the request did nothing.
std::span<const RefusalCode> refusal_codes();
/// Codes of the exchange's own table (reference §21) that leave the result open whatever the status
/// is, each with the reason.
std::span<const RefusalCode> open_codes();

/// docs/outcomes.md, from the tables above.
std::string outcomes_document();

/// "client algo id is duplicated" has two codes on the wire; the desk knows one.
constexpr int canonical_code(int code) { return code == -20132 ? -4116 : code; }

}  // namespace bb::binance
