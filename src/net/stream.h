// AnyStream: one type-erased byte stream, whatever carries it: TCP, TLS, a proxy tunnel, or memory
// inside a simulation. Everything above (HTTP, later WebSocket) is compiled once against it.
//
// A stream belongs to one loop. It is used by one reader and one writer at a time. close() ends a
// pending read or write with an error; that is how every deadline works.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace bb::net {

/// Where to connect. `host` is a name or an address; with `tls` the certificate must match it.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
};

/// Splits "https://fapi.binance.com" or "http://127.0.0.1:8080/prefix" into endpoint and path
/// prefix (without a trailing slash). Anything else is an error that shows the form.
struct BaseUrl {
  Endpoint endpoint;
  std::string prefix;
};
Result<BaseUrl> parse_base_url(std::string_view url);

using IoHandler = std::move_only_function<void(boost::system::error_code, std::size_t)>;

/// What a carrier implements. Completion handlers are called from the loop, never from inside the
/// call that started the operation. The buffer is the caller's until the handler has been called or
/// destroyed. Destroying a layer closes it.
class StreamLayer {
 public:
  virtual ~StreamLayer() = default;
  virtual boost::asio::any_io_executor executor() = 0;
  virtual void read_some(boost::asio::mutable_buffer into, IoHandler done) = 0;
  virtual void write_some(boost::asio::const_buffer from, IoHandler done) = 0;
  virtual void close() = 0;
  virtual bool is_open() const = 0;
  /// Address of the other end; memory looks like this machine itself.
  virtual std::string peer() const { return "127.0.0.1"; }
};

class AnyStream {
 public:
  AnyStream() = default;
  explicit AnyStream(std::unique_ptr<StreamLayer> layer) : layer_(std::move(layer)) {}
  explicit operator bool() const { return layer_ != nullptr; }
  StreamLayer& layer() const { return *layer_; }
  void close() const {
    if (layer_) layer_->close();
  }
  bool is_open() const { return layer_ && layer_->is_open(); }

 private:
  std::unique_ptr<StreamLayer> layer_;
};

/// How a read or a write ended. `bytes` counts even when `error` is set: they did travel.
struct IoResult {
  boost::system::error_code error;
  std::size_t bytes = 0;
};
/// At least one byte, or an error (end of file is one). Stream and buffer outlive the await.
Task<IoResult> read_some(const AnyStream& stream, boost::asio::mutable_buffer into);
/// Every byte, or an error after `bytes` of them.
Task<IoResult> write_all(const AnyStream& stream, std::string_view text);

/// Opens streams. Two bodies: the network (TCP, TLS, proxies), and memory.
class Dialer {
 public:
  virtual ~Dialer() = default;
  /// A connected stream, or an `unreachable` error that names the host and the phase that failed
  /// (name look-up, connect, TLS, proxy). No byte of a request has left when this fails.
  virtual Task<Result<AnyStream>> connect(Endpoint endpoint, SteadyTime deadline) = 0;
};

}  // namespace bb::net
