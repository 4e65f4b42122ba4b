#include "net/tls_layer.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <stdexcept>

#include "base/settings.h"
#include "net/layer_stream.h"

namespace bb::net {

namespace asio = boost::asio;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<LayerStream>;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

class TlsLayer final : public StreamLayer {
 public:
  explicit TlsLayer(std::shared_ptr<TlsStream> tls) : tls_(std::move(tls)) {}
  ~TlsLayer() override { TlsLayer::close(); }

  asio::any_io_executor executor() override { return tls_->get_executor(); }
  // The operations of ssl::stream go on inside it after close(): each keeps it alive.
  void read_some(asio::mutable_buffer into, IoHandler done) override {
    tls_->async_read_some(into, Held{tls_, std::move(done)});
  }
  void write_some(asio::const_buffer from, IoHandler done) override {
    tls_->async_write_some(from, Held{tls_, std::move(done)});
  }
  // Without the farewell of TLS: whoever closes has what it wanted, or has given up.
  void close() override { tls_->next_layer().stream().close(); }
  bool is_open() const override { return tls_->next_layer().stream().is_open(); }

 private:
  struct Held {
    std::shared_ptr<TlsStream> tls;
    IoHandler done;
    void operator()(error_code error, std::size_t bytes) { done(error, bytes); }
  };

  std::shared_ptr<TlsStream> tls_;
};

/// Sets the name that the certificate must have, and sends it along unless it is an address.
bool expect_host(SSL* ssl, const std::string& host) {
  error_code not_literal;
  const auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal)
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), literal.to_string().c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 &&
         SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host.c_str())) == 1;
}

std::string reason(SSL* ssl, error_code error, bool timed_out) {
  if (timed_out) return "no answer by the deadline";
  const auto verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK)
    return std::string("the certificate is refused: ") + X509_verify_cert_error_string(verified);
  return error.message();
}

// The system's folder of authorities is indexed by their names, and one is read when it is met:
// reading them all takes 40 ms of every start. A file that the user names comes first.
void trust_the_system(asio::ssl::context& tls, error_code& error) {
  const auto environment = process_environment();
  const bool names_a_file = environment.contains(X509_get_default_cert_file_env());
  const auto named = environment.find(X509_get_default_cert_dir_env());
  const std::filesystem::path folder =
      named != environment.end() ? named->second : X509_get_default_cert_dir();
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    if (names_a_file || entry.path().extension() != ".0") continue;
    if (SSL_CTX_set_default_verify_dir(tls.native_handle()) == 1) return;
    break;
  }
  tls.set_default_verify_paths(error);
}

}  // namespace

struct TlsClient::Context {
  asio::ssl::context tls{asio::ssl::context::tls_client};
};

TlsClient::TlsClient(const TlsFiles& files) : context_(std::make_unique<Context>()) {
  auto& tls = context_->tls;
  error_code error;
  if (SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION) != 1)
    throw std::runtime_error("the TLS library does not offer TLS 1.2");
  tls.set_verify_mode(asio::ssl::verify_peer);
  const auto refuse = [&error](const char* what, const std::string& file) {
    if (error)
      throw std::runtime_error(std::string(what) + " " + file +
                               " is not a readable PEM file: " + error.message());
  };
  if (files.only_ca.empty()) {
    trust_the_system(tls, error);
    if (error) throw std::runtime_error("the system's certificate authorities: " + error.message());
  }
  for (const auto* file : {&files.extra_ca, &files.only_ca}) {
    if (file->empty()) continue;
    tls.load_verify_file(*file, error);
    refuse("the CA file", *file);
  }
  if (files.client_cert.empty()) return;
  tls.use_certificate_chain_file(files.client_cert, error);
  refuse("the client certificate", files.client_cert);
  tls.use_private_key_file(files.client_key, asio::ssl::context::pem, error);
  refuse("the client's key", files.client_key);
}

TlsClient::~TlsClient() = default;

Task<Result<AnyStream>> TlsClient::handshake(AnyStream lower, Clock& clock, std::string host,
                                             SteadyTime deadline) {
  auto tls = std::make_shared<TlsStream>(LayerStream(std::move(lower)), context_->tls);
  if (!expect_host(tls->native_handle(), host))
    co_return fail(ErrorKind::invalid_input, host + ": TLS failed: not a host name");
  const auto timed_out = std::make_shared<bool>(false);
  const auto timer = clock.call_at(deadline, [tls, timed_out] {
    *timed_out = true;
    tls->next_layer().stream().close();
  });
  const auto [error] = co_await tls->async_handshake(asio::ssl::stream_base::client, kTuple);
  clock.cancel(timer);
  if (error || *timed_out) {
    tls->next_layer().stream().close();
    co_return fail(ErrorKind::unreachable,
                   host + ": TLS failed: " + reason(tls->native_handle(), error, *timed_out));
  }
  co_return AnyStream(std::make_unique<TlsLayer>(std::move(tls)));
}

}  // namespace bb::net
