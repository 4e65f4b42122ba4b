// The HTTP CONNECT tunnel through a proxy.
#pragma once

#include "net/dialer.h"

namespace bb::net {

/// Asks the proxy at the other end of `proxy` for a tunnel to `target`; afterwards the stream's
/// bytes are the target's.
Task<Result<AnyStream>> open_tunnel(AnyStream proxy, Clock& clock, const ProxyOptions& options,
                                    Endpoint target, SteadyTime deadline);

}  // namespace bb::net
