// SocketLife: a socket of the exchange ends 24 hours after it began (reference §15, §16), in
// exchange time. A jump of exchange time ages it by an hour at most, however long it is.
#pragma once

#include <memory>

#include "net/websocket.h"
#include "paper/timeline.h"

namespace bb::paper {

class SocketLife {
 public:
  SocketLife(Timeline& timeline, const std::shared_ptr<net::WsConnection>& socket)
      : timeline_(timeline), timer_(std::make_shared<TimerId>()) {
    arm(timeline, socket, timer_, kLife);
  }
  SocketLife(const SocketLife&) = delete;
  SocketLife& operator=(const SocketLife&) = delete;

  /// The socket has ended. Not in the destructor: a coroutine that is left behind may go after the
  /// timeline.
  void end() { timeline_.cancel(*timer_); }

 private:
  static constexpr Hours kLife{24};

  // Hour by hour: those that end inside a jump do not count.
  static void arm(Timeline& timeline, std::weak_ptr<net::WsConnection> socket,
                  std::shared_ptr<TimerId> timer, Hours left) {
    *timer = timeline.call_at(timeline.after(Hours(1)), [&timeline, socket, timer, left] {
      const auto old = socket.lock();
      if (!old) return;
      const Hours rest = timeline.is_jumping() ? left : left - Hours(1);
      if (rest > Hours(0)) return arm(timeline, socket, timer, rest);
      old->close(net::ws_code::kGoingAway, "24 hours");
    });
  }

  Timeline& timeline_;
  std::shared_ptr<TimerId> timer_;
};

}  // namespace bb::paper
