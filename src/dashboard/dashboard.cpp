#include "dashboard/dashboard.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <thread>

namespace bb::dashboard {

namespace {

constexpr int kNiceness = 10;

/// Deadlines and ages by the machine's clock, instants by a replay's.
class ReplayClock final : public Clock {
 public:
  ReplayClock(boost::asio::io_context& io, std::function<TimePoint()> now)
      : inner_(io), now_(std::move(now)) {}
  TimePoint utc_now() const override { return now_(); }
  SteadyTime steady_now() const override { return inner_.steady_now(); }
  TimerId call_at(SteadyTime when, std::move_only_function<void()> action) override {
    return inner_.call_at(when, std::move(action));
  }
  void cancel(TimerId id) override { inner_.cancel(id); }

 private:
  SystemClock inner_;
  std::function<TimePoint()> now_;
};

std::unique_ptr<Clock> make_clock(boost::asio::io_context& io, const Options& options) {
  if (options.replay) return std::make_unique<ReplayClock>(io, options.replay->now);
  return std::make_unique<SystemClock>(io);
}

/// Signals are for the threads that trade: none may be taken by the new one.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

struct Dashboard::State {
  State(Log l, const Options& options)
      : log(std::move(l)), clock(make_clock(io, options)), host(options.host) {}

  Log log;
  boost::asio::io_context io{1};
  std::unique_ptr<Clock> clock;
  Stop stop{*clock};
  std::unique_ptr<Server> server;
  std::string host;
  std::uint16_t port = 0;
  std::thread thread;  // det-ok: what the page costs is nobody else's

  void run() {
    // Whatever waits for a processor beside this thread goes first: it may be an order.
    (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
    try {
      run_to_end(io, server->run(stop));
    } catch (const std::exception& error) {
      // The service goes on without its page.
      log.error("dashboard ended", {{"why", error.what()}});
    }
    server.reset();
  }
};

Result<std::unique_ptr<Dashboard>> Dashboard::start(Options options, Log log) {
  auto state = std::make_unique<State>(std::move(log), options);
  auto server = Server::open(state->io, *state->clock, state->log, std::move(options));
  if (!server) return std::unexpected(server.error());
  state->server = std::move(*server);
  std::unique_ptr<Dashboard> dashboard(new Dashboard(std::move(state)));
  auto& inner = *dashboard->state_;
  inner.port = inner.server->port();
  const SignalsHeld held;
  inner.thread = std::thread([&inner] { inner.run(); });  // det-ok: joined by the destructor
  return dashboard;
}

Dashboard::Dashboard(std::unique_ptr<State> state) : state_(std::move(state)) {}

Dashboard::~Dashboard() {
  boost::asio::post(state_->io, [stop = &state_->stop] { stop->request(); });
  if (state_->thread.joinable()) state_->thread.join();
}

std::uint16_t Dashboard::port() const { return state_->port; }

std::string Dashboard::url() const {
  const bool is_v6 = state_->host.find(':') != std::string::npos;
  const bool is_any = state_->host == "0.0.0.0" || state_->host == "::";
  const std::string host = is_any ? "127.0.0.1" : is_v6 ? "[" + state_->host + "]" : state_->host;
  return "http://" + host + ":" + std::to_string(state_->port) + "/";
}

}  // namespace bb::dashboard
