// The accounts file of `paper --accounts FILE`: who trades on the paper exchange, and with which
// keys. INI, read like the configuration: every mistake is reported, with its line.
//
//   [account alice]                 the name is the account's alias
//   balance = 10000                 USDT; hedge, default_leverage, default_margin (cross, isolated)
//   api_key = key1                  the first key: HMAC, may read and trade
//   api_secret = secret1            or file:/path
//   maker_fee = 0.0002              taker_fee = 0.0005
//
//   [key alice-readonly]            more keys: one section each
//   account = alice
//   api_key = key2
//   public_key = file:alice.pem     RSA or Ed25519; or api_secret for HMAC
//   permissions = read              of read, trade, withdraw
//   addresses = 10.0.0.5, 10.0.0.6  the only ones it may come from
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "paper/options.h"

namespace bb::app {

/// Refused while others may read it and a secret stands in it. A relative file of a public key is
/// looked for beside the accounts file.
std::expected<std::vector<paper::PaperAccount>, std::vector<std::string>> load_paper_accounts(
    const std::string& path);

}  // namespace bb::app
