// What a query does with what came back: believe it, try again, or give up with which error.
#pragma once

#include "binance/call.h"

namespace bb::binance {

enum class Fate {
  good,
  again,      // transport, 5xx, 408, broken JSON, codes that mean "not now"
  clock,      // -1021: measure the exchange's clock, then once more
  pause,      // 429
  banned,     // 418
  wrong_key,  // key, signature or permission: the operator must act
  rejected,   // any other code
  malformed,  // an answer of a kind that this protocol does not have
};

Fate fate_of(const Evidence& evidence);
std::unexpected<Error> error_of(const Call& call, const Reply& reply, Fate fate);

}  // namespace bb::binance
