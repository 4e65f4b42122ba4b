// DemoPage: the dashboard of the demo. The demo trades in virtual time on one thread; the page
// looks at it from another, and says how fast time goes by.
#pragma once

#include <memory>

#include "app/config.h"
#include "dashboard/dashboard.h"
#include "paper/server.h"

namespace bb::app {

struct DemoPageOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  double speed = 1800;  // virtual seconds per real second
};

class DemoPage {
 public:
  /// `config` has the demo's database; `market`, `config` and `exchange` outlive the page. The
  /// exchange is asked on the thread of the demo only, in publish().
  static Result<std::unique_ptr<DemoPage>> start(const DemoPageOptions& options,
                                                 const Config& config, const std::string& account,
                                                 const sim::Market& market, paper::Server& exchange,
                                                 TimePoint end);
  ~DemoPage();
  std::string url() const;

  /// Called before time jumps: what the page may look at from now on.
  void publish(TimePoint now);
  /// Waits as long as that span takes at the speed that somebody wants, and while he wants it to
  /// stand still; a signal ends it early.
  void pace(Micros span);
  /// The last day is over: time stands still, the page stays.
  void end();
  void log(LogLevel level, std::string_view line, TimePoint now);

 private:
  struct State;
  explicit DemoPage(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bb::app
