// demo: the service on the paper exchange over recorded days, in one process and one virtual time.
// The same bytes go through the same code as in live operation; only clock and dialer are others.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "app/audit.h"
#include "app/cli.h"
#include "app/config.h"
#include "app/demo_page.h"
#include "app/figures.h"

namespace bb::app {

struct DemoOptions {
  std::string data_folder;
  std::string path = "high-first";
  std::uint64_t seed = 1;
  int days = 0;  // 0 = all that are recorded but the first
  Micros latency_each_way{25'000};
  double speed = 0;  // virtual seconds per real second; 0 = as fast as possible
  Usdt balance;
  bool hedge = false;
  std::optional<DemoPageOptions> page = {};  // then it is watched, and stays after its end
};

struct DemoReport {
  int days = 0;
  int runs = 0;
  int opened = 0;
  std::map<std::string, int> closed;  // by status
  Usdt equity_start, equity_end;
  std::int64_t requests = 0;
  Figures figures;
  AuditReport audit;
  bool stopped = false;  // by a signal, before its end
};

struct DemoProgress {
  TimePoint now{};
  Usdt equity;
  int open_positions = 0;
  std::string last_action;
};

/// Who hears of a demo while it runs.
struct DemoEars {
  std::function<void(const DemoProgress&)> progress;  // once per virtual hour
  std::function<void(const std::string& url)> page;   // with a page: it is there
  std::function<void(const DemoReport&)> ended;       // with a page: it stays until a signal
};

/// `config` is changed: it is pointed at the paper exchange and at a folder of its own.
Result<DemoReport> run_demo(const DemoOptions& options, Config& config, const DemoEars& ears);

/// One line of JSON without a newline; the same data and options give the same text but for wall_s.
std::string demo_json(const DemoReport& report, double wall_s);
std::string demo_table(const DemoReport& report);

int run_demo_command(Config& config, const DemoCommand& command, bool json);

}  // namespace bb::app
