#include "supervise/process.h"

namespace bb::supervise {

std::string_view str(State state) {
  switch (state) {
    case State::running:
      return "running";
    case State::starting:
      return "starting";
    case State::stopping:
      return "stopping";
    case State::stopped:
      return "stopped";
    case State::failed:
      return "failed";
    case State::restarting:
      return "restarting";
    case State::paused:
      return "paused";
    case State::unknown:
      return "unknown";
  }
  return "unknown";
}

bool is_down(State state) { return state == State::stopped || state == State::failed; }

std::string_view str(Health health) {
  switch (health) {
    case Health::none:
      return "none";
    case Health::starting:
      return "starting";
    case Health::healthy:
      return "healthy";
    case Health::unhealthy:
      return "unhealthy";
  }
  return "none";
}

std::string_view str(Action action) {
  switch (action) {
    case Action::start:
      return "start";
    case Action::stop:
      return "stop";
    case Action::restart:
      return "restart";
  }
  return "start";
}

}  // namespace bb::supervise
