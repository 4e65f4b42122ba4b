#include "domain/client_order_id.h"

#include <openssl/sha.h>

#include <array>

#include "base/check.h"

namespace bb {

namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view kKinds = "edbstclx";
constexpr std::string_view kJobs = "elpm";
constexpr std::size_t kLength = 25;
constexpr std::size_t kBody = 20;

TimePoint epoch() {
  using namespace std::chrono;
  return time_point_cast<Millis>(sys_days(year(2020) / 1 / 1));
}

std::string encode(std::uint64_t value, std::size_t digits) {
  std::string out(digits, '0');
  for (std::size_t i = digits; i-- > 0; value >>= 5)
    out[i] = kAlphabet[value & 31];
  BB_CHECK(value == 0, "the value fits its digits");
  return out;
}

std::optional<std::uint64_t> decode_digits(std::string_view text) {
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value << 5 | digit;
  }
  return value;
}

std::uint64_t hash64(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value = value << 8 | digest[i];
  return value;
}

std::string symbol_digits(Symbol symbol) {
  return encode(hash64(symbol.str()) & ((1ULL << 35) - 1), 7);
}

}  // namespace

ClientOrderIds::ClientOrderIds(std::string identity, std::string environment)
    : key_(identity + '\n' + environment),
      account_(static_cast<std::uint32_t>(hash64(key_) & 0x7fff)) {}

std::string ClientOrderIds::mac(std::string_view body) const {
  return encode(hash64(key_ + '\n' + std::string(body)) & ((1ULL << 25) - 1), 5);
}

ClientOrderId ClientOrderIds::make(const OrderKey& key) const {
  const auto day = std::chrono::floor<std::chrono::days>(key.day - epoch()).count();
  BB_CHECK(day >= 0 && day < (1 << 20), "the slot day is within the id's range");
  BB_CHECK(key.attempt >= 0 && key.attempt < (1 << 15), "the attempt is within the id's range");
  std::string body = "1";
  body += encode(account_, 3);
  body += encode(static_cast<std::uint64_t>(day), 4);
  body += kJobs[static_cast<std::size_t>(key.job)];
  body += symbol_digits(key.symbol);
  body += kKinds[static_cast<std::size_t>(key.kind)];
  body += encode(static_cast<std::uint64_t>(key.attempt), 3);
  return ClientOrderId(body + mac(body));
}

std::optional<ClientOrderIds::Decoded> ClientOrderIds::decode(const ClientOrderId& id,
                                                              Symbol symbol) const {
  const std::string_view text = id.str();
  if (text.size() != kLength || text[0] != '1') return std::nullopt;
  if (text.substr(kBody) != mac(text.substr(0, kBody))) return std::nullopt;
  if (text.substr(9, 7) != symbol_digits(symbol)) return std::nullopt;
  const auto day = decode_digits(text.substr(4, 4));
  const auto job = kJobs.find(text[8]);
  const auto kind = kKinds.find(text[16]);
  const auto attempt = decode_digits(text.substr(17, 3));
  if (!day || !attempt || job == std::string_view::npos || kind == std::string_view::npos)
    return std::nullopt;
  return Decoded{epoch() + std::chrono::days(*day), static_cast<Job>(job),
                 static_cast<OrderKind>(kind), static_cast<int>(*attempt)};
}

std::string_view str(OrderKind kind) {
  switch (kind) {
    case OrderKind::entry:
      return "entry";
    case OrderKind::redistribute:
      return "redistribute";
    case OrderKind::stop:
      return "stop";
    case OrderKind::moving_stop:
      return "moving_stop";
    case OrderKind::take_profit:
      return "take_profit";
    case OrderKind::close:
      return "close";
    case OrderKind::loss_cut:
      return "loss_cut";
    case OrderKind::risk_off:
      return "risk_off";
  }
  return "";
}

std::string_view str(Job job) {
  switch (job) {
    case Job::entry:
      return "entry";
    case Job::loss_cut:
      return "loss_cut";
    case Job::patrol:
      return "patrol";
    case Job::manual:
      return "manual";
  }
  return "";
}

}  // namespace bb
