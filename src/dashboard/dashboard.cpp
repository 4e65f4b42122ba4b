#include "dashboard/dashboard.h"

#include <boost/asio/post.hpp>
#include <thread>

namespace bb::dashboard {

struct Dashboard::State {
  explicit State(Log l) : log(std::move(l)) {}

  Log log;
  boost::asio::io_context io{1};
  SystemClock clock{io};
  Stop stop{clock};
  std::unique_ptr<Server> server;
  std::string host;
  std::uint16_t port = 0;
  std::thread thread;  // det-ok: what the page costs is nobody else's

  void run() {
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
  auto state = std::make_unique<State>(std::move(log));
  state->host = options.host;
  auto server = Server::open(state->io, state->clock, state->log, std::move(options));
  if (!server) return std::unexpected(server.error());
  state->server = std::move(*server);
  std::unique_ptr<Dashboard> dashboard(new Dashboard(std::move(state)));
  auto& inner = *dashboard->state_;
  inner.port = inner.server->port();
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
