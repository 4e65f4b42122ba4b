// One message of the account's stream (reference §14), decoded. The decoder is tolerant about what
// varies between servers and years: numbers as text, members that are absent or "". It throws
// net::JsonError only for an event it knows and cannot make sense of.
#pragma once

#include <optional>
#include <string>

#include "exchange/account_event.h"
#include "net/json.h"

namespace bb::binance {

struct StreamMessage {
  enum class Kind {
    event,    // `event` holds it
    seen,     // says less, and earlier, than the event that follows (TRADE_LITE)
    expired,  // the listen key `key` is dead
    ignored,  // known to be of no use to us
    unknown,  // of a kind this version does not know
  };
  Kind kind = Kind::unknown;
  std::string type;  // the exchange's word, "ORDER_TRADE_UPDATE"
  std::optional<exchange::AccountEvent> event;
  std::string key;
};

/// `root` is a raw message, or one wrapped in {"stream", "data"}.
StreamMessage parse_stream_message(net::JsonView root);

}  // namespace bb::binance
