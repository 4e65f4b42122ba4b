#include "paper/auth.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/check.h"
#include "net/crypto.h"
#include "net/keys.h"

namespace bb::paper {

namespace {

void append_without_signature(std::string& payload, std::string_view text) {
  bool first = true;
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.starts_with("signature=")) continue;
    if (!first) payload += '&';
    payload += pair;
    first = false;
  }
}

bool is_key_text(std::string_view key) {
  return !key.empty() && key.size() <= 128 && std::ranges::all_of(key, [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

std::unexpected<Rejection> reject(int code, std::string text) {
  return std::unexpected(Rejection{code, std::move(text)});
}

std::optional<Rejection> read_window(TimeWindow& window, ParamReader& params) {
  const auto span = params.optional_integer("recvWindow");
  if (span && *span > 60'000)
    params.complain(-1130, "Data sent for parameter 'recvWindow' is not valid.");
  if (span) window.recv_window = Millis(*span);
  return params.error();
}

}  // namespace

std::optional<Rejection> TimeWindow::judge(TimePoint now, std::optional<TimePoint> wall) const {
  if (wall && !judge(*wall)) return std::nullopt;
  if (timestamp >= now + Millis(1000))
    return Rejection{-1021, "Timestamp for this request was 1000ms ahead of the server's time."};
  if (now - timestamp > recv_window)
    return Rejection{-1021, "Timestamp for this request is outside of the recvWindow."};
  return std::nullopt;
}

std::string signed_payload(std::string_view query, std::string_view body) {
  std::string payload;
  payload.reserve(query.size() + body.size());
  append_without_signature(payload, query);
  append_without_signature(payload, body);
  return payload;
}

struct Auth::Key {
  ApiKey key;
  int account = 0;
  std::optional<net::PublicKey> verifier;
  std::optional<net::HmacSha256> mac{};
  bool revoked = false;
};

Auth::Auth(const std::vector<PaperAccount>& accounts) {
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    for (auto& key : keys_of(accounts[i])) {
      auto entry = std::make_unique<Key>(std::move(key), static_cast<int>(i), std::nullopt);
      if (entry->key.secret.empty()) {
        auto verifier = net::PublicKey::parse(entry->key.public_key);
        BB_CHECK(verifier.has_value(), "accounts are checked before the exchange opens");
        entry->verifier = std::move(*verifier);
      } else {
        entry->mac.emplace(entry->key.secret);
      }
      keys_.insert_or_assign(entry->key.key, std::move(entry));
    }
  }
}

Auth::~Auth() = default;

sim::Answer<Auth::Caller> Auth::identify(std::string_view api_key, std::string_view address,
                                         bool reads, bool acts) const {
  if (!is_key_text(api_key)) return reject(-2014, "API-key format invalid.");
  const auto refused = [] {
    return reject(-2015, "Invalid API-key, IP, or permissions for action.");
  };
  const auto found = keys_.find(api_key);
  if (found == keys_.end() || found->second->revoked) return refused();
  const ApiKey& key = found->second->key;
  if (!key.addresses.empty() && std::ranges::find(key.addresses, address) == key.addresses.end())
    return refused();
  if ((reads && !key.can_read) || (acts && !key.can_trade)) return refused();
  return Caller{found->second->account, &key, {}};
}

bool Auth::is_signed(const Caller& caller, std::string_view payload,
                     std::string_view signature) const {
  const Key& key = *keys_.find(caller.key->key)->second;
  if (key.verifier) return key.verifier->verifies(payload, signature);
  std::string lower(signature);
  for (auto& c : lower)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return net::equal_constant_time(lower, key.mac->hex_of(payload));
}

bool Auth::is_ed25519(std::string_view api_key) const {
  const auto found = keys_.find(api_key);
  if (found == keys_.end() || !found->second->verifier) return false;
  return found->second->verifier->type() == net::KeyType::ed25519;
}

bool Auth::set_revoked(std::string_view api_key, bool revoked) {
  const auto found = keys_.find(api_key);
  if (found == keys_.end()) return false;
  found->second->revoked = revoked;
  return true;
}

sim::Answer<Auth::Caller> Auth::check(Security security, const Request& request,
                                      ParamReader& params, TimePoint now,
                                      std::optional<TimePoint> wall) const {
  if (security == Security::none) return Caller{};
  const bool is_signed_request = security == Security::signed_;
  auto caller = identify(request.api_key, request.address, is_signed_request && !request.acts,
                         is_signed_request && request.acts);
  if (!caller || !is_signed_request) return caller;

  caller->window.timestamp = from_ms(params.required_integer("timestamp"));
  const auto given = params.required("signature");
  if (auto bad = read_window(caller->window, params)) return std::unexpected(std::move(*bad));

  if (!is_signed(*caller, signed_payload(request.query, request.body), given))
    return reject(-1022, "Signature for this request is not valid.");
  if (auto late = caller->window.judge(now, wall)) return std::unexpected(std::move(*late));
  return caller;
}

sim::Answer<Auth::Caller> Auth::resume(Caller caller, bool acts, ParamReader& params, TimePoint now,
                                       std::optional<TimePoint> wall) {
  if (acts ? !caller.key->can_trade : !caller.key->can_read)
    return reject(-2015, "Invalid API-key, IP, or permissions for action.");
  caller.window = {from_ms(params.required_integer("timestamp"))};
  if (auto bad = read_window(caller.window, params)) return std::unexpected(std::move(*bad));
  if (auto late = caller.window.judge(now, wall)) return std::unexpected(std::move(*late));
  return caller;
}

std::vector<ApiKey> keys_of(const PaperAccount& account) {
  std::vector<ApiKey> keys;
  if (!account.api_key.empty() || !account.api_secret.empty())
    keys.push_back({account.api_key, account.api_secret});
  keys.insert(keys.end(), account.keys.begin(), account.keys.end());
  return keys;
}

Status check_accounts(const std::vector<PaperAccount>& accounts) {
  const auto bad = [](std::string text) { return fail(ErrorKind::configuration, std::move(text)); };
  if (accounts.empty()) return bad("the paper exchange has no account: name at least one");
  std::set<std::string> names, aliases;
  for (const auto& account : accounts) {
    const std::string who = "paper account " + account.alias;
    if (!aliases.insert(account.alias).second) return bad(who + " is there a second time");
    const auto keys = keys_of(account);
    if (keys.empty()) return bad(who + " needs an API key");
    for (const auto& key : keys) {
      if (!is_key_text(key.key))
        return bad(who + " needs an API key of letters, digits, '-', '_' and '.'");
      if (!names.insert(key.key).second) return bad(who + " has an API key that stands twice");
      if (key.secret.empty() == key.public_key.empty())
        return bad(who + ": a key needs either a secret (HMAC) or a public key (RSA, Ed25519)");
      if (key.public_key.empty()) continue;
      if (const auto read = net::PublicKey::parse(key.public_key); !read)
        return bad(who + ": " + read.error().text);
    }
  }
  return {};
}

}  // namespace bb::paper
