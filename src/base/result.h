// Result<T>: the answer of a query, or an Error that says what to do.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace bb {

/// What kind of thing went wrong, as far as the caller can act on it.
enum class ErrorKind {
  invalid_input,  // the caller's data is wrong; retrying cannot help
  configuration,  // settings, files, keys: the operator must act
  unreachable,    // no connection, time-out, 5xx: trying later may help
  rejected,       // the exchange answered with a structured error (see code)
  malformed,      // an answer that does not parse
  rate_limited,   // refused before sending, or by the exchange: wait
  storage,        // database or disk
  busy,           // somebody else holds the lock
  conflict,       // the state does not allow it
};

struct Error {
  ErrorKind kind = ErrorKind::invalid_input;
  std::string text;  // one sentence for a person, without secrets
  int code = 0;      // the exchange's code (negative) or 0
};

template <class T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string text, int code = 0) {
  return std::unexpected<Error>(Error{kind, std::move(text), code});
}

}  // namespace bb
