// One connection to a bus: log in, call, hear signals.
#pragma once

#include <functional>
#include <memory>

#include "net/stream.h"
#include "supervise/impl/dbus_wire.h"

namespace bb::supervise {

struct DbusCall {
  std::string destination, path, interface, member;
  DbusArguments arguments;
};

class DbusClient {
 public:
  /// Connects, logs in as this process's user and says hello, all by `deadline`.
  static Task<Result<std::unique_ptr<DbusClient>>> open(net::Dialer& dialer, Clock& clock,
                                                        SteadyTime deadline);
  /// Every answer, in the order of the calls, which are sent at once. An error message of the other
  /// end is an answer too (type error); a connection that ends or hangs is an Error.
  Task<Result<std::vector<DbusMessage>>> call(std::vector<DbusCall> calls, SteadyTime deadline);
  /// The next signal; ends with an error when the bus goes away, or close().
  Task<Result<DbusMessage>> next_signal();
  void close() { stream_.close(); }

 private:
  DbusClient(net::AnyStream stream, Clock& clock) : clock_(clock), stream_(std::move(stream)) {}
  Task<Status> log_in();
  Task<Result<DbusMessage>> next_message();
  Task<Result<std::vector<DbusMessage>>> call_now(std::vector<DbusCall> calls);

  Clock& clock_;
  net::AnyStream stream_;
  DbusReader reader_;
  std::uint32_t serial_ = 0;
  std::vector<DbusMessage> signals_;  // that came between answers
};

}  // namespace bb::supervise
