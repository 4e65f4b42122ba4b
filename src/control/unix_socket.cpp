#include "control/impl/unix_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

namespace bb::control {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr int kBacklog = 64;
constexpr mode_t kOwnerOnly = 0600;
constexpr std::size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;

class UnixLayer final : public net::StreamLayer {
 public:
  explicit UnixLayer(stream_protocol::socket socket) : socket_(std::move(socket)) {}

  asio::any_io_executor executor() override { return socket_.get_executor(); }
  void read_some(asio::mutable_buffer into, net::IoHandler done) override {
    socket_.async_read_some(into, std::move(done));
  }
  void write_some(asio::const_buffer from, net::IoHandler done) override {
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

net::AnyStream stream_of(stream_protocol::socket socket) {
  return net::AnyStream(std::make_unique<UnixLayer>(std::move(socket)));
}

/// A name of the socket that the kernel takes: the path itself, or the one through its directory's
/// descriptor, which must stay open while the name is used.
class SocketName {
 public:
  static Result<SocketName> of(const std::string& path) {
    SocketName name;
    name.text_ = path;
    if (path.size() <= kPathMax) return name;
    const std::filesystem::path whole(path);
    name.directory_ = ::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (name.directory_ < 0 && errno == ENOENT)
      return fail(ErrorKind::unreachable,
                  fmt::format("'{}': {}", whole.parent_path().string(), std::strerror(errno)));
    name.text_ = fmt::format("/proc/self/fd/{}/{}", name.directory_, whole.filename().string());
    if (name.directory_ < 0 || name.text_.size() > kPathMax)
      return fail(ErrorKind::configuration,
                  fmt::format("the path of the socket '{}' has {} bytes, the system takes {}; "
                              "choose a shorter state_dir",
                              path, path.size(), kPathMax));
    return name;
  }
  SocketName(SocketName&& other) noexcept
      : text_(std::move(other.text_)), directory_(std::exchange(other.directory_, -1)) {}
  SocketName& operator=(SocketName&&) = delete;
  ~SocketName() {
    if (directory_ >= 0) ::close(directory_);
  }
  stream_protocol::endpoint endpoint() const { return stream_protocol::endpoint(text_); }

 private:
  SocketName() = default;
  std::string text_;
  int directory_ = -1;
};

}  // namespace

struct UnixListener::State {
  State(asio::io_context& io, std::string p) : acceptor(io), path(std::move(p)) {}
  stream_protocol::acceptor acceptor;
  std::string path;
};

UnixListener::UnixListener(std::unique_ptr<State> state) : state_(std::move(state)) {}

UnixListener::~UnixListener() {
  close();
  ::unlink(state_->path.c_str());
}

Result<std::unique_ptr<UnixListener>> UnixListener::open(asio::io_context& io, std::string path) {
  const auto name = SocketName::of(path);
  if (!name) return std::unexpected(name.error());
  auto state = std::make_unique<State>(io, path);
  ::unlink(path.c_str());
  error_code error;
  auto& acceptor = state->acceptor;
  acceptor.open(stream_protocol(), error);
  // Before it is bound, so that the file never has another mode.
  if (!error && ::fchmod(acceptor.native_handle(), kOwnerOnly) != 0)
    error = error_code(errno, boost::system::system_category());
  if (!error) acceptor.bind(name->endpoint(), error);
  if (!error && ::chmod(path.c_str(), kOwnerOnly) != 0)
    error = error_code(errno, boost::system::system_category());
  if (!error) acceptor.listen(kBacklog, error);
  if (!error) return std::unique_ptr<UnixListener>(new UnixListener(std::move(state)));
  return fail(ErrorKind::configuration,
              fmt::format("cannot listen on '{}': {}", path, error.message()));
}

Task<std::optional<Incoming>> UnixListener::accept() {
  auto [error, socket] = co_await state_->acceptor.async_accept(kTuple);
  if (error) co_return std::nullopt;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  // Who cannot be told is somebody else.
  Peer peer{static_cast<uid_t>(-1), 0};
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
    peer = {credentials.uid, credentials.pid};
  co_return Incoming{stream_of(std::move(socket)), peer};
}

void UnixListener::close() {
  error_code ignored;
  state_->acceptor.close(ignored);
}

Task<Result<net::AnyStream>> connect_unix(asio::io_context& io, std::string path) {
  const auto name = SocketName::of(path);
  if (!name) co_return std::unexpected(name.error());
  stream_protocol::socket socket(io);
  error_code error;
  socket.open(stream_protocol(), error);
  // At once or not at all: a queue that is full is a holder that does not answer.
  if (!error) socket.non_blocking(true, error);
  if (!error) socket.connect(name->endpoint(), error);
  if (!error) co_return stream_of(std::move(socket));
  const auto text = fmt::format("'{}': {}", path, error.message());
  if (error == asio::error::would_block || error == asio::error::try_again)
    co_return fail(ErrorKind::busy, text);
  if (error == asio::error::connection_refused ||
      error == boost::system::errc::no_such_file_or_directory)
    co_return fail(ErrorKind::unreachable, text);
  co_return fail(ErrorKind::configuration, text);
}

}  // namespace bb::control
