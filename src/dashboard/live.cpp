#include "dashboard/impl/live_cache.h"

namespace bb::dashboard {

namespace {

constexpr Micros kLookForWish{500'000};

}  // namespace

Task<void> LiveCache::run(Stop& stop) {
  SteadyTime next{};
  while (!stop.requested()) {
    const SteadyTime now = clock_.steady_now();
    const bool is_wanted = news_.listeners() > 0 || wanted_until_ > now;
    if (exists() && is_wanted && now >= next) {
      auto view = co_await live_.look();
      next = clock_.after(interval_);
      if (view) {
        view_ = std::move(*view);
        problem_.clear();
      } else {
        problem_ = view.error().text;
      }
      news_.note_live();
    }
    (void)co_await stop.sleep_until(clock_.after(kLookForWish));
  }
}

Task<Result<std::vector<Candle>>> LiveCache::candles(CandleQuery query) {
  if (!live_.candles) co_return fail(ErrorKind::unreachable, "nobody here can ask the exchange");
  co_return co_await live_.candles(std::move(query));
}

}  // namespace bb::dashboard
