#include "net/http_stream.h"

#include <array>
#include <boost/asio/error.hpp>
#include <limits>

#include "net/http_wire.h"

namespace bb::net {

namespace {

constexpr std::size_t kPiece = 16u << 10;
constexpr std::size_t kMaxHeaderBytes = 64u << 10;

}  // namespace

struct HttpStream::State {
  AnyStream stream;
  HttpParser parser{HttpParser::Kind::response,
                    {kMaxHeaderBytes, std::numeric_limits<std::size_t>::max()}};
  std::string unread;  // what the parser did not eat yet
  std::array<char, kPiece> buffer{};

  Status feed() {
    const auto eaten = parser.feed(unread);
    if (!eaten)
      return fail(ErrorKind::malformed, "a bad answer: " + std::string(str(eaten.error())));
    unread.erase(0, *eaten);
    return {};
  }

  /// True at the end of the message.
  Task<Result<bool>> hear() {
    const auto heard = co_await read_some(stream, boost::asio::buffer(buffer));
    unread.append(buffer.data(), heard.bytes);
    if (const auto fed = feed(); !fed) co_return std::unexpected(fed.error());
    if (parser.done()) co_return true;
    if (!heard.error) co_return false;
    if (heard.error == boost::asio::error::eof && parser.end()) co_return true;
    co_return fail(ErrorKind::unreachable, "the answer broke off (" + heard.error.message() + ")");
  }
};

HttpStream::HttpStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpStream::~HttpStream() = default;

Task<Result<std::unique_ptr<HttpStream>>> HttpStream::open(Dialer& dialer, Clock& clock,
                                                           Endpoint endpoint, HttpRequest request,
                                                           SteadyTime deadline) {
  auto stream = co_await dialer.connect(endpoint, deadline);
  if (!stream) co_return std::unexpected(stream.error());
  auto state = std::make_unique<State>();
  state->stream = std::move(*stream);
  bool timed_out = false;
  const auto timer = clock.call_at(deadline, [&] {
    timed_out = true;
    state->stream.close();
  });
  Status outcome;
  const auto text = request_text(request, endpoint, "bubble-buster");
  if (const auto written = co_await write_all(state->stream, text); written.error)
    outcome = fail(ErrorKind::unreachable, written.error.message());
  while (outcome && !state->parser.head_done()) {
    const auto ended = co_await state->hear();
    if (!ended) outcome = std::unexpected(ended.error());
  }
  clock.cancel(timer);
  if (timed_out) co_return fail(ErrorKind::unreachable, "no answer by the deadline");
  if (!outcome) co_return std::unexpected(outcome.error());
  co_return std::unique_ptr<HttpStream>(new HttpStream(std::move(state)));
}

int HttpStream::status() const { return state_->parser.status(); }

Task<Result<std::string>> HttpStream::read() {
  for (;;) {
    auto piece = state_->parser.take_body();
    if (!piece.empty() || state_->parser.done()) co_return piece;
    if (const auto ended = co_await state_->hear(); !ended)
      co_return std::unexpected(ended.error());
  }
}

void HttpStream::close() { state_->stream.close(); }

}  // namespace bb::net
