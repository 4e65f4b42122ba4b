// What the page costs orders: from a short's fill, readable for the program, to the last byte of
// its stop, in `bubble-buster run` with 5 000 open event streams and 200 requests a second on its
// dashboard, against none. Nothing is delayed on purpose; the exchange is the paper exchange in a
// process of its own. Entries with and without alternate (with, without, without, with, ..); an
// entry's figure is the median of its shorts, the ratio that of the medians of all entries.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>

#include "control/caller.h"
#include "http_load.h"
#include "order_relay.h"
#include "process.h"

namespace {

using namespace bb;
using namespace bb::bench;

constexpr int kPairs = 30;
constexpr int kStreams = 5000;
constexpr int kShorts = 10;
constexpr double kPerSecond = 200;
constexpr const char* kKey = "bench-paper-key";
constexpr const char* kWord = "bench-paper-word";

int number_after(const std::string& line, std::string_view mark) {
  const auto at = line.find(mark);
  if (at == std::string::npos) throw std::runtime_error("no port in " + line);
  return std::stoi(line.substr(at + mark.size()));
}

class Run {
 public:
  Run()
      : paper_({BB_PROGRAM, "paper", "--port", "0", "--json", "--no-limits", "--data", BB_DATA,
                "--account", fmt::format("bench:{}:{}:100000", kKey, kWord)},
               {}) {
    relay_.emplace(number_after(paper_.wait_for_line("base_url", std::chrono::seconds(60)),
                                "http://127.0.0.1:"));
    std::string name = (std::filesystem::temp_directory_path() / "bb-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    const std::string config = folder_ + "/config.ini";
    std::ofstream(config) << fmt::format(
        "[binance]\napi_key = {}\napi_secret = {}\nbase_url = http://127.0.0.1:{}\n"
        "[strategy]\ntop_n = {}\nallocation_splits = {}\n"
        "[runtime]\nstate_dir = {}/state\ndb_path = {}/state.db\nlock_file = {}/lock\n"
        "log_dir = {}/logs\ndashboard_port = 0\nentry_enabled = false\n"
        "daily_loss_cut_enabled = false\nmanager_interval_sec = 3600\n[notify]\nenabled = false\n",
        kKey, kWord, relay_->port(), kShorts, kShorts, folder_, folder_, folder_, folder_);
    std::filesystem::permissions(config, std::filesystem::perms(0600));
    program_.emplace(
        std::vector<std::string>{BB_PROGRAM, "dashboard", "--json", "--config", config},
        std::vector<std::string>{});
    dashboard_port_ =
        number_after(program_->wait_for_line("\"port\"", std::chrono::seconds(60)), "\"port\":");
    wait_until_armed();
  }
  ~Run() {
    program_.reset();
    relay_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  int dashboard_port() const { return dashboard_port_; }
  double rss_mb() const { return rss_mb_of(program_->pid()); }

  /// One entry of all shorts and its end; the median reaction in microseconds.
  double react(int number) {
    (void)relay_->take_reactions();
    auto command = make(control::CommandKind::entry);
    command.trade_day = utc_date(TimePoint{} + Hours(24) * (15'000 + number));
    ask(command);
    const auto reactions = relay_->take_reactions();
    if (reactions.size() < kShorts)
      throw std::runtime_error(fmt::format("only {} stops were seen", reactions.size()));
    ask(make(control::CommandKind::flatten));
    ask(make(control::CommandKind::resume));
    return quantile(reactions, 0.5);
  }

 private:
  control::Command make(control::CommandKind kind) const {
    control::Command command;
    command.id = control::make_command_id();
    command.kind = kind;
    command.who = "bench";
    command.made_at = std::chrono::floor<Millis>(std::chrono::system_clock::now());
    return command;
  }

  void wait_until_armed() {
    for (int i = 0; i < 300; ++i) {
      if (fetch(dashboard_port_, "/healthz").status == 200) return;
      usleep(100'000);  // det-ok: other processes run meanwhile
    }
    throw std::runtime_error("the service did not start");
  }

  std::string directory() const {
    for (const auto& each : std::filesystem::directory_iterator(folder_ + "/state/accounts"))
      if (each.is_directory()) return each.path().string();
    throw std::runtime_error("the account has no directory");
  }

  void ask(control::Command command) {
    boost::asio::io_context io{1};
    SystemClock clock(io);
    control::Reply reply;
    run_to_end(io, hand_over(io, clock, directory(), std::move(command), reply));
    const bool done = reply.kind == control::Reply::Kind::answered &&
                      reply.answer.report.exit_code == 0 && !reply.answer.report.failed;
    if (!done) throw std::runtime_error(reply.text + reply.answer.report.text);
  }
  static Task<void> hand_over(boost::asio::io_context& io, Clock& clock, std::string directory,
                              control::Command command, control::Reply& reply) {
    reply = co_await control::hand_over(io, clock, std::move(directory), std::move(command));
  }

  Process paper_;
  std::optional<OrderRelay> relay_;
  std::string folder_;
  std::optional<Process> program_;
  int dashboard_port_ = 0;
};

}  // namespace

int main() {
  Run run;
  const std::vector<std::string> targets{
      "/api/v1/state",  "/api/v1/positions", "/api/v1/equity?window=1D", "/api/v1/orders",
      "/api/v1/closed", "/api/v1/runs",      "/api/v1/statistics",       "/api/v1/logs"};
  std::array<std::vector<double>, 2> figures;
  (void)run.react(0);
  std::optional<HttpLoad> load;
  double rss_loaded = 0;
  std::size_t asked = 0;
  for (int i = 0; i < 2 * kPairs; ++i) {
    const bool is_loaded = i % 4 == 0 || i % 4 == 3;
    if (is_loaded && !load) {
      load.emplace(
          LoadOptions{run.dashboard_port(), targets, 50, kPerSecond, kStreams, "/api/v1/events"});
      usleep(1'000'000);  // det-ok: other processes run meanwhile
    } else if (!is_loaded && load) {
      load->stop();
      asked += load->latencies().size();
      load.reset();
      usleep(1'000'000);  // det-ok: other processes run meanwhile
    }
    figures.at(is_loaded ? 1 : 0).push_back(run.react(i + 1));
    if (is_loaded) rss_loaded = run.rss_mb();
  }
  const double calm = quantile(figures[0], 0.5), loaded = quantile(figures[1], 0.5);
  fmt::print(
      "{{\"name\":\"order_reaction_ratio\",\"value\":{:.4f},\"unit\":\"ratio\",\"reach\":1.1,"
      "\"calm_us\":{:.0f},\"loaded_us\":{:.0f},\"pairs\":{},\"streams\":{},\"requests\":{},"
      "\"rss_mb\":{:.0f}}}\n",
      loaded / calm, calm, loaded, kPairs, kStreams, asked, rss_loaded);
  return loaded / calm <= 1.1 ? 0 : 1;
}
