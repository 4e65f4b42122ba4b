// LayerStream: an AnyStream as the AsyncReadStream and AsyncWriteStream of Asio, for the composed
// operations of TLS (and of WebSocket).
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/stream.h"

namespace bb::net {

class LayerStream {
 public:
  using executor_type = boost::asio::any_io_executor;
  using lowest_layer_type = LayerStream;

  explicit LayerStream(AnyStream stream) : stream_(std::move(stream)) {}
  executor_type get_executor() const { return stream_.layer().executor(); }
  lowest_layer_type& lowest_layer() { return *this; }
  const lowest_layer_type& lowest_layer() const { return *this; }
  const AnyStream& stream() const { return stream_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, boost::asio::mutable_buffer into) {
          if (into.size() == 0) return post_done(std::move(handler));
          stream_.layer().read_some(into, IoHandler(std::move(handler)));
        },
        token, first_of<boost::asio::mutable_buffer>(buffers));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, boost::asio::const_buffer from) {
          if (from.size() == 0) return post_done(std::move(handler));
          stream_.layer().write_some(from, IoHandler(std::move(handler)));
        },
        token, first_of<boost::asio::const_buffer>(buffers));
  }

 private:
  /// A layer takes one buffer at a time; reading or writing "some" allows that.
  template <class Buffer, class Buffers>
  static Buffer first_of(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto it = boost::asio::buffer_sequence_begin(buffers); it != end; ++it)
      if (const Buffer buffer(*it); buffer.size() > 0) return buffer;
    return {};
  }

  /// TLS uses empty reads to call back from the loop; they must pass a read that is pending.
  template <class Handler>
  void post_done(Handler handler) {
    boost::asio::post(get_executor(), [done = std::move(handler)]() mutable {
      done(boost::system::error_code(), std::size_t{0});
    });
  }

  AnyStream stream_;
};

}  // namespace bb::net
