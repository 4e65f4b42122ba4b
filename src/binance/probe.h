// Questions that only a check of a whole set-up asks: what the key may do, and whether the
// account's stream can be had. Both change nothing and are safe beside a running service.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "binance/settings.h"

namespace bb::net {
class Dialer;
}

namespace bb::binance {

class Venue;

/// GET /sapi/v1/account/apiRestrictions (reference §20).
struct KeyPermissions {
  bool is_ip_bound = false;
  bool reads = false;
  bool futures = false;
  bool withdrawals = false;
  bool internal_transfers = false;
  bool universal_transfers = false;
};

/// Where the wallet answers: a host of its own on live, nowhere on the testnet (empty), the
/// exchange's own host on paper.
std::string wallet_url_of(const Settings& settings);

/// `venue` lends its clock. Only where wallet_url_of() is not empty.
Task<Result<KeyPermissions>> fetch_key_permissions(Venue& venue, net::Dialer& dialer, Clock& clock,
                                                   const Settings& settings);

/// Gets the account's listen key (the exchange gives the one that is in use already), opens its
/// stream, and closes it again. The key lives on: whoever reads the stream needs it.
Task<Status> try_user_stream(Venue& venue, const Settings& settings);

}  // namespace bb::binance
