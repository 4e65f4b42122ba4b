#include "app/restore_guard.h"

namespace bb::app {

Task<Status> skip_latest_entry(store::Store& store, const service::DailySchedule& schedule,
                               TimePoint now, std::string why) {
  using enum store::SlotState;
  const std::string date = service::str(schedule.latest(now).date);
  const auto* known = store.find_slot(Job::entry, date);
  if (known != nullptr &&
      (known->state == done || known->state == partial || known->state == skipped))
    co_return Status{};
  store::Batch batch;
  batch.put(store::Slot{Job::entry, date, skipped, std::move(why), now});
  co_return co_await store.commit(std::move(batch));
}

}  // namespace bb::app
