#include "dashboard/impl/security.h"

#include <algorithm>

#include "net/crypto.h"

namespace bb::dashboard {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

/// Without the port; "[::1]:8787" is "::1".
std::string name_of(std::string_view host) {
  if (host.starts_with('[')) return lower(host.substr(1, host.find(']') - 1));
  return lower(host.substr(0, host.find(':')));
}

bool is_api(const std::string& path) { return path.starts_with("/api/"); }

// A script, a style or a picture of the page itself, or the page.
bool is_wanted_use(const Request& request) {
  const auto site = request.header("Sec-Fetch-Site");
  const auto mode = request.header("Sec-Fetch-Mode");
  const auto destination = request.header("Sec-Fetch-Dest");
  if (site.empty() || site == "same-origin" || site == "none") {
    const bool framed = destination == "iframe" || destination == "frame" ||
                        destination == "object" || destination == "embed";
    return !framed;
  }
  // A link elsewhere may lead to the page, in a window of its own.
  return !is_api(request.path) && !request.is_post() && mode == "navigate" &&
         destination == "document";
}

}  // namespace

HostNames::HostNames(const std::string& address, const std::vector<std::string>& allowed)
    : names_{"localhost", "127.0.0.1", "::1", lower(address)} {
  for (const auto& name : allowed)
    names_.push_back(lower(name));
}

bool HostNames::contains(std::string_view host) const {
  return !host.empty() && std::ranges::find(names_, name_of(host)) != names_.end();
}

std::optional<Refusal> judge_origin(const Request& request, const HostNames& hosts) {
  const auto host = request.header("Host");
  if (std::ranges::count_if(request.http.headers,
                            [](const auto& field) { return lower(field.first) == "host"; }) != 1 ||
      !hosts.contains(host))
    return Refusal{421,
                   "this dashboard does not answer under the name of this request; add the name "
                   "to [dashboard] allowed_hosts if it is meant, and let the proxy pass the Host "
                   "field on"};
  if (!is_wanted_use(request))
    return Refusal{403, "another site asked for this; open the dashboard itself"};
  if (!request.is_post()) return std::nullopt;
  const auto origin = request.header("Origin");
  const std::string own(host);
  if (origin != "http://" + own && origin != "https://" + own)
    return Refusal{403, "a change must come from the dashboard's own page (Origin)"};
  const auto type = lower(request.header("Content-Type"));
  if (!type.starts_with("application/json"))
    return Refusal{415, "a change is sent as application/json"};
  return std::nullopt;
}

void add_security_fields(net::Headers& headers, bool behind_tls) {
  const auto add = [&](const char* name, const char* value) {
    if (net::find_header(headers, name).empty()) headers.emplace_back(name, value);
  };
  add("Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
      "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'");
  add("X-Content-Type-Options", "nosniff");
  add("X-Frame-Options", "DENY");
  add("Referrer-Policy", "no-referrer");
  add("Cross-Origin-Opener-Policy", "same-origin");
  add("Cross-Origin-Resource-Policy", "same-origin");
  add("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
  add("Cache-Control", "no-store");
  add("Vary", "Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept-Encoding, Cookie");
  if (behind_tls) add("Strict-Transport-Security", "max-age=31536000");
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return net::equal_constant_time(a, b);
}

}  // namespace bb::dashboard
