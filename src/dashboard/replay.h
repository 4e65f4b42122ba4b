// Replay: a service in this process that trades recorded days in virtual time, which the page shows
// and steers: the demo. Whoever runs it supplies the functions; they are called on the page's
// thread.
#pragma once

#include <functional>

#include "base/time.h"

namespace bb::dashboard {

struct ReplayView {
  double speed = 0;  // virtual seconds per real second
  bool paused = false;
  bool ended = false;
  TimePoint begin{}, end{};
};

struct Replay {
  std::function<TimePoint()> now;
  std::function<ReplayView()> view;
  std::function<void(double speed, bool paused)> steer;
};

inline constexpr double kReplaySpeedMin = 1, kReplaySpeedMax = 100'000;

}  // namespace bb::dashboard
