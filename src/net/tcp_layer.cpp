#include "net/tcp_layer.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "base/async.h"
#include "base/park.h"

namespace bb::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

class TcpLayer final : public StreamLayer {
 public:
  explicit TcpLayer(tcp::socket socket) : socket_(std::move(socket)) {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
  }

  asio::any_io_executor executor() override { return socket_.get_executor(); }
  void read_some(asio::mutable_buffer into, IoHandler done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write_some(asio::const_buffer from, IoHandler done) override {
    socket_.async_write_some(from, std::move(done));
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }
  bool is_open() const override { return socket_.is_open(); }
  std::string peer() const override {
    error_code error;
    auto address = socket_.remote_endpoint(error).address();
    if (error) return {};
    // A client of a dual-stack socket is known by its IPv4 address, as everybody writes it.
    if (address.is_v6() && address.to_v6().is_v4_mapped())
      address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    return address.to_string();
  }

 private:
  tcp::socket socket_;
};

using Addresses = std::vector<tcp::endpoint>;

/// A look-up cannot be interrupted: at the deadline it is left behind, and its answer is dropped.
struct LookUp {
  explicit LookUp(asio::io_context& io) : resolver(io) {}

  void finish(error_code e, Addresses found) {
    if (!resume) return;
    error = e;
    addresses = std::move(found);
    std::exchange(resume, {})();
  }

  tcp::resolver resolver;
  Resume resume;
  error_code error;
  Addresses addresses;
};

Task<Result<Addresses>> look_up(asio::io_context& io, Clock& clock, std::string host,
                                std::uint16_t port, SteadyTime deadline) {
  error_code not_literal;
  const auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) co_return Addresses{tcp::endpoint(literal, port)};
  auto query = std::make_shared<LookUp>(io);
  TimerId timer = 0;
  co_await park([&](Resume resume) {
    query->resume = std::move(resume);
    timer = clock.call_at(deadline, [query] { query->finish(asio::error::timed_out, {}); });
    query->resolver.async_resolve(
        host, std::to_string(port), tcp::resolver::numeric_service,
        [query](error_code error, const tcp::resolver::results_type& results) {
          query->finish(error, {results.begin(), results.end()});
        });
  });
  clock.cancel(timer);
  if (query->error || query->addresses.empty())
    co_return fail(ErrorKind::unreachable,
                   host + ": name look-up failed: " + query->error.message());
  co_return std::move(query->addresses);
}

// RFC 8305 §5: how long one attempt has before the next joins it.
constexpr Millis kHeadStart{250};

/// Attempts to reach one of several addresses; the first that stands wins, and ends the others.
struct Race {
  std::vector<std::shared_ptr<tcp::socket>> sockets;  // by attempt
  std::vector<error_code> errors;
  std::size_t lost = 0;
  std::optional<AnyStream> winner;
  Resume waiter;

  void wake() {
    if (waiter) waiter();
  }
  void close_all() {
    error_code ignored;
    for (const auto& socket : sockets)
      socket->close(ignored);
  }
};

Task<void> run_attempt(std::shared_ptr<Race> race, std::size_t number, tcp::endpoint address) {
  const auto socket = race->sockets[number];
  auto [error] = co_await socket->async_connect(address, kTuple);
  if (!socket->is_open() || error == asio::error::operation_aborted) error = asio::error::timed_out;
  if (!error && !race->winner) {
    race->winner = make_tcp_stream(std::move(*socket));
    race->close_all();
  } else {
    race->errors[number] = error;
    ++race->lost;
  }
  race->wake();
}

/// Until an attempt ends, or `when`.
Task<void> wait_for(std::shared_ptr<Race> race, Clock& clock, SteadyTime when) {
  TimerId timer = 0;
  co_await park([&](Resume resume) {
    race->waiter = std::move(resume);
    timer = clock.call_at(when, [race] { race->wake(); });
  });
  clock.cancel(timer);
}

}  // namespace

AnyStream make_tcp_stream(tcp::socket socket) {
  return AnyStream(std::make_unique<TcpLayer>(std::move(socket)));
}

Task<Result<AnyStream>> connect_tcp(asio::io_context& io, Clock& clock, std::string host,
                                    std::uint16_t port, SteadyTime deadline) {
  auto addresses = co_await look_up(io, clock, host, port, deadline);
  if (!addresses) co_return std::unexpected(addresses.error());
  const auto name = host + ":" + std::to_string(port);
  co_return co_await connect_first(io, clock, name, std::move(*addresses), deadline);
}

Task<Result<AnyStream>> connect_first(asio::io_context& io, Clock& clock, std::string name,
                                      Addresses addresses, SteadyTime deadline) {
  const auto race = std::make_shared<Race>();
  const auto timer = clock.call_at(deadline, [race] { race->close_all(); });
  TaskGroup group(io.get_executor());
  while (!race->winner && race->lost < addresses.size() && clock.steady_now() < deadline) {
    const auto started = race->sockets.size();
    if (started < addresses.size()) {
      race->sockets.push_back(std::make_shared<tcp::socket>(io));
      race->errors.emplace_back();
      group.spawn(run_attempt(race, started, addresses[started]));
    }
    const auto lost = race->lost;
    const bool has_more = race->sockets.size() < addresses.size();
    const auto until = has_more ? std::min(deadline, clock.after(kHeadStart)) : deadline;
    while (!race->winner && race->lost == lost && clock.steady_now() < until)
      co_await wait_for(race, clock, until);
  }
  race->close_all();
  co_await group.join();
  clock.cancel(timer);
  if (race->winner) co_return std::move(*race->winner);
  std::string why;
  for (std::size_t i = 0; i < race->errors.size(); ++i)
    why += (i == 0 ? "" : ", ") + addresses[i].address().to_string() + ": " +
           race->errors[i].message();
  if (why.empty()) why = "no time left";
  co_return fail(ErrorKind::unreachable, name + ": connect failed (" + why + ")");
}

}  // namespace bb::net
