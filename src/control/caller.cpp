#include "control/caller.h"

#include <optional>

#include "control/door.h"
#include "control/impl/line_reader.h"
#include "control/impl/unix_socket.h"
#include "control/wire.h"

namespace bb::control {

namespace {

using Kind = Reply::Kind;
using End = LineReader::End;

constexpr std::size_t kAnswerBytesMax = 4u << 20;
constexpr Micros kWatchLook{500'000};
constexpr Micros kAskAgain{200'000};

Reply of_kind(Kind kind, std::string text) {
  Reply reply;
  reply.kind = kind;
  reply.text = std::move(text);
  return reply;
}

/// What could not be connected to. Who wants to close does not care why: it is not answered.
Reply unconnected(const Error& error, bool closing = false) {
  switch (error.kind) {
    case ErrorKind::unreachable:
      return of_kind(Kind::no_holder, "nobody holds the account: " + error.text);
    case ErrorKind::busy:
      return of_kind(Kind::silent, "the holder takes no connections: " + error.text);
    case ErrorKind::invalid_input:
    case ErrorKind::configuration:
    case ErrorKind::rejected:
    case ErrorKind::malformed:
    case ErrorKind::rate_limited:
    case ErrorKind::storage:
    case ErrorKind::conflict:
      break;
  }
  return of_kind(closing ? Kind::silent : Kind::refused,
                 "the holder cannot be asked: " + error.text);
}

class Conversation {
 public:
  Conversation(net::AnyStream stream, Clock& clock, GiveUp give_up, CallLimits limits)
      : stream_(std::move(stream)),
        clock_(clock),
        give_up_(std::move(give_up)),
        limits_(limits),
        reader_(stream_, clock, kAnswerBytesMax) {}

  Task<Reply> hold(Request request) {
    // A holder that is stopped leaves the bytes in the socket: the first sign of life decides.
    (void)co_await write_within(stream_, clock_, write_request(request), limits_.silence);
    bool accepted = false;
    bool given_up = false;
    for (;;) {
      const Micros patience = given_up ? limits_.last_look : limits_.silence;
      const auto line = co_await reader_.next(clock_.after(patience));
      if (line.end == End::line) {
        if (auto reply = understand(line.text, accepted)) co_return std::move(*reply);
        continue;
      }
      was_closed_ = line.end != End::silence;
      if (accepted) co_return of_kind(Kind::lost, "the holder fell silent in the middle of it");
      if (given_up || was_closed_) co_return of_kind(Kind::silent, "the holder does not answer");
      given_up = true;
      if (give_up_) give_up_();
    }
  }

  /// The other side hung up: it has not taken the command, and will not.
  bool was_closed() const { return was_closed_; }

 private:
  static std::optional<Reply> understand(const std::string& line, bool& accepted) {
    auto message = parse_message(line);
    if (!message)
      return of_kind(accepted ? Kind::lost : Kind::refused, std::move(message.error().text));
    if (std::holds_alternative<Accepted>(*message)) accepted = true;
    if (auto* failed = std::get_if<Failed>(&*message))
      return of_kind(accepted ? Kind::lost : Kind::refused, std::move(failed->error));
    auto* answer = std::get_if<Answer>(&*message);
    if (answer == nullptr) return std::nullopt;
    Reply reply = of_kind(Kind::answered, {});
    reply.answer = std::move(*answer);
    return reply;
  }

  net::AnyStream stream_;
  Clock& clock_;
  GiveUp give_up_;
  CallLimits limits_;
  LineReader reader_;
  bool was_closed_ = false;
};

Task<Reply> converse(net::AnyStream stream, Clock& clock, Request request, GiveUp give_up,
                     CallLimits limits) {
  Conversation conversation(std::move(stream), clock, std::move(give_up), limits);
  co_return co_await conversation.hold(std::move(request));
}

// A holder that hangs up has its hands full, or ends: it is asked again for as long as it may be
// silent.
Task<Reply> converse_at(boost::asio::io_context& io, Clock& clock, std::string directory,
                        Request request, GiveUp give_up, CallLimits limits) {
  const SteadyTime limit = clock.after(limits.silence);
  const auto* command = std::get_if<Command>(&request);
  const bool closing = command != nullptr && closes(command->kind);
  for (;;) {
    auto stream = co_await connect_unix(io, socket_path(directory));
    if (!stream) {
      Reply reply = unconnected(stream.error(), closing);
      if (reply.kind == Kind::silent && give_up) give_up();
      co_return reply;
    }
    Conversation conversation(std::move(*stream), clock, give_up, limits);
    Reply reply = co_await conversation.hold(request);
    const bool again = reply.kind == Kind::silent && conversation.was_closed();
    if (!again) co_return reply;
    if (clock.steady_now() >= limit) {
      if (give_up) give_up();
      co_return reply;
    }
    co_await sleep_for(clock, kAskAgain);
  }
}

}  // namespace

Task<Reply> hand_over(boost::asio::io_context& io, Clock& clock, std::string directory,
                      Command command, GiveUp give_up, CallLimits limits) {
  Request request(std::move(command));
  co_return co_await converse_at(io, clock, std::move(directory), std::move(request),
                                 std::move(give_up), limits);
}

Task<Reply> hand_over(net::AnyStream stream, Clock& clock, Command command, GiveUp give_up,
                      CallLimits limits) {
  Request request(std::move(command));
  co_return co_await converse(std::move(stream), clock, std::move(request), std::move(give_up),
                              limits);
}

Task<Reply> ping(boost::asio::io_context& io, Clock& clock, std::string directory,
                 CallLimits limits) {
  co_return co_await converse_at(io, clock, std::move(directory), Request(Ping{}), {}, limits);
}

Task<Reply> watch(boost::asio::io_context& io, Clock& clock, std::string directory, Stop& stop,
                  std::function<void(const std::vector<Counter>&)> changed) {
  auto stream = co_await connect_unix(io, socket_path(directory));
  if (!stream) co_return unconnected(stream.error());
  co_return co_await watch(std::move(*stream), clock, stop, std::move(changed));
}

Task<Reply> watch(net::AnyStream stream, Clock& clock, Stop& stop,
                  std::function<void(const std::vector<Counter>&)> changed) {
  LineReader reader(stream, clock, kAnswerBytesMax);
  (void)co_await write_within(stream, clock, write_request(Watch{}), CallLimits().silence);
  while (!stop.requested()) {
    const auto line = co_await reader.next(clock.after(kWatchLook));
    if (line.end == End::silence) continue;
    if (line.end != End::line) co_return of_kind(Kind::lost, "the holder went away");
    const auto message = parse_message(line.text);
    if (!message) co_return of_kind(Kind::lost, message.error().text);
    if (const auto* failed = std::get_if<Failed>(&*message))
      co_return of_kind(Kind::refused, failed->error);
    if (const auto* counters = std::get_if<std::vector<Counter>>(&*message)) changed(*counters);
  }
  co_return of_kind(Kind::answered, {});
}

}  // namespace bb::control
