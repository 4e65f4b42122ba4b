#include "dashboard/server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "dashboard/impl/routes.h"

namespace bb::dashboard {

namespace {

constexpr std::size_t kHeaderBytesMax = 16u << 10;
constexpr std::size_t kBodyBytesMax = 64u << 10;
constexpr std::size_t kConnectionsMax = 8192;

// The process that trades lives of the same descriptors: half of them are not the page's.
std::size_t connections_max() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return kConnectionsMax / 16;
  if (files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &files);
    (void)::getrlimit(RLIMIT_NOFILE, &files);
  }
  return std::min<std::size_t>(kConnectionsMax, files.rlim_cur / 2);
}
constexpr Micros kIdleLimit{75'000'000};

Live make_live(const Options& options, boost::asio::io_context& io, Clock& clock) {
  return options.make_live ? options.make_live(io, clock) : Live{};
}

}  // namespace

Site::Site(boost::asio::io_context& loop, Clock& c, const Log& l, Options o)
    : io(loop),
      clock(c),
      log(l),
      options(std::move(o)),
      hosts(options.host, options.settings.allowed_hosts),
      sessions(clock, Hours(options.settings.session_hours)),
      throttle(clock),
      library(options.account.db_path, options.account.name),
      news(io, clock, options.account.directory, options.replay.has_value()),
      live(clock, make_live(options, io, clock), Seconds(options.settings.live_interval_sec), news),
      pending(clock),
      answers(clock),
      candles(clock, Seconds(15)) {}

struct Server::State {
  State(boost::asio::io_context& io, Clock& clock, const Log& log, Options options)
      : site(io, clock, log, std::move(options)) {}

  Site site;
  std::unique_ptr<net::HttpListener> listener;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(boost::asio::io_context& io, Clock& clock,
                                             const Log& log, Options options) {
  auto faults = check_address(options.settings, options.host);
  if (!faults.empty())
    return fail(ErrorKind::configuration, fmt::format("{}", fmt::join(faults, "\n")));
  const std::string address = options.host == "localhost" ? "127.0.0.1" : options.host;
  const std::uint16_t port = options.port;
  auto state = std::make_unique<State>(io, clock, log, std::move(options));
  auto handler = [site = &state->site](net::HttpRequest request) {
    return dispatch(*site, std::move(request));
  };
  net::HttpServerOptions limits;
  limits.max_header_bytes = kHeaderBytesMax;
  limits.max_body_bytes = kBodyBytesMax;
  limits.max_connections = connections_max();
  limits.idle_limit = kIdleLimit;
  auto listener = net::HttpListener::open(io, clock, address, port, std::move(handler), limits);
  if (!listener) return std::unexpected(listener.error());
  state->listener = std::move(*listener);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::uint16_t Server::port() const { return state_->listener->port(); }

Task<void> Server::run(Stop& stop) {
  auto& site = state_->site;
  site.stop = &stop;
  TaskGroup group(co_await boost::asio::this_coro::executor);
  group.spawn(site.news.run(stop));
  group.spawn(site.live.run(stop));
  group.spawn(state_->listener->run(stop));
  co_await group.join();
}

}  // namespace bb::dashboard
