#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/http_server.h"
#include "net/http_session.h"
#include "net/tcp_layer.h"

namespace bb::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
// Out of file descriptors, most likely: asking again at once would only burn time.
constexpr Micros kAcceptPause{100'000};

}  // namespace

struct HttpListener::State {
  State(asio::io_context& io, Clock& c, HttpHandler h, HttpServerOptions o)
      : clock(c), acceptor(io), handler(std::move(h)), options(o) {}

  Status listen(const std::string& address, std::uint16_t port);
  Task<void> close_on(Stop& stop);
  Task<void> serve(std::shared_ptr<HttpSession> session, Stop& stop);

  Clock& clock;
  tcp::acceptor acceptor;
  HttpHandler handler;
  HttpServerOptions options;
  std::uint16_t port = 0;
  std::vector<std::shared_ptr<HttpSession>> sessions;
};

Status HttpListener::State::listen(const std::string& address, std::uint16_t wanted) {
  const auto where = address + ":" + std::to_string(wanted);
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error)
    return fail(ErrorKind::configuration,
                "cannot listen on " + where + ": \"" + address +
                    "\" is not an IP address; use 127.0.0.1, 0.0.0.0 or ::");
  const tcp::endpoint endpoint(ip, wanted);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port = acceptor.local_endpoint(error).port();
  if (!error) return {};
  const bool taken = error == asio::error::address_in_use;
  return fail(ErrorKind::configuration, "cannot listen on " + where + ": " + error.message() +
                                            (taken ? "; choose another port or stop the program "
                                                     "that uses it"
                                                   : "; choose another address or port"));
}

Task<void> HttpListener::State::close_on(Stop& stop) {
  while (!stop.requested())
    co_await stop.sleep_until(clock.after(Hours(24)));
  error_code ignored;
  acceptor.close(ignored);
  for (const auto& session : sessions)
    session->close_if_idle();
}

Task<void> HttpListener::State::serve(std::shared_ptr<HttpSession> session, Stop& stop) {
  sessions.push_back(session);
  std::exception_ptr failure;
  try {
    co_await session->serve(handler, stop);
  } catch (...) {
    failure = std::current_exception();
  }
  std::erase(sessions, session);
  if (failure) std::rethrow_exception(failure);
}

Result<std::unique_ptr<HttpListener>> HttpListener::open(asio::io_context& io, Clock& clock,
                                                         const std::string& address,
                                                         std::uint16_t port, HttpHandler handler,
                                                         HttpServerOptions options) {
  auto state = std::make_unique<State>(io, clock, std::move(handler), options);
  if (auto listening = state->listen(address, port); !listening)
    return std::unexpected(listening.error());
  return std::unique_ptr<HttpListener>(new HttpListener(std::move(state)));
}

HttpListener::HttpListener(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpListener::~HttpListener() = default;

std::uint16_t HttpListener::port() const { return state_->port; }

Task<void> HttpListener::run(Stop& stop) {
  auto& state = *state_;
  TaskGroup group(state.acceptor.get_executor());
  group.spawn(state.close_on(stop));
  while (!stop.requested()) {
    auto [error, socket] = co_await state.acceptor.async_accept(kTuple);
    if (stop.requested()) break;
    if (error) {
      co_await stop.sleep_until(state.clock.after(kAcceptPause));
      continue;
    }
    const auto limit = state.options.max_connections;
    if (limit > 0 && state.sessions.size() >= limit) continue;  // the socket closes here
    auto session = std::make_shared<HttpSession>(make_tcp_stream(std::move(socket)), state.clock,
                                                 state.options);
    group.spawn(state.serve(std::move(session), stop));
  }
  co_await group.join();
}

}  // namespace bb::net
