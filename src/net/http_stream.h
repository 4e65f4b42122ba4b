// HttpStream: one request whose answer is read while it comes, for bodies that never end (events).
#pragma once

#include <memory>

#include "net/http.h"

namespace bb::net {

class HttpStream {
 public:
  /// A connection of its own: writes the request and reads the head of the answer by `deadline`.
  static Task<Result<std::unique_ptr<HttpStream>>> open(Dialer& dialer, Clock& clock,
                                                        Endpoint endpoint, HttpRequest request,
                                                        SteadyTime deadline);
  ~HttpStream();
  int status() const;
  /// The next piece of the body, as it arrives, without the framing of HTTP; empty at its end.
  /// Broken off, or closed: an `unreachable` error.
  Task<Result<std::string>> read();
  /// Ends a pending read.
  void close();

 private:
  struct State;
  explicit HttpStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bb::net
