// HttpConnection: the client's end of one connection. It listens all the time, also while idle, so
// a close by the other side is known before the next request is written.
#pragma once

#include <optional>

#include "net/http.h"
#include "net/inbox.h"

namespace bb::net {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  explicit HttpConnection(AnyStream stream);

  /// Begins to listen if it does not already.
  void listen();
  /// Open, and silent since the last answer.
  bool fresh() const { return stream_.is_open() && !heard_ && inbox_.empty(); }
  void close() { stream_.close(); }

  struct Answer {
    std::expected<HttpResponse, HttpFailure> outcome;
    bool reusable = false;
    bool nothing_written = false;  // the connection was dead before the first byte
  };
  /// Writes the request and reads its answer; the clock closes the stream at the deadline.
  Task<Answer> exchange(Clock& clock, SteadyTime deadline, std::string request,
                        std::size_t max_body_bytes);

  SteadyTime idle_since{};
  bool reused = false;      // it has been in the pool
  std::uint64_t epoch = 0;  // which close_idle() it is older than

 private:
  Task<Answer> exchange_now(std::string request, std::size_t max_body_bytes);
  Task<IoResult> hear();
  void on_heard(boost::system::error_code error, std::size_t bytes);
  HttpFailure failure(HttpFailure::Stage stage, std::string_view what,
                      boost::system::error_code error) const;

  AnyStream stream_;
  Inbox inbox_;
  bool listening_ = false;
  bool timed_out_ = false;
  std::optional<IoResult> heard_;  // what came while nobody waited
  IoHandler waiter_;
};

}  // namespace bb::net
