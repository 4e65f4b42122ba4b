// Routes: every address of the dashboard, who may use it, and the one way to its handler.
#pragma once

#include <span>
#include <string_view>

#include "dashboard/impl/site.h"

namespace bb::dashboard {

enum class Access {
  open,     // before sign-in
  session,  // a change of one's own session: the token of it
  look,     // signed in; on this machine alone without a password, too
  act,      // signed in as owner, with the session's token
};

struct Route {
  net::Method method = net::Method::get;
  std::string_view path;  // a last segment of "{id}" stands for any
  Access access = Access::look;
  Handler handler = nullptr;
};

std::span<const Route> routes();

/// From the bytes of a request to those of its answer; what a handler throws is a 500 and a line of
/// the log.
Task<net::ServerReply> dispatch(Site& site, net::HttpRequest http);

}  // namespace bb::dashboard
