// What clients of a futures account ask of the wallet's host: the permissions of their key, the
// coins there are, whether the system runs. A client that sends these to a base URL of their own
// points it here.
#include <array>

#include "paper/handlers.h"

namespace bb::paper {

namespace {

using net::JsonWriter;

struct Coin {
  std::string_view name, title, network;
};
constexpr std::array kCoins = {
    Coin{"USDT", "TetherUS", "ETH"}, Coin{"BTC", "Bitcoin", "BTC"},
    Coin{"BNB", "BNB", "BSC"},       Coin{"ETH", "Ethereum", "ETH"},
    Coin{"USDC", "USDC", "ETH"},     Coin{"FDUSD", "First Digital USD", "BSC"}};

void write_network(JsonWriter& json, const Coin& coin) {
  json.begin_object()
      .field("network", coin.network)
      .field("coin", coin.name)
      .field("name", coin.network)
      .field("isDefault", true)
      .field("depositEnable", false)
      .field("withdrawEnable", false)
      .field("depositDesc", "This is a paper exchange.")
      .field("withdrawDesc", "This is a paper exchange.")
      .field("withdrawFee", "0")
      .field("withdrawMin", "0")
      .field("withdrawMax", "0")
      .field("withdrawIntegerMultiple", "0.00000001")
      .field("minConfirm", 1)
      .field("unLockConfirm", 0)
      .field("resetAddressStatus", false)
      .field("addressRegex", "")
      .field("memoRegex", "")
      .field("sameAddress", false)
      .field("busy", false)
      .end_object();
}

}  // namespace

Reply api_restrictions(Call& call) {
  const ApiKey& key = *call.key;
  JsonWriter json;
  json.begin_object()
      .field("ipRestrict", !key.addresses.empty())
      .field("createTime", to_ms(call.venue.started()))
      .field("enableReading", key.can_read)
      .field("enableWithdrawals", key.can_withdraw)
      .field("enableInternalTransfer", false)
      .field("enableMargin", false)
      .field("enableFutures", key.can_trade)
      .field("permitsUniversalTransfer", false)
      .field("enableVanillaOptions", false)
      .field("enableFixApiTrade", false)
      .field("enableFixReadOnly", false)
      .field("enableSpotAndMarginTrading", false)
      .field("enablePortfolioMarginTrading", false)
      .end_object();
  return ok(json);
}

Reply wallet_coins(Call&) {
  JsonWriter json;
  json.begin_array();
  for (const auto& coin : kCoins) {
    json.begin_object()
        .field("coin", coin.name)
        .field("depositAllEnable", false)
        .field("withdrawAllEnable", false)
        .field("name", coin.title);
    for (const auto* name :
         {"free", "locked", "freeze", "withdrawing", "ipoing", "ipoable", "storage"})
      json.field(name, "0");
    json.field("isLegalMoney", false).field("trading", true).key("networkList").begin_array();
    write_network(json, coin);
    json.end_array().end_object();
  }
  json.end_array();
  return ok(json);
}

// No spot margin here.
Reply margin_pairs(Call&) { return Reply{200, "[]"}; }

Reply system_status(Call&) { return Reply{200, R"({"status":0,"msg":"normal"})"}; }

}  // namespace bb::paper
