#include "binance/signing.h"

#include "binance/account.h"
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

namespace {

// The fixed part of an Ed25519 key in PKCS#8. A 64-letter HMAC secret is base64, too; this it is
// not.
constexpr std::string_view kEd25519Begin = "MC4CAQAwBQYDK2VwBCIEI";
constexpr std::size_t kRsaLettersMin = 600;  // 2048 bits have about 1600

/// An INI file or an environment variable may hold PEM on one line, with \n for its line breaks.
std::string with_line_breaks(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'n';
    out += is_escape ? '\n' : text[i];
    if (is_escape) ++i;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_private_key(std::string_view text) {
  if (text.find("-----") != std::string_view::npos) return true;
  return text.starts_with(kEd25519Begin) ||
         (text.starts_with("MII") && text.size() >= kRsaLettersMin);
}

}  // namespace

Result<Credentials> make_credentials(const Settings& settings) {
  const auto bad = [](const std::string& why) {
    return fail(ErrorKind::configuration, "[binance] api_secret: " + why);
  };
  Credentials out{settings.api_key.clone(), settings.api_secret.clone(), settings.recv_window};
  const auto text = trimmed(settings.api_secret.reveal());
  if (!is_private_key(text)) {
    for (const char c : text)
      if (static_cast<unsigned char>(c) <= ' ')
        return bad("it has blanks or line breaks, and is no private key in PEM");
    out.api_secret = Secret(std::string(text));
    return out;
  }
  if (text.find("PUBLIC KEY") != std::string_view::npos)
    return bad("this is the public key, which belongs to the exchange; the private one signs");
  auto key = net::PrivateKey::parse(Secret(with_line_breaks(text)));
  if (!key) return bad(key.error().text);
  out.private_key = std::make_shared<const net::PrivateKey>(std::move(*key));
  return out;
}

Status check_key(const Settings& settings) {
  const auto made = make_credentials(settings);
  if (!made) return std::unexpected(made.error());
  return {};
}

std::string signature_of(const Credentials& credentials, std::string_view query,
                         std::string_view body) {
  std::string payload(query);
  payload += body;
  if (credentials.private_key) return credentials.private_key->sign(payload);
  return net::hmac_sha256_hex(credentials.api_secret.reveal(), payload);
}

SignedParams sign(const Params& params, const Credentials& credentials, TimePoint stamp) {
  Params stamped = params;
  stamped.add("recvWindow", credentials.recv_window).add("timestamp", stamp);
  SignedParams out;
  out.signature = signature_of(credentials, stamped.encoded(), {});
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
