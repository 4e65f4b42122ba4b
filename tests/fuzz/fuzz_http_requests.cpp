// What clients send over HTTP. The first byte says how the rest is read:
//   'r'  the bytes of a connection, in pieces of up to so many bytes as the second byte says;
//   else lines "METHOD path?query", each signed with the account's key and handed to the exchange.
// Whatever comes: the exchange lives, its answers are JSON, and its books stay right.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/crypto.h"
#include "net/json.h"
#include "net/memory.h"
#include "paper/server.h"

using namespace bb;
using namespace bb::paper;

namespace {

constexpr const char* kKey = "fuzz-key";
constexpr const char* kWord = "fuzz-word";
constexpr int kLinesMax = 12;

const sim::Market& market() {
  static const sim::Market made = [] {
    sim::RandomMarketOptions options;
    options.symbols = 4;
    options.days = 2;
    options.step = Minutes(15);
    return sim::make_random_market(options);
  }();
  return made;
}

ServerOptions server_options() {
  ServerOptions options;
  options.accounts.push_back({.alias = "alpha", .api_key = kKey, .api_secret = kWord});
  options.limits.enabled = false;
  return options;
}

Task<void> send_bytes(net::AnyStream near, std::string_view bytes, std::size_t piece) {
  while (!bytes.empty()) {
    const auto now = bytes.substr(0, piece);
    const auto written = co_await net::write_all(near, now);
    if (written.error) break;
    bytes.remove_prefix(now.size());
  }
  near.close();
}

void read_connection(Server& server, SimClock& clock, boost::asio::io_context& io,
                     std::string_view bytes) {
  const std::size_t piece = bytes.empty() ? 1 : 1 + static_cast<unsigned char>(bytes.front());
  if (!bytes.empty()) bytes.remove_prefix(1);
  auto pair = net::make_memory_pair(io.get_executor(), clock, {.each_way = Micros(1000)});
  Stop stop(clock);
  const auto both = [&]() -> Task<void> {
    TaskGroup group(io.get_executor());
    group.spawn(server.serve_stream(std::move(pair.far), stop));
    group.spawn(send_bytes(std::move(pair.near), bytes, piece));
    co_await group.join();
  };
  run_to_end(clock, io, both());
}

Task<void> ask(Server& server, std::string_view line) {
  net::HttpRequest request;
  const auto blank = line.find(' ');
  const auto method = line.substr(0, blank);
  request.method = method == "POST"     ? net::Method::post
                   : method == "PUT"    ? net::Method::put
                   : method == "DELETE" ? net::Method::del
                                        : net::Method::get;
  if (blank != std::string_view::npos) request.target = std::string(line.substr(blank + 1));
  request.headers = {{"X-MBX-APIKEY", kKey}};
  const bool has_query = request.target.find('?') != std::string::npos;
  request.target += has_query ? "&timestamp=" : "?timestamp=";
  request.target += std::to_string(to_ms(server.now()));
  const auto query = request.target.substr(request.target.find('?') + 1);
  request.target += "&signature=" + net::hmac_sha256_hex(kWord, query);
  const bool is_api = request.target.starts_with("/fapi/") || request.target.starts_with("/sapi/");
  const auto reply = co_await server.handle(std::move(request));
  const auto type = net::find_header(reply.response.headers, "Content-Type");
  // A table, or a word to who asks a stream's address without a handshake.
  if (reply.websocket || (!is_api && type.find("json") == std::string::npos)) co_return;
  BB_CHECK(net::JsonDocument::parse(reply.response.body).has_value(), "an answer is JSON");
}

void check_books(const sim::Exchange& exchange) {
  Usdt sum;
  for (const auto& row : exchange.income(0))
    sum += row.amount;
  BB_CHECK(sum == exchange.balance(0).wallet, "a wallet is the sum of its income");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  boost::asio::io_context io(1);
  SimClock clock(io, market().begin() + Hours(3));
  Server server(clock, market(), server_options());
  if (text.front() == 'r') {
    read_connection(server, clock, io, text.substr(1));
  } else {
    for (int i = 0; i < kLinesMax && !text.empty(); ++i) {
      const auto end = text.find('\n');
      run_to_end(clock, io, ask(server, text.substr(0, end)));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }
  check_books(server.exchange());
  return 0;
}
