// Whatever a client sends, the exchange answers with a structured refusal or does what it says, and
// goes on. Every endpoint of the table meets every parameter with values that nobody should send.
#include <doctest/doctest.h>

#include <array>

#include "base/random.h"
#include "paper/routes.h"
#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;

namespace {

struct Param {
  std::string name, value;
};

/// One usable value of every parameter that any endpoint knows.
const std::vector<Param>& usable() {
  static const std::vector<Param> all = {
      {"symbol", "AAAUSDT"},
      {"pair", "AAAUSDT"},
      {"side", "SELL"},
      {"positionSide", "BOTH"},
      {"type", "LIMIT"},
      {"timeInForce", "GTC"},
      {"quantity", "1"},
      {"price", "101"},
      {"reduceOnly", "false"},
      {"newClientOrderId", "mine"},
      {"newOrderRespType", "RESULT"},
      {"priceMatch", "NONE"},
      {"selfTradePreventionMode", "NONE"},
      {"goodTillDate", "1760054400000"},
      {"orderId", "1"},
      {"origClientOrderId", "mine"},
      {"orderIdList", "[1]"},
      {"batchOrders", "[]"},
      {"countdownTime", "1000"},
      {"modifyId", "1"},
      {"autoCloseType", "ADL"},
      {"algoType", "CONDITIONAL"},
      {"algoId", "1"},
      {"clientAlgoId", "mine"},
      {"triggerPrice", "110"},
      {"activatePrice", "110"},
      {"callbackRate", "1"},
      {"workingType", "MARK_PRICE"},
      {"priceProtect", "true"},
      {"closePosition", "false"},
      {"interval", "1m"},
      {"period", "5m"},
      {"contractType", "PERPETUAL"},
      {"limit", "5"},
      {"page", "1"},
      {"fromId", "1"},
      {"startTime", "1760040000000"},
      {"endTime", "1760043600000"},
      {"incomeType", "COMMISSION"},
      {"leverage", "5"},
      {"marginType", "CROSSED"},
      {"amount", "1"},
      {"dualSidePosition", "false"},
      {"multiAssetsMargin", "true"},
      {"feeBurn", "true"},
      {"downloadId", "1"},
      {"recvWindow", "5000"},
  };
  return all;
}

const std::array kNasty = {
    "",
    "0",
    "-1",
    "1",
    "0.00000001",
    "0.000000001",
    "92233720368.54775807",
    "99999999999999999999",
    "9223372036854775807",
    "1e300",
    "NaN",
    "null",
    "%00%FF%FE",
    "%",
    "%E5%B8%81",
    "'\\;--",
    "[[[[[[[[[[",
    "%7B%22a%22%3A",
};

constexpr std::uint64_t kCore = 0xff;  // what an order, and most queries, cannot do without

/// The usable parameters that `keep` names, one of them with another value.
std::string params_with(std::uint64_t keep, const std::string& name, const std::string& value) {
  std::string text = name + "=" + value;
  for (std::size_t i = 0; i < usable().size(); ++i)
    if ((keep >> i & 1) != 0 && usable()[i].name != name)
      text += "&" + usable()[i].name + "=" + usable()[i].value;
  return text;
}

bool is_structured(const Answer& answer) {
  if (answer.status == 200 && answer.header("Content-Type") == "text/csv") return true;
  const auto document = net::JsonDocument::parse(answer.body);
  if (!document) return false;
  if (answer.status == 200) return true;
  return answer.status >= 400 && answer.status < 500 && answer.code() < 0;
}

}  // namespace

TEST_CASE("bad input: every endpoint answers every value of every parameter, and goes on") {
  run_sim([](SimLoop& loop) -> Task<void> {
    auto options = default_options();
    options.limits.enabled = false;
    World world(loop, options);
    Random random(20261121);
    for (const auto& route : all_routes()) {
      if (route.is_audit) continue;  // no client's surface, and a line per entry
      for (const auto& param : usable()) {
        const auto* value = kNasty.at(random.below(kNasty.size()));
        // Some of the others go along: the core alone, or with few or many more.
        const auto some = random.next() & random.next();
        const std::uint64_t more[] = {0, some, some | random.next()};
        const auto keep = kCore | more[random.below(3)];
        const auto params = params_with(keep, param.name, value);
        const auto answer = co_await world.call(route.method, std::string(route.path), params);
        INFO(std::string(net::str(route.method)), " ", std::string(route.path), " ", params);
        INFO(answer.status, " ", answer.body);
        CHECK(is_structured(answer));
      }
    }
    const auto alive = co_await world.get("/fapi/v1/ping");
    CHECK(alive.body == "{}");
    co_await world.close();
  });
}

TEST_CASE("bad input: texts that are no parameters at all") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    for (const std::string query : {"?", "?&", "?&&&&=", "?=", "?=x", "?symbol", "?symbol&symbol",
                                    "?%73ymbol=AAAUSDT", "?symbol=AAAUSDT#x", "?????"}) {
      const auto answer = co_await world.get("/fapi/v1/depth" + query);
      INFO(query, answer.body);
      CHECK(is_structured(answer));
    }
    std::string many = "/fapi/v1/depth?symbol=AAAUSDT";
    for (int i = 0; i < 3000; ++i)
      many += "&p" + std::to_string(i) + "=1";
    const auto answer = co_await world.get(many);
    CHECK(answer.code() == -1101);
    const auto alive = co_await world.get("/fapi/v1/ping");
    CHECK(alive.body == "{}");
    co_await world.close();
  });
}
