// The fast path: the account's stream is read, its facts are recorded, and the watch looks after
// what they name. The patrol comes to the same end without any of it.
#include "base/join.h"
#include "desk/facts.h"
#include "service/service.h"

namespace bb::service {

namespace {

constexpr Micros kAfterFault{1'000'000};

}  // namespace

Task<void> Service::event_loop(Stop& stop) {
  while (!stop.requested()) {
    const bool ok = co_await guard("events", event_step(stop));
    if (!ok) (void)co_await stop.sleep_until(parts_.desk.parts().clock.after(kAfterFault));
  }
  wake_watch();
}

// Records go to the disk on their own: the next event must not wait for it.
Task<void> Service::event_step(Stop& stop) {
  TaskGroup records(co_await boost::asio::this_coro::executor);
  const auto read = [&]() -> Task<void> {
    while (auto event = co_await parts_.desk.parts().account.next_event(stop)) {
      records.spawn(record(*event));
      watch_.note(*event);
      wake_watch();
    }
  };
  co_await join_after(records, read());
}

Task<void> Service::record(exchange::AccountEvent event) {
  try {
    if (auto* change = std::get_if<exchange::OrderChanged>(&event))
      co_await desk::record_change(parts_.desk, std::move(*change));
  } catch (const std::exception& error) {
    parts_.desk.parts().log.error("event not recorded", {{"why", error.what()}});
  }
}

void Service::wake_watch() {
  if (watch_nap_) watch_nap_->request();
}

Task<void> Service::watch_loop(Stop& stop) {
  Clock& clock = parts_.desk.parts().clock;
  while (!stop.requested()) {
    watch_.check_clock();
    const SteadyTime due = watch_.due();
    if (clock.steady_now() < due) {
      watch_nap_.emplace(clock);
      (void)co_await watch_nap_->sleep_until(std::min(due, clock.after(parts_.settings.slice())));
      watch_nap_.reset();
    } else if (!co_await guard("watch", watch_step())) {
      (void)co_await stop.sleep_until(clock.after(kAfterFault));
    }
  }
}

Task<void> Service::watch_step() {
  const auto report = co_await watch_.look();
  co_await tell(parts_.desk, report);
}

}  // namespace bb::service
