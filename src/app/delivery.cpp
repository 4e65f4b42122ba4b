#include "app/delivery.h"

namespace bb::app {

namespace {

constexpr Micros kPatience{12'000'000};
constexpr Micros kLook{100'000};

}  // namespace

Delivery::Delivery(Session& session, Account& account, boost::asio::any_io_executor executor)
    : session_(session),
      store_(account.store()),
      stop_(session.clock()),
      notifier_(notify::make_notifier(session.config().notify, {}, session.dialer(),
                                      session.clock(), session.log())),
      pump_(store_, notifier_.get(), session.clock(), session.log(), account.name()),
      group_(executor) {
  group_.spawn(pump_.run(stop_));
}

Task<void> Delivery::finish() {
  const SteadyTime limit = session_.clock().after(kPatience);
  while (!store_.pending_messages().empty() && session_.clock().steady_now() < limit) {
    const SteadyTime next = session_.clock().after(kLook);
    if (!co_await session_.stop().sleep_until(next)) break;
  }
  stop_.request();
  co_await group_.join();
}

}  // namespace bb::app
