#include "app/session.h"

#include <sys/time.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <filesystem>

#include "base/join.h"
#include "binance/settings.h"

namespace bb::app {

namespace {

constexpr suseconds_t kHalfSecond = 500'000;
constexpr time_t kLimitSeconds = 4;

// Every log line is with the kernel already, and so is every committed record.
void end_now(int) { _exit(0); }

void arm_limit() {
  std::signal(SIGALRM, end_now);
  itimerval limit{};
  limit.it_value.tv_sec = kLimitSeconds;
  limit.it_value.tv_usec = kHalfSecond;
  setitimer(ITIMER_REAL, &limit, nullptr);
}

}  // namespace

struct SignalWatch::State {
  State(boost::asio::io_context& io, Stop& s) : signals(io, SIGTERM, SIGINT), stop(s) {}

  void watch() {
    signals.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      if (!stop.requested()) arm_limit();
      stop.request();
      watch();
    });
  }

  boost::asio::signal_set signals;
  Stop& stop;
};

SignalWatch::SignalWatch(boost::asio::io_context& io, Stop& stop)
    : state_(std::make_unique<State>(io, stop)) {
  state_->watch();
}

SignalWatch::~SignalWatch() = default;

Session::Session(const Config& config, Log log, bool json)
    : own_(std::make_unique<World>()),
      world_(*own_),
      config_(config),
      log_(std::move(log)),
      notice_(config.environment),
      json_(json),
      dialer_(wire_network(io(), clock(), config)),
      telegram_(wire_telegram(io(), clock(), config)) {}

Session::Session(Session& host, const Config& config, Log log, Venues& venues)
    : world_(host.world_),
      config_(config),
      log_(std::move(log)),
      notice_(config.environment),
      json_(host.json_),
      dialer_(wire_network(io(), clock(), config)),
      telegram_(wire_telegram(io(), clock(), config)),
      venues_(&venues) {}

Session::~Session() = default;

// The file, and standard output as the original; with --json that is the result's alone.
Result<Log> open_log(const Config& config, bool json) {
  const auto level = parse_log_level(config.runtime.log_level);
  if (!level) return std::unexpected(level.error());
  std::error_code error;
  std::filesystem::create_directories(config.runtime.log_dir, error);
  auto sink = file_sink(config.runtime.log_dir, !json);
  if (!sink) return std::unexpected(sink.error());
  const auto environment = binance::environment_of(config.binance.base_url);
  // Every line says whose money it is about.
  return Log(*level, [sink = std::move(*sink), tail = " env=" + environment](
                         LogLevel severity, std::string_view line) {
    sink(severity, std::string(line) + tail);
  });
}

namespace {

struct RequestAtEnd {
  Stop& stop;
  ~RequestAtEnd() { stop.request(); }
};

Task<int> and_stop(Task<int> body, Stop& stop) {
  const RequestAtEnd end{stop};
  co_return co_await std::move(body);
}

}  // namespace

Task<void> Session::beat(Stop& ended) {
  while (!ended.requested()) {
    notice_.alive();
    (void)co_await ended.sleep_until(clock().after(*notice_.interval()));
  }
}

Task<int> Session::watched(Task<int> body) {
  if (!notice_.interval()) co_return co_await std::move(body);
  Stop ended(clock());
  TaskGroup beats(co_await boost::asio::this_coro::executor);
  beats.spawn(beat(ended));
  std::optional<int> code;
  co_await join_after(beats, detail::store_result(and_stop(std::move(body), ended), code));
  notice_.stopping();
  co_return code.value_or(1);
}

int Session::run(const std::function<Task<int>(Session&)>& body, AfterStop after_stop) {
  std::optional<int> code;
  run_to_end(io(), detail::store_result(watched(body(*this)), code));
  const bool is_success = stop().requested() && after_stop == AfterStop::success;
  return is_success ? 0 : code.value_or(1);
}

}  // namespace bb::app
