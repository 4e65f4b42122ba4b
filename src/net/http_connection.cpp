#include "net/http_connection.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/gzip.h"
#include "net/http_wire.h"

namespace bb::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kInboxBytes = 64u << 10;
// Smaller than the inbox, so that a header without end is refused before the inbox is full.
constexpr std::size_t kMaxHeaderBytes = 48u << 10;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

bool is_gzip(const HttpResponse& response) {
  const auto encoding = find_header(response.headers, "content-encoding");
  return encoding == "gzip" || encoding == "x-gzip";
}

}  // namespace

HttpConnection::HttpConnection(AnyStream stream)
    : stream_(std::move(stream)), inbox_(kInboxBytes) {}

void HttpConnection::listen() {
  if (listening_ || heard_) return;
  const auto room = inbox_.room();
  if (room.size() == 0) {
    heard_ = IoResult{asio::error::no_buffer_space, 0};
    return;
  }
  listening_ = true;
  stream_.layer().read_some(room, [self = shared_from_this()](error_code error, std::size_t bytes) {
    self->on_heard(error, bytes);
  });
}

void HttpConnection::on_heard(error_code error, std::size_t bytes) {
  listening_ = false;
  inbox_.received(bytes);
  if (waiter_) {
    auto wake = std::exchange(waiter_, nullptr);
    wake(error, bytes);
  } else {
    heard_ = IoResult{error, bytes};
  }
}

Task<IoResult> HttpConnection::hear() {
  listen();
  if (heard_) co_return *std::exchange(heard_, std::nullopt);
  const auto [error, bytes] =
      co_await asio::async_initiate<decltype(kTuple)&, void(error_code, std::size_t)>(
          [this](auto handler) { waiter_ = IoHandler(std::move(handler)); }, kTuple);
  co_return IoResult{error, bytes};
}

Task<HttpConnection::Answer> HttpConnection::exchange(Clock& clock, SteadyTime deadline,
                                                      std::string request,
                                                      std::size_t max_body_bytes) {
  const auto timer = clock.call_at(deadline, [self = shared_from_this()] {
    self->timed_out_ = true;
    self->close();
  });
  auto answer = co_await exchange_now(std::move(request), max_body_bytes);
  clock.cancel(timer);
  co_return answer;
}

HttpFailure HttpConnection::failure(HttpFailure::Stage stage, std::string_view what,
                                    error_code error) const {
  std::string text(what);
  if (timed_out_)
    text += " by the deadline";
  else if (error)
    text += " (" + error.message() + ")";
  return {stage, std::move(text)};
}

Task<HttpConnection::Answer> HttpConnection::exchange_now(std::string request,
                                                          std::size_t max_body_bytes) {
  using enum HttpFailure::Stage;
  const auto written = co_await write_all(stream_, request);
  if (written.error) {
    const auto stage = written.bytes == 0 ? not_sent : sent;
    co_return Answer{std::unexpected(failure(stage, "the request was not written", written.error)),
                     false, written.bytes == 0 && !timed_out_};
  }
  const HttpParser::Limits limits{kMaxHeaderBytes, max_body_bytes};
  auto parser = std::make_unique<HttpParser>(HttpParser::Kind::response, limits);
  HttpResponse response;
  bool ended = false;
  for (;;) {
    const auto eaten = parser->feed(inbox_.text());
    if (!eaten)
      co_return Answer{
          std::unexpected(failure(sent, "a bad answer: " + std::string(str(eaten.error())), {}))};
    inbox_.consume(*eaten);
    if (parser->done()) {
      response = parser->take_response();
      const bool interim = response.status >= 100 && response.status < 200;
      if (!interim || response.status == 101) break;
      parser = std::make_unique<HttpParser>(HttpParser::Kind::response, limits);
      continue;
    }
    const auto heard = co_await hear();
    if (!heard.error) continue;
    ended = heard.error == asio::error::eof && parser->end();
    if (!ended) {
      const auto* what = parser->started() ? "the answer broke off" : "no answer came";
      co_return Answer{std::unexpected(failure(sent, what, heard.error))};
    }
    response = parser->take_response();
    break;
  }
  const bool reusable = !ended && parser->keeps_alive() && inbox_.empty();
  if (is_gzip(response)) {
    auto body = gunzip(response.body, max_body_bytes);
    if (!body)
      co_return Answer{std::unexpected(failure(sent, "a bad answer: " + body.error().text, {}))};
    response.body = std::move(*body);
  }
  co_return Answer{std::move(response), reusable};
}

}  // namespace bb::net
