#include "net/stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace bb::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
using Tuple = decltype(kTuple)&;

}  // namespace

Task<IoResult> read_some(const AnyStream& stream, asio::mutable_buffer into) {
  const auto [error, bytes] = co_await asio::async_initiate<Tuple, void(error_code, std::size_t)>(
      [&stream, into](auto handler) {
        stream.layer().read_some(into, IoHandler(std::move(handler)));
      },
      kTuple);
  co_return IoResult{error, bytes};
}

Task<IoResult> write_all(const AnyStream& stream, std::string_view text) {
  std::size_t total = 0;
  while (total < text.size()) {
    const asio::const_buffer rest(text.data() + total, text.size() - total);
    const auto [error, bytes] = co_await asio::async_initiate<Tuple, void(error_code, std::size_t)>(
        [&stream, rest](auto handler) {
          stream.layer().write_some(rest, IoHandler(std::move(handler)));
        },
        kTuple);
    total += bytes;
    if (error) co_return IoResult{error, total};
  }
  co_return IoResult{{}, total};
}

}  // namespace bb::net
