#include "tls_paper.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "base/async.h"
#include "paper/server.h"

namespace bb::bench {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TlsSocket = asio::ssl::stream<tcp::socket>;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

struct Pem {
  std::string key, certificate;
};

template <class Write>
std::string text_of(const Write& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  write(bio.get());
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Pem make_certificate() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 86'400);
  X509_set_pubkey(x509.get(), key.get());
  auto* name = X509_get_subject_name(x509.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(x509.get(), name);
  auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
  X509_add_ext(x509.get(), names, -1);
  X509_EXTENSION_free(names);
  X509_sign(x509.get(), key.get(), EVP_sha256());
  return {text_of([&](BIO* bio) {
            PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          }),
          text_of([&](BIO* bio) { PEM_write_bio_X509(bio, x509.get()); })};
}

/// The server's end of a TLS connection.
class ServedLayer final : public net::StreamLayer {
 public:
  explicit ServedLayer(std::shared_ptr<TlsSocket> socket) : socket_(std::move(socket)) {}
  ~ServedLayer() override { ServedLayer::close(); }
  asio::any_io_executor executor() override { return socket_->get_executor(); }
  void read_some(asio::mutable_buffer into, net::IoHandler done) override {
    socket_->async_read_some(into, Held{socket_, std::move(done)});
  }
  void write_some(asio::const_buffer from, net::IoHandler done) override {
    socket_->async_write_some(from, Held{socket_, std::move(done)});
  }
  void close() override {
    error_code ignored;
    socket_->next_layer().close(ignored);
  }
  bool is_open() const override { return socket_->next_layer().is_open(); }

 private:
  struct Held {
    std::shared_ptr<TlsSocket> socket;  // its operations outlive the layer
    net::IoHandler done;
    void operator()(error_code error, std::size_t bytes) { done(error, bytes); }
  };
  std::shared_ptr<TlsSocket> socket_;
};

sim::Market market_of(Clock& clock, int symbols) {
  sim::RandomMarketOptions options;
  options.market.begin = utc_midnight(clock.utc_now()) - Hours(48);
  options.symbols = symbols;
  options.days = 4;
  options.delistings_per_day = 0;
  return sim::make_random_market(options);
}

paper::ServerOptions options_of(std::chrono::microseconds round_trip) {
  paper::ServerOptions options;
  options.accounts = {{"bench", TlsPaper::kKey, TlsPaper::kSecret}};
  options.delay_before = round_trip / 2;
  options.delay_after = round_trip - round_trip / 2;
  return options;
}

}  // namespace

struct TlsPaper::State {
  State(int symbols, std::chrono::microseconds round_trip)
      : pem(make_certificate()),
        market(market_of(clock, symbols)),
        server(clock, market, options_of(round_trip)),
        acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port(acceptor.local_endpoint().port()) {
    tls.use_certificate_chain(asio::buffer(pem.certificate));
    tls.use_private_key(asio::buffer(pem.key), asio::ssl::context::pem);
  }

  Task<void> serve(tcp::socket socket) {
    socket.set_option(tcp::no_delay(true));
    auto stream = std::make_shared<TlsSocket>(std::move(socket), tls);
    const auto [refused] = co_await stream->async_handshake(asio::ssl::stream_base::server, kTuple);
    if (!refused)
      co_await server.serve_stream(net::AnyStream(std::make_unique<ServedLayer>(stream)), stop);
  }

  Task<void> run() {
    TaskGroup connections(io.get_executor());
    for (;;) {
      auto [error, socket] = co_await acceptor.async_accept(kTuple);
      if (error) break;
      connections.spawn(serve(std::move(socket)));
    }
    server.disconnect_streams();
    co_await connections.join();
  }

  asio::io_context io{1};
  SystemClock clock{io};
  Stop stop{clock};
  asio::ssl::context tls{asio::ssl::context::tls_server};
  Pem pem;
  sim::Market market;
  paper::Server server;
  tcp::acceptor acceptor;
  std::uint16_t port;
  std::thread thread;
};

TlsPaper::TlsPaper(int symbols, std::chrono::microseconds round_trip)
    : state_(std::make_unique<State>(symbols, round_trip)) {
  state_->thread = std::thread([s = state_.get()] { run_to_end(s->io, s->run()); });
}

TlsPaper::~TlsPaper() {
  asio::post(state_->io, [s = state_.get()] {
    s->stop.request();
    s->acceptor.close();
  });
  state_->thread.join();
}

std::uint16_t TlsPaper::port() const { return state_->port; }
const std::string& TlsPaper::certificate() const { return state_->pem.certificate; }

int TlsPaper::positions() const {
  std::promise<int> count;
  asio::post(state_->io, [&] {
    state_->server.advance();
    int open = 0;
    for (const auto& row : state_->server.exchange().positions(0))
      if (!row.position.qty.is_zero()) ++open;
    count.set_value(open);
  });
  return count.get_future().get();
}

}  // namespace bb::bench
