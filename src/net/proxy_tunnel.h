// The tunnel through a proxy: HTTP CONNECT, or SOCKS5 (RFC 1928, login by RFC 1929).
#pragma once

#include "net/dialer.h"

namespace bb::net {

/// Asks the proxy at the other end of `proxy` for a tunnel to `target`; afterwards the stream's
/// bytes are the target's.
Task<Result<AnyStream>> open_tunnel(AnyStream proxy, Clock& clock, const ProxyOptions& options,
                                    Endpoint target, SteadyTime deadline);

/// The SOCKS5 part of it; empty when the tunnel stands, else why not.
Task<std::string> negotiate_socks5(const AnyStream& proxy, const ProxyOptions& options,
                                   Endpoint target);

}  // namespace bb::net
