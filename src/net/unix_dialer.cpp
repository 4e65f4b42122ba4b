#include "net/unix_dialer.h"

#include <sys/un.h>

#include <boost/asio/local/stream_protocol.hpp>

namespace bb::net {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

class UnixLayer final : public StreamLayer {
 public:
  explicit UnixLayer(stream_protocol::socket socket) : socket_(std::move(socket)) {}

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
  std::string peer() const override { return "unix"; }

 private:
  stream_protocol::socket socket_;
};

class UnixDialer final : public Dialer {
 public:
  UnixDialer(asio::io_context& io, std::string path) : io_(io), path_(std::move(path)) {}

  Task<Result<AnyStream>> connect(Endpoint, SteadyTime) override {
    if (path_.empty() || path_.size() >= sizeof(sockaddr_un::sun_path))
      co_return fail(ErrorKind::configuration,
                     "'" + path_ + "' is no path of a socket (1 to " +
                         std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes)");
    stream_protocol::socket socket(io_);
    error_code error;
    socket.open(stream_protocol(), error);
    if (!error) socket.non_blocking(true, error);
    if (!error) socket.connect(stream_protocol::endpoint(path_), error);
    if (!error) co_return AnyStream(std::make_unique<UnixLayer>(std::move(socket)));
    const std::string text = path_ + ": " + error.message();
    if (error == asio::error::would_block || error == asio::error::try_again)
      co_return fail(ErrorKind::busy, path_ + ": its queue is full, nobody accepts");
    if (error == boost::system::errc::permission_denied)
      co_return fail(ErrorKind::configuration, text);
    co_return fail(ErrorKind::unreachable, text);
  }

 private:
  asio::io_context& io_;
  std::string path_;
};

}  // namespace

std::unique_ptr<Dialer> make_unix_dialer(asio::io_context& io, std::string path) {
  return std::make_unique<UnixDialer>(io, std::move(path));
}

}  // namespace bb::net
