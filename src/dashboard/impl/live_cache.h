// LiveCache: the newest look at the exchange, taken only while somebody looks at the page.
#pragma once

#include "dashboard/impl/news.h"
#include "dashboard/live.h"

namespace bb::dashboard {

class LiveCache {
 public:
  LiveCache(Clock& clock, Live live, Micros interval, News& news)
      : clock_(clock), live_(std::move(live)), interval_(interval), news_(news) {}

  bool exists() const { return static_cast<bool>(live_.look); }
  /// Somebody shows it now: it is kept fresh for a minute from here.
  void want() { wanted_until_ = clock_.after(Micros(60'000'000)); }
  const std::optional<LiveView>& view() const { return view_; }
  /// Of the newest look, or empty.
  const std::string& problem() const { return problem_; }

  Task<void> run(Stop& stop);
  Task<Result<std::vector<Candle>>> candles(CandleQuery query);

 private:
  Clock& clock_;
  Live live_;
  Micros interval_;
  News& news_;
  SteadyTime wanted_until_{};
  std::optional<LiveView> view_;
  std::string problem_;
};

}  // namespace bb::dashboard
