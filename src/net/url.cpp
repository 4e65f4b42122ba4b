#include <charconv>

#include "net/http.h"
#include "net/stream.h"

namespace bb::net {

namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::unexpected<Error> bad_url(std::string_view url, std::string_view why) {
  return fail(ErrorKind::invalid_input,
              "not a base address (" + std::string(why) + "): \"" + std::string(url) +
                  "\"; the form is https://host, https://host:port or https://host/prefix");
}

/// Splits "host", "host:port" or "[v6 address]:port"; the port stays empty when there is none.
bool split_host(std::string_view authority, std::string_view& host, std::string_view& port,
                bool& has_port) {
  std::string_view rest;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return false;
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else {
    const auto colon = authority.find(':');
    host = authority.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  }
  has_port = !rest.empty();
  if (!has_port) return true;
  if (rest.front() != ':') return false;
  port = rest.substr(1);
  return true;
}

bool is_host(std::string_view host) {
  if (host.empty()) return false;
  for (const char c : host)
    if (!is_unreserved(c) && c != ':') return false;
  return true;
}

}  // namespace

Result<BaseUrl> parse_base_url(std::string_view url) {
  BaseUrl base;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    base.endpoint.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return bad_url(url, "it must begin with https:// or http://");
  }
  const auto slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  std::string_view prefix = slash == std::string_view::npos ? "" : rest.substr(slash);
  while (prefix.ends_with('/'))
    prefix.remove_suffix(1);
  for (const char c : prefix)
    if (c <= ' ' || c == '?' || c == '#' || c == 0x7f)
      return bad_url(url, "a path prefix has no query, fragment or blank");
  std::string_view host;
  std::string_view port;
  bool has_port = false;
  if (!split_host(authority, host, port, has_port) || !is_host(host))
    return bad_url(url, "the host is missing or not a host name");
  base.endpoint.port = base.endpoint.tls ? 443 : 80;
  if (has_port) {
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), base.endpoint.port);
    if (error != std::errc() || end != port.data() + port.size() || base.endpoint.port == 0)
      return bad_url(url, "the port must be 1 to 65535");
  }
  base.endpoint.host = host;
  base.prefix = prefix;
  return base;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() + 16);
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return fail(ErrorKind::invalid_input,
                    "a broken percent escape at byte " + std::to_string(i));
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

}  // namespace bb::net
