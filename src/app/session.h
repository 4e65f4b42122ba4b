// Session: the real world of a command: loop, clock, signals, network. One per process run.
//
// SIGTERM and SIGINT request a stop: the step in hand is finished, protection stays where it
// stands, and the process ends with exit code 0. A second limit ends it after 4.5 s whatever it
// does: start-up is recovery, so nothing is lost by that.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "app/systemd_notice.h"
#include "app/wiring.h"

namespace bb::app {

/// Requests `stop` on SIGTERM or SIGINT of this process, from `io`, and arms the 4.5 s limit.
class SignalWatch {
 public:
  SignalWatch(boost::asio::io_context& io, Stop& stop);
  ~SignalWatch();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The configured log file, and standard output unless `json`.
Result<Log> open_log(const Config& config, bool json);

/// What the exit code is after a requested stop.
enum class AfterStop {
  success,   // 0: the step in hand was finished
  own_code,  // the body's: it may have failed to end well
};

class Session {
 public:
  /// `config` outlives the session.
  Session(const Config& config, Log log, bool json);
  /// Another account in the same process: the loop, the clock and the signals of `host`, which
  /// outlives it. `venues` are shared by all of them, and outlived by what the accounts send.
  Session(Session& host, const Config& config, Log log, Venues& venues);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  boost::asio::io_context& io() { return world_.io; }
  Clock& clock() { return world_.clock; }
  Stop& stop() { return world_.stop; }
  const Log& log() const { return log_; }
  const Config& config() const { return config_; }
  net::Dialer& dialer() { return *dialer_; }
  bool json() const { return json_; }
  Ground ground() { return {*dialer_, clock(), log_, config_, &stop(), venues_, telegram_.get()}; }

  /// What watches this process from outside, where something does.
  const SystemdNotice& notice() const { return notice_; }

  /// Runs the body to its end; its exit code. Meanwhile a watchdog hears that the loop turns.
  int run(const std::function<Task<int>(Session&)>& body,
          AfterStop after_stop = AfterStop::success);

 private:
  /// What there is one of in a process.
  struct World {
    boost::asio::io_context io{1};
    SystemClock clock{io};
    Stop stop{clock};
    SignalWatch signals{io, stop};
  };

  Task<int> watched(Task<int> body);
  Task<void> beat(Stop& ended);

  std::unique_ptr<World> own_;
  World& world_;
  const Config& config_;
  Log log_;
  SystemdNotice notice_;
  bool json_;
  std::unique_ptr<net::Dialer> dialer_;
  std::unique_ptr<net::Dialer> telegram_;  // none where it goes the way of everything else
  Venues* venues_ = nullptr;
};

}  // namespace bb::app
