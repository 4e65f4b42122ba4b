#include "binance/fate.h"

#include <fmt/format.h>

namespace bb::binance {

Fate fate_of(const Evidence& evidence) {
  if (evidence.stage != Stage::answered) return Fate::again;
  const int status = evidence.http_status;
  if (status == 418) return Fate::banned;
  if (status == 429) return Fate::pause;
  if (status == 408 || status >= 500) return Fate::again;
  if (evidence.body == Body::error) {
    switch (evidence.code) {
      case -1000:
      case -1001:
      case -1006:
      case -1007:
      case -1008:
      case -1016:
        return Fate::again;
      case -1021:
        return Fate::clock;
      case -1002:
      case -1022:
      case -2014:
      case -2015:
      case -2017:
        return Fate::wrong_key;
      default:
        return Fate::rejected;
    }
  }
  if (status == 200) return evidence.body == Body::answer ? Fate::good : Fate::again;
  return Fate::malformed;
}

std::unexpected<Error> error_of(const Call& call, const Reply& reply, Fate fate) {
  const auto& evidence = reply.evidence;
  // The client names the request itself when there is no answer.
  auto text = evidence.stage == Stage::answered
                  ? fmt::format("{} {}: {}", net::str(call.method), call.path, reply.text)
                  : reply.text;
  if (evidence.code != 0) text += fmt::format(" ({})", evidence.code);
  if (fate == Fate::wrong_key)
    return fail(ErrorKind::configuration,
                text + "; check the API key, its IP list and its permissions", evidence.code);
  if (fate == Fate::pause || fate == Fate::banned)
    return fail(ErrorKind::rate_limited, text, evidence.code);
  if (evidence.http_status == 403 && evidence.body != Body::error)
    return fail(ErrorKind::rate_limited,
                text + "; the exchange's firewall refused: too many requests, or a blocked region");
  if (fate == Fate::rejected || fate == Fate::clock)
    return fail(ErrorKind::rejected, text, evidence.code);
  if (fate == Fate::malformed || (evidence.http_status == 200 && evidence.body != Body::error))
    return fail(ErrorKind::malformed, text);
  return fail(ErrorKind::unreachable, text, evidence.code);
}

}  // namespace bb::binance
