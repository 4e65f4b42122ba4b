// Server: the dashboard on one loop: page, API, event stream. It reads the account's database
// beside its holder, hands actions to the holder through control, and shares nothing else with
// anybody; dashboard.h gives it a thread of its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/async.h"
#include "base/log.h"
#include "dashboard/live.h"
#include "dashboard/replay.h"
#include "dashboard/settings.h"

namespace bb::dashboard {

/// Whose page it is.
struct Account {
  std::string name;         // "<environment>-<alias>", as the database knows it
  std::string environment;  // "live", "testnet", "paper"
  std::string directory;    // of its lock, latch and control socket
  std::string db_path;
  std::string asset = "USDT";  // of its equity
};

/// What the schedule does next; nothing where the job is off.
struct NextJobs {
  std::optional<TimePoint> entry, loss_cut;
};

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8787;
  const Settings& settings;
  Account account;
  std::string timezone = "UTC";
  std::string log_dir = {}, config_path = {};
  std::int64_t refresh_sec = 5;
  std::int64_t curve_points = 600;
  bool service_enabled = true;  // a service is meant to run
  /// What [runtime] entry_catchup_enabled says now; the holder may have written it meanwhile.
  std::function<bool()> entry_catchup = [] { return true; };
  std::function<NextJobs(TimePoint)> next_jobs = {};
  std::function<std::string(TimePoint)> local_text = {};  // ISO 8601 in that zone
  MakeLive make_live = {};
  std::optional<Replay> replay = {};  // then nobody is asked who holds the account: it is here
};

class Server {
 public:
  /// Listens; errors are sentences: address in use, or not allowed without password and TLS.
  /// Loop, clock, log and settings outlive the server.
  static Result<std::unique_ptr<Server>> open(boost::asio::io_context& io, Clock& clock,
                                              const Log& log, Options options);
  ~Server();
  std::uint16_t port() const;
  /// Until `stop` is requested.
  Task<void> run(Stop& stop);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bb::dashboard
