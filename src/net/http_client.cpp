#include <algorithm>
#include <deque>

#include "base/async.h"
#include "base/park.h"
#include "net/http.h"
#include "net/http_connection.h"
#include "net/http_wire.h"

namespace bb::net {

using ConnectionPtr = std::shared_ptr<HttpConnection>;

namespace {

struct Waiter {
  Resume resume;
  bool granted = false;
  ConnectionPtr connection;  // with a grant: an idle one, or none: the right to open one
};

constexpr const char* kNotSendable = ": a control byte or blank in the request";

std::unexpected<HttpFailure> not_sent(std::string text) {
  return std::unexpected(HttpFailure{HttpFailure::Stage::not_sent, std::move(text)});
}

/// "GET /fapi/v1/order": without the query, which may carry a signature.
std::string title_of(const HttpRequest& request) {
  return std::string(str(request.method)) + " " +
         request.target.substr(0, request.target.find('?'));
}

bool is_sendable(const HttpRequest& request) {
  if (!request.target.starts_with('/')) return false;
  for (const char c : request.target)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return false;
  for (const auto& [name, value] : request.headers)
    if (name.empty() || !is_field_safe(name) || !is_field_safe(value) ||
        name.find_first_of(": \t") != std::string::npos)
      return false;
  return true;
}

}  // namespace

struct HttpClient::Pool {
  Pool(Dialer& d, Clock& c, Endpoint e, HttpClientOptions o)
      : dialer(d), clock(c), endpoint(std::move(e)), options(std::move(o)) {}

  Task<Result<ConnectionPtr>> dial(SteadyTime deadline);
  Task<Status> dial_idle(SteadyTime deadline);
  Task<std::expected<ConnectionPtr, HttpFailure>> acquire(SteadyTime deadline);
  Task<bool> wait_for_turn(std::shared_ptr<Waiter> waiter, SteadyTime deadline);
  void give_back(ConnectionPtr connection, bool reusable);
  void pass_on(ConnectionPtr connection);
  void drop_stale();

  Dialer& dialer;
  Clock& clock;
  Endpoint endpoint;
  HttpClientOptions options;
  std::vector<ConnectionPtr> idle;  // the last one was used last
  std::size_t slots = 0;            // connections that are idle, in use or being opened
  std::deque<std::shared_ptr<Waiter>> waiting;
  std::uint64_t epoch = 0;
  std::vector<ConnectionPtr> busy;  // with a request on them
  std::uint64_t aborts = 0;
};

Task<Result<ConnectionPtr>> HttpClient::Pool::dial(SteadyTime deadline) {
  const auto until = std::min(deadline, clock.after(options.connect_timeout));
  auto stream = co_await dialer.connect(endpoint, until);
  if (!stream) co_return std::unexpected(stream.error());
  auto connection = std::make_shared<HttpConnection>(std::move(*stream));
  connection->epoch = epoch;
  connection->listen();
  co_return connection;
}

Task<Status> HttpClient::Pool::dial_idle(SteadyTime deadline) {
  auto connection = co_await dial(deadline);
  if (!connection) {
    pass_on(nullptr);
    co_return std::unexpected(connection.error());
  }
  give_back(std::move(*connection), true);
  co_return Status{};
}

void HttpClient::Pool::drop_stale() {
  const auto oldest = clock.steady_now() - options.idle_limit;
  slots -= std::erase_if(idle, [&](const ConnectionPtr& connection) {
    const bool stale = !connection->fresh() || connection->idle_since < oldest;
    if (stale) connection->close();
    return stale;
  });
}

/// A slot is free, with a connection or without one: it belongs to whoever waits longest.
void HttpClient::Pool::pass_on(ConnectionPtr connection) {
  if (!waiting.empty()) {
    const auto waiter = std::move(waiting.front());
    waiting.pop_front();
    waiter->granted = true;
    waiter->connection = std::move(connection);
    waiter->resume();
  } else if (connection) {
    connection->idle_since = clock.steady_now();
    idle.push_back(std::move(connection));
  } else {
    --slots;
  }
}

void HttpClient::Pool::give_back(ConnectionPtr connection, bool reusable) {
  if (reusable && connection->epoch == epoch && connection->fresh()) {
    connection->reused = true;
    connection->listen();
  } else {
    connection->close();
    connection = nullptr;
  }
  pass_on(std::move(connection));
}

Task<bool> HttpClient::Pool::wait_for_turn(std::shared_ptr<Waiter> waiter, SteadyTime deadline) {
  TimerId timer = 0;
  co_await park([&](Resume resume) {
    waiter->resume = std::move(resume);
    waiting.push_back(waiter);
    timer = clock.call_at(deadline, [this, waiter] {
      if (waiter->granted) return;
      std::erase(waiting, waiter);
      waiter->resume();
    });
  });
  clock.cancel(timer);
  co_return waiter->granted;
}

/// A connection for one request. The slot is the caller's until give_back() or pass_on().
Task<std::expected<ConnectionPtr, HttpFailure>> HttpClient::Pool::acquire(SteadyTime deadline) {
  drop_stale();
  if (waiting.empty() && !idle.empty()) {
    auto connection = std::move(idle.back());
    idle.pop_back();
    co_return connection;
  }
  if (waiting.empty() && slots < options.max_connections) {
    ++slots;
  } else {
    auto waiter = std::make_shared<Waiter>();
    if (!co_await wait_for_turn(waiter, deadline))
      co_return not_sent("every connection was in use until the deadline");
    if (waiter->connection && waiter->connection->fresh()) co_return waiter->connection;
    if (waiter->connection) waiter->connection->close();
  }
  auto dialed = co_await dial(deadline);
  if (!dialed) {
    pass_on(nullptr);
    co_return not_sent(dialed.error().text);
  }
  co_return std::move(*dialed);
}

HttpClient::HttpClient(Dialer& dialer, Clock& clock, Endpoint endpoint, HttpClientOptions options)
    : pool_(std::make_unique<Pool>(dialer, clock, std::move(endpoint), std::move(options))) {}

HttpClient::~HttpClient() { close_idle(); }

Task<std::expected<HttpResponse, HttpFailure>> HttpClient::send(HttpRequest request,
                                                                SteadyTime deadline) {
  auto title = title_of(request);
  if (!is_sendable(request)) co_return not_sent(title + kNotSendable);
  const RequestBuilder build = [&request] { return request; };
  co_return co_await send(std::move(title), build, deadline);
}

Task<std::expected<HttpResponse, HttpFailure>> HttpClient::send(std::string title,
                                                                const RequestBuilder& build,
                                                                SteadyTime deadline) {
  const auto aborts = pool_->aborts;
  auto acquired = co_await pool_->acquire(deadline);
  if (!acquired) co_return not_sent(title + ": " + acquired.error().text);
  auto connection = std::move(*acquired);
  for (;;) {
    if (pool_->clock.steady_now() >= deadline) {
      pool_->give_back(std::move(connection), true);
      co_return not_sent(title + ": the deadline passed before it was sent");
    }
    if (pool_->aborts != aborts) {
      pool_->give_back(std::move(connection), true);
      co_return not_sent(title + ": given up before it was sent");
    }
    const auto request = build();
    if (!is_sendable(request)) {
      pool_->give_back(std::move(connection), true);
      co_return not_sent(title + kNotSendable);
    }
    pool_->busy.push_back(connection);
    auto answer = co_await connection->exchange(
        pool_->clock, deadline, request_text(request, pool_->endpoint, pool_->options.user_agent),
        pool_->options.max_body_bytes);
    std::erase(pool_->busy, connection);
    if (answer.nothing_written && connection->reused) {
      connection->close();
      auto dialed = co_await pool_->dial(deadline);
      if (!dialed) {
        pool_->pass_on(nullptr);
        co_return not_sent(title + ": " + dialed.error().text);
      }
      connection = std::move(*dialed);
      continue;
    }
    pool_->give_back(std::move(connection), answer.reusable);
    if (!answer.outcome) answer.outcome.error().text.insert(0, title + ": ");
    co_return std::move(answer.outcome);
  }
}

Task<Status> HttpClient::prewarm(std::size_t count, SteadyTime deadline) {
  pool_->drop_stale();
  std::vector<Task<Status>> dials;
  while (pool_->idle.size() + dials.size() < count &&
         pool_->slots < pool_->options.max_connections) {
    ++pool_->slots;
    dials.push_back(pool_->dial_idle(deadline));
  }
  const auto results = co_await gather(std::move(dials));
  for (const auto& result : results)
    if (!result) co_return result;
  co_return Status{};
}

void HttpClient::abort() {
  ++pool_->aborts;
  for (const auto& connection : pool_->busy)
    connection->close();
  close_idle();
}

void HttpClient::close_idle() {
  ++pool_->epoch;
  for (const auto& connection : std::exchange(pool_->idle, {})) {
    connection->close();
    --pool_->slots;
  }
}

}  // namespace bb::net
