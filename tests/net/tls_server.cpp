#include "net/tls_server.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <stdexcept>

namespace bb::net::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TlsSocket = asio::ssl::stream<tcp::socket>;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

class TlsSocketLayer final : public StreamLayer {
 public:
  explicit TlsSocketLayer(std::shared_ptr<TlsSocket> socket) : socket_(std::move(socket)) {}
  ~TlsSocketLayer() override { TlsSocketLayer::close(); }
  asio::any_io_executor executor() override { return socket_->get_executor(); }
  void read_some(asio::mutable_buffer into, IoHandler done) override {
    socket_->async_read_some(into, [s = socket_, d = std::move(done)](
                                       error_code error, std::size_t n) mutable { d(error, n); });
  }
  void write_some(asio::const_buffer from, IoHandler done) override {
    socket_->async_write_some(from, [s = socket_, d = std::move(done)](
                                        error_code error, std::size_t n) mutable { d(error, n); });
  }
  void close() override {
    error_code ignored;
    socket_->next_layer().close(ignored);
  }
  bool is_open() const override { return socket_->next_layer().is_open(); }

 private:
  std::shared_ptr<TlsSocket> socket_;
};

template <class Write>
std::string pem(const Write& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  write(bio.get());
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Certificate make_certificate(const std::string& names) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
  X509_set_pubkey(x509.get(), key.get());
  auto* name = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x509.get(), name);
  auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  if (extension == nullptr) throw std::runtime_error("bad names: " + names);
  X509_add_ext(x509.get(), extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(x509.get(), key.get(), EVP_sha256());
  return {pem([&](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          }),
          pem([&](BIO* bio) { PEM_write_bio_X509(bio, x509.get()); })};
}

TlsServer::TlsServer(asio::io_context& io, Clock& clock, const Certificate& certificate,
                     HttpHandler handler)
    : clock_(clock),
      handler_(std::move(handler)),
      acceptor_(io, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
  context_.use_certificate_chain(asio::buffer(certificate.certificate));
  context_.use_private_key(asio::buffer(certificate.key), asio::ssl::context::pem);
}

Task<void> TlsServer::run() {
  const Stop stop(clock_);
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(kTuple);
    if (error) co_return;
    if (before_tls) co_await before_tls(socket);
    if (!socket.is_open()) continue;
    auto tls = std::make_shared<TlsSocket>(std::move(socket), context_);
    const auto [refused] = co_await tls->async_handshake(asio::ssl::stream_base::server, kTuple);
    last_version_ = SSL_get_version(tls->native_handle());
    if (refused) continue;
    ++handshakes_;
    AnyStream stream(std::make_unique<TlsSocketLayer>(std::move(tls)));
    co_await serve_http(std::move(stream), clock_, handler_, {}, stop);
  }
}

}  // namespace bb::net::test
