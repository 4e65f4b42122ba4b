#include "app/delivery.h"

namespace bb::app {

namespace {

constexpr Micros kPatience{12'000'000};
constexpr Micros kLook{100'000};

}  // namespace

Delivery::Delivery(Session& session, Account& account, boost::asio::any_io_executor executor)
    : session_(session),
      stop_(session.clock()),
      mailroom_(session.ground(), account),
      group_(executor) {
  mailroom_.pump().hurry();
  group_.spawn(mailroom_.pump().run(stop_));
}

Task<void> Delivery::finish(bool waits) {
  const SteadyTime limit = session_.clock().after(kPatience);
  while (waits && mailroom_.pump().has_unsent() && session_.clock().steady_now() < limit) {
    const SteadyTime next = session_.clock().after(kLook);
    if (!co_await session_.stop().sleep_until(next)) break;
  }
  stop_.request();
  co_await group_.join();
}

}  // namespace bb::app
