#include "binance/signing.h"

#include "net/crypto.h"
#include "net/http.h"

namespace bb::binance {

Params& Params::add(std::string_view name, std::string_view value) {
  if (!encoded_.empty()) encoded_ += '&';
  encoded_ += name;
  encoded_ += '=';
  encoded_ += net::percent_encode(value);
  return *this;
}

Params& Params::add(std::string_view name, std::int64_t value) {
  return add(name, std::string_view(std::to_string(value)));
}

std::string signature_of(const Secret& api_secret, std::string_view query, std::string_view body) {
  std::string payload(query);
  payload += body;
  return net::hmac_sha256_hex(api_secret.reveal(), payload);
}

SignedParams sign(const Params& params, const Credentials& credentials, TimePoint stamp) {
  Params stamped = params;
  stamped.add("recvWindow", credentials.recv_window).add("timestamp", stamp);
  SignedParams out;
  out.signature = signature_of(credentials.api_secret, stamped.encoded(), {});
  stamped.add("signature", out.signature);
  out.text = stamped.encoded();
  return out;
}

std::string printable(std::string_view text, std::initializer_list<std::string_view> secrets) {
  constexpr std::size_t kLongest = 200;
  std::string out(text);
  for (const auto secret : secrets) {
    if (secret.empty()) continue;
    for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at + 3))
      out.replace(at, secret.size(), "***");
  }
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  if (out.size() > kLongest) {
    std::size_t end = kLongest;  // not inside a character
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80)
      --end;
    out.resize(end);
  }
  return out;
}

}  // namespace bb::binance
