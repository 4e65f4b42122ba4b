#include "paper/auth.h"

#include <algorithm>
#include <cctype>

#include "net/crypto.h"

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

Auth::Auth(const std::vector<PaperAccount>& accounts) {
  for (std::size_t i = 0; i < accounts.size(); ++i)
    keys_.insert_or_assign(accounts[i].api_key, Key{static_cast<int>(i), accounts[i].api_secret});
}

sim::Answer<Auth::Caller> Auth::check(Security security, std::string_view api_key,
                                      std::string_view query, std::string_view body,
                                      ParamReader& params, TimePoint now,
                                      std::optional<TimePoint> wall) const {
  if (security == Security::none) return Caller{};
  if (!is_key_text(api_key)) return reject(-2014, "API-key format invalid.");
  const auto key = keys_.find(api_key);
  if (key == keys_.end()) return reject(-2015, "Invalid API-key, IP, or permissions for action.");
  Caller caller{key->second.account, {}};
  if (security == Security::key) return caller;

  caller.window.timestamp = from_ms(params.required_integer("timestamp"));
  const auto given = params.required("signature");
  if (auto bad = read_window(caller.window, params)) return std::unexpected(std::move(*bad));

  std::string lower(given);
  for (auto& c : lower)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto expected = net::hmac_sha256_hex(key->second.secret, signed_payload(query, body));
  if (!net::equal_constant_time(lower, expected))
    return reject(-1022, "Signature for this request is not valid.");
  if (auto late = caller.window.judge(now, wall)) return std::unexpected(std::move(*late));
  return caller;
}

sim::Answer<Auth::Caller> Auth::resume(Caller caller, ParamReader& params, TimePoint now,
                                       std::optional<TimePoint> wall) {
  caller.window = {from_ms(params.required_integer("timestamp"))};
  if (auto bad = read_window(caller.window, params)) return std::unexpected(std::move(*bad));
  if (auto late = caller.window.judge(now, wall)) return std::unexpected(std::move(*late));
  return caller;
}

}  // namespace bb::paper
