// LineReader: lines of a stream, each of them bounded, waited for until a deadline. A deadline that
// passes closes nothing: the same line may be waited for again.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "net/stream.h"

namespace bb::control {

class LineReader {
 public:
  /// `stream` and `clock` outlive the reader; nobody else reads the stream.
  LineReader(const net::AnyStream& stream, Clock& clock, std::size_t bytes_max);

  enum class End {
    line,
    silence,   // the deadline passed
    closed,    // by the other side, or by us
    too_long,  // more than bytes_max without an end
  };
  struct Line {
    End end = End::closed;
    std::string text;  // without the newline
  };
  Task<Line> next(SteadyTime deadline);

 private:
  struct State;
  void read_more();
  const net::AnyStream& stream_;
  Clock& clock_;
  std::size_t bytes_max_;
  std::shared_ptr<State> state_;
};

/// The whole text, or false: the other side is gone, or took longer than `limit` to read it; then
/// the stream is closed.
Task<bool> write_within(const net::AnyStream& stream, Clock& clock, std::string text, Micros limit);

}  // namespace bb::control
