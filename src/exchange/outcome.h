// Outcome<T>: what is known after a command (place, cancel, set leverage). There are exactly three
// answers, and "no answer" is never read as "it did not happen".
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace bb::exchange {

/// The exchange proved that this request did nothing: a structured 4xx answer to it whose code is
/// on the explicit list, or no byte of it left us (code 0).
struct Refused {
  int code = 0;
  std::string text;
};

/// Anything else: it may have happened. A command is never re-sent to resolve this.
struct Unknown {
  std::string why;
};

template <class T>
class Outcome {
 public:
  Outcome(T done) : state_(std::move(done)) {}              // NOLINT: reads as an answer
  Outcome(Refused refused) : state_(std::move(refused)) {}  // NOLINT
  Outcome(Unknown unknown) : state_(std::move(unknown)) {}  // NOLINT

  const T* done() const { return std::get_if<T>(&state_); }
  const Refused* refused() const { return std::get_if<Refused>(&state_); }
  const Unknown* unknown() const { return std::get_if<Unknown>(&state_); }
  /// The refusal's code, or 0.
  int code() const { return refused() != nullptr ? refused()->code : 0; }
  /// For logs and last_error.
  std::string describe() const {
    if (const auto* r = refused()) return "refused (" + std::to_string(r->code) + "): " + r->text;
    if (const auto* u = unknown()) return "unknown: " + u->why;
    return "done";
  }

 private:
  std::variant<T, Refused, Unknown> state_;
};

}  // namespace bb::exchange
