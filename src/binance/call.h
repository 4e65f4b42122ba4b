// One request of this module and what came back. Internal: names types of net/.
#pragma once

#include <optional>
#include <string>

#include "base/check.h"
#include "binance/limits.h"
#include "binance/outcome_table.h"
#include "binance/signing.h"
#include "net/http.h"
#include "net/json.h"

namespace bb::binance {

class OrderSocket;

struct Call {
  net::Method method = net::Method::get;
  std::string path;  // "/fapi/v1/order"
  Params params;
  int weight = 1;
  const Credentials* signer = nullptr;  // null = public; outlives the call
  bool proves = false;    // a read that protecting and closing rest on: before the others
  bool key_only = false;  // shows the signer's key, and signs nothing

  OrderSocket* socket = nullptr;  // the way where it is open; null = HTTP

  // Placements only.
  OrderPool* pool = nullptr;
  OrderUse use = OrderUse::protects;
  std::string pool_symbol{};
};

/// A parsed answer to a query, and the exchange time at which it was asked.
struct Answer {
  net::JsonDocument document;
  TimePoint asked_at{};
};

/// Whatever one attempt brought.
struct Reply {
  Evidence evidence;
  std::string text;  // for a person, without secrets
  std::optional<net::JsonDocument> document;
  TimePoint asked_at{};

  net::JsonView root() const {
    BB_CHECK(document.has_value(), "a reply without JSON has no root");
    return document->root();
  }
};

/// Parses an answer; every fault of it becomes one `malformed` error that names the path inside.
template <class Parse>
auto read_answer(const net::JsonDocument& document, std::string_view what, Parse parse)
    -> Result<decltype(parse(document.root()))> {
  const auto malformed = [&](const char* why) {
    return fail(ErrorKind::malformed,
                "the exchange's answer to " + std::string(what) + " does not parse: " + why);
  };
  try {
    return parse(document.root());
  } catch (const net::JsonError& error) {
    return malformed(error.what());
  } catch (const DecimalOverflow& error) {
    return malformed(error.what());
  }
}

}  // namespace bb::binance
