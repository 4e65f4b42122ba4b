// Security: may this request come from our own page? And the fields that every answer carries.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dashboard/impl/request.h"

namespace bb::dashboard {

struct Refusal {
  int status = 403;
  std::string text;
};

/// Host names under which the page may be asked for: loopback, the address it listens on, and the
/// configured ones. Against DNS rebinding.
class HostNames {
 public:
  HostNames(const std::string& address, const std::vector<std::string>& allowed);
  /// `host` is a Host field: a name, perhaps with a port.
  bool contains(std::string_view host) const;

 private:
  std::vector<std::string> names_;
};

/// Where the request may not be served at all: a foreign host name, a cross-site or framed use of
/// the API, a change that does not come from our own page by script.
std::optional<Refusal> judge_origin(const Request& request, const HostNames& hosts);

/// Content security policy and the rest; what an answer says itself stays.
void add_security_fields(net::Headers& headers, bool behind_tls);

/// Equal in a time that does not depend on where they differ.
bool equal_secrets(std::string_view a, std::string_view b);

}  // namespace bb::dashboard
