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
  steer,    // of a replay, whose money is paper: whoever may look; 404 without one
};

/// What an answer is made from that is the same for everybody who may look.
enum class Shared {
  nothing,  // it is nobody else's
  records,  // the database and the log
  live,     // and the newest look at exchange, holder and latch
};

struct Route {
  net::Method method = net::Method::get;
  std::string_view path;  // a last segment of "{id}" stands for any
  Access access = Access::look;
  Handler handler = nullptr;
  Shared shared = Shared::nothing;
};

std::span<const Route> routes();

/// From the bytes of a request to those of its answer; what a handler throws is a 500 and a line of
/// the log.
Task<net::ServerReply> dispatch(Site& site, net::HttpRequest http);

}  // namespace bb::dashboard
