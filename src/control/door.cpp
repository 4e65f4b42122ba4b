#include "control/door.h"

#include <unistd.h>

#include <optional>

#include "control/impl/unix_socket.h"

namespace bb::control {

namespace {

// At most a thousand connections a second are looked at: a peer that storms the door costs little.
constexpr Micros kAcceptPause{1'000};
constexpr Micros kAfterError{100'000};
constexpr Micros kLogInterval{1'000'000};

}  // namespace

struct Door::State {
  State(Clock& c, const Log& l, Handlers h, DoorOptions o)
      : clock(c), log(l), handlers(std::move(h)), options(o) {}

  bool may_enter(const Peer& peer) {
    std::string why;
    if (peer.uid != ::geteuid() && peer.uid != 0)
      why = "another user";
    else if (served >= options.connections_max)
      why = "too many connections";
    if (why.empty()) return true;
    if (clock.steady_now() >= quiet_until) {
      quiet_until = clock.after(kLogInterval);
      log.warn("connection refused", {{"why", why}, {"uid", peer.uid}, {"pid", peer.pid}});
    }
    return false;
  }

  Task<void> serve(net::AnyStream stream, Stop& stop) {
    ++served;
    try {
      co_await serve_connection(std::move(stream), clock, log, handlers, options, stop);
    } catch (const std::exception& error) {
      log.error("connection failed", {{"why", error.what()}});
    }
    --served;
  }

  Task<void> close_on(Stop& stop) {
    while (!stop.requested())
      (void)co_await stop.sleep_until(clock.after(Hours(24)));
    listener->close();
  }

  Clock& clock;
  const Log& log;
  Handlers handlers;
  DoorOptions options;
  std::unique_ptr<UnixListener> listener;
  std::size_t served = 0;
  SteadyTime quiet_until{};
};

std::string socket_path(const std::string& directory) { return directory + "/control.sock"; }

Door::Door(std::unique_ptr<State> state) : state_(std::move(state)) {}
Door::~Door() = default;

Result<std::unique_ptr<Door>> Door::open(boost::asio::io_context& io, Clock& clock, const Log& log,
                                         const std::string& directory, Handlers handlers,
                                         DoorOptions options) {
  auto state = std::make_unique<State>(clock, log, std::move(handlers), options);
  auto listener = UnixListener::open(io, socket_path(directory));
  if (!listener) return std::unexpected(listener.error());
  state->listener = std::move(*listener);
  return std::unique_ptr<Door>(new Door(std::move(state)));
}

Task<void> Door::run(Stop& stop) {
  State& state = *state_;
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(state.close_on(stop));
  while (!stop.requested()) {
    auto incoming = co_await state.listener->accept();
    if (stop.requested()) break;
    if (incoming && state.may_enter(incoming->peer))
      group.spawn(state.serve(std::move(incoming->stream), stop));
    (void)co_await stop.sleep_until(state.clock.after(incoming ? kAcceptPause : kAfterError));
  }
  co_await group.join();
}

}  // namespace bb::control
