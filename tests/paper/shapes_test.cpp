// Field names, their order and number formats, as recorded from the exchange or documented.
#include <doctest/doctest.h>

#include "paper/world.h"

using namespace bb;
using namespace bb::paper;
using namespace bb::paper::test;
using net::Method;

namespace {

constexpr const char* kPlaced =
    "orderId,symbol,status,clientOrderId,price,origQty,executedQty,cumQty,timeInForce,type,"
    "reduceOnly,closePosition,side,positionSide,stopPrice,workingType,priceProtect,origType,"
    "priceMatch,selfTradePreventionMode,goodTillDate,updateTime";
constexpr const char* kQueried =
    "orderId,symbol,status,clientOrderId,price,avgPrice,origQty,executedQty,cumQuote,timeInForce,"
    "type,reduceOnly,closePosition,side,positionSide,stopPrice,workingType,priceProtect,origType,"
    "priceMatch,selfTradePreventionMode,goodTillDate,time,updateTime";
constexpr const char* kAlgoPlaced =
    "algoId,clientAlgoId,algoType,orderType,symbol,side,positionSide,timeInForce,quantity,"
    "algoStatus,triggerPrice,price,icebergQuantity,selfTradePreventionMode,workingType,priceMatch,"
    "closePosition,priceProtect,reduceOnly,createTime,updateTime,triggerTime,goodTillDate";
constexpr const char* kAlgoQueried =
    "algoId,clientAlgoId,algoType,orderType,symbol,side,positionSide,timeInForce,quantity,"
    "algoStatus,actualOrderId,actualPrice,triggerPrice,price,icebergQuantity,tpOrderType,"
    "selfTradePreventionMode,workingType,priceMatch,closePosition,priceProtect,reduceOnly,"
    "createTime,updateTime,triggerTime,goodTillDate";
constexpr const char* kAlgoListed =
    "algoId,clientAlgoId,algoType,orderType,symbol,side,positionSide,timeInForce,quantity,"
    "algoStatus,actualOrderId,actualQty,triggerPrice,price,icebergQuantity,"
    "selfTradePreventionMode,workingType,priceMatch,closePosition,priceProtect,reduceOnly,"
    "createTime,updateTime,triggerTime,goodTillDate";

}  // namespace

TEST_CASE("shapes: public market data") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto ping = co_await world.get("/fapi/v1/ping");
    CHECK(ping.body == "{}");
    const auto time = co_await world.get("/fapi/v1/time");
    CHECK(time.body == R"({"serverTime":1760054400000})");
    const auto klines = co_await world.get(
        "/fapi/v1/klines?symbol=AAAUSDT&interval=1h&startTime=1760040000000&"
        "endTime=1760047200000&limit=2");
    CHECK(klines.body ==
          R"([[1760040000000,"100.00","100.00","100.00","100.00","400000.000",1760043599999,)"
          R"("40000000.00000",7200,"200000.000","20000000.00000","0"],)"
          R"([1760043600000,"100.00","100.00","100.00","100.00","400000.000",1760047199999,)"
          R"("40000000.00000",7200,"200000.000","20000000.00000","0"]])");
    const auto premium = co_await world.get("/fapi/v1/premiumIndex?symbol=AAAUSDT");
    CHECK(premium.body ==
          R"({"symbol":"AAAUSDT","markPrice":"100.00000000","indexPrice":"100.00000000",)"
          R"("estimatedSettlePrice":"100.00000000","lastFundingRate":"0.00010000",)"
          R"("interestRate":"0.00010000","nextFundingTime":1760083200000,"time":1760054400000})");
    const auto ticker = co_await world.get("/fapi/v1/ticker/24hr?symbol=BBBUSDT");
    CHECK(field_names(ticker.body) ==
          "symbol,priceChange,priceChangePercent,weightedAvgPrice,lastPrice,lastQty,openPrice,"
          "highPrice,lowPrice,volume,quoteVolume,openTime,closeTime,firstId,lastId,count");
    CHECK(ticker.at("lastPrice") == "0.5000");
    CHECK(ticker.at("priceChangePercent") == "0.000");
    const auto price = co_await world.get("/fapi/v2/ticker/price?symbol=AAAUSDT");
    CHECK(price.body == R"({"symbol":"AAAUSDT","price":"100.00","time":1760054400000})");
    const auto book = co_await world.get("/fapi/v1/ticker/bookTicker?symbol=AAAUSDT");
    CHECK(field_names(book.body) == "symbol,bidPrice,bidQty,askPrice,askQty,time");
    const auto depth = co_await world.get("/fapi/v1/depth?symbol=AAAUSDT&limit=5");
    CHECK(field_names(depth.body) == "lastUpdateId,E,T,bids,asks");
    CHECK(count(depth.at("bids")) == 5);
    CHECK(count(depth.at("asks")) == 5);
    const auto funding =
        co_await world.get("/fapi/v1/fundingRate?symbol=AAAUSDT&limit=1&startTime=1760025600000");
    CHECK(funding.body ==
          R"([{"symbol":"AAAUSDT","fundingTime":1760025600000,"fundingRate":"0.00010000",)"
          R"("markPrice":"100.00000000","rateType":"Regular"}])");
    co_await world.close();
  });
}

TEST_CASE("shapes: without a symbol every contract is listed, non-ASCII ones too") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    for (const auto* path :
         {"/fapi/v1/ticker/24hr", "/fapi/v1/ticker/price", "/fapi/v2/ticker/price",
          "/fapi/v1/ticker/bookTicker", "/fapi/v1/premiumIndex"}) {
      const auto answer = co_await world.get(path);
      INFO(path);
      CHECK(column(answer.body, "symbol") == "AAAUSDT,BBBUSDT,币安人生USDT");
    }
    const auto one =
        co_await world.get("/fapi/v1/ticker/price?symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT");
    CHECK(one.at("price") == "2.00");
    const auto unknown = co_await world.get("/fapi/v1/ticker/price?symbol=NOPEUSDT");
    CHECK(unknown.status == 400);
    CHECK(unknown.body == R"({"code":-1121,"msg":"Invalid symbol."})");
    co_await world.close();
  });
}

TEST_CASE("shapes: exchangeInfo has limits, filters and what this exchange accepts") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto info = co_await world.get("/fapi/v1/exchangeInfo");
    CHECK(field_names(info.body) ==
          "timezone,serverTime,futuresType,rateLimits,exchangeFilters,assets,symbols");
    CHECK(column(info.at("rateLimits"), "limit") == "2400,1200,300");
    const auto symbols = info.at("symbols");
    CHECK(field_names(symbols) ==
          "symbol,pair,contractType,deliveryDate,onboardDate,status,maintMarginPercent,"
          "requiredMarginPercent,baseAsset,quoteAsset,marginAsset,pricePrecision,"
          "quantityPrecision,baseAssetPrecision,quotePrecision,underlyingType,underlyingSubType,"
          "triggerProtect,liquidationFee,marketTakeBound,maxMoveOrderLimit,filters,orderTypes,"
          "timeInForce,permissionSets");
    CHECK(column(symbols, "status") == "TRADING,TRADING,TRADING");
    CHECK(column(symbols, "pricePrecision") == "2,4,2");
    CHECK(column(symbols, "quantityPrecision") == "3,0,1");
    Answer first;
    first.body = symbols;
    CHECK(column(first.at("filters"), "filterType") ==
          "PRICE_FILTER,LOT_SIZE,MARKET_LOT_SIZE,MAX_NUM_ORDERS,MIN_NOTIONAL,PERCENT_PRICE,"
          "POSITION_RISK_CONTROL");
    CHECK(column(first.at("filters"), "tickSize").starts_with("0.01,"));
    const auto again = co_await world.get("/fapi/v1/exchangeInfo");
    CHECK(again.body == info.body);
    co_await world.close();
  });
}

TEST_CASE("shapes: exchangeInfo follows a contract from its listing to its end") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto statuses = [](const Answer& info) { return column(info.at("symbols"), "status"); };
    const auto before = co_await world.get("/fapi/v1/exchangeInfo");
    CHECK(statuses(before) == "TRADING,TRADING,TRADING");
    const auto unknown = co_await world.get("/fapi/v2/ticker/price?symbol=LATEUSDT");
    CHECK(unknown.code() == -1121);
    co_await sleep_for(loop.clock, std::chrono::days(50));
    const auto listed = co_await world.get("/fapi/v1/exchangeInfo");
    CHECK(statuses(listed) == "TRADING,TRADING,TRADING,TRADING");
    const auto known = co_await world.get("/fapi/v2/ticker/price?symbol=LATEUSDT");
    CHECK(known.at("price") == "10.00");
    const auto brackets = co_await world.get_signed("/fapi/v1/leverageBracket");
    CHECK(column(brackets.body, "symbol") == "AAAUSDT,BBBUSDT,币安人生USDT,LATEUSDT");
    co_await sleep_for(loop.clock, std::chrono::days(9) + Hours(12));
    const auto announced = co_await world.get("/fapi/v1/exchangeInfo");
    const auto end = std::to_string(to_ms(some_day() + std::chrono::days(60)));
    CHECK(column(announced.at("symbols"), "deliveryDate").ends_with("," + end));
    co_await sleep_for(loop.clock, Hours(12));
    const auto settling = co_await world.get("/fapi/v1/exchangeInfo");
    CHECK(statuses(settling) == "TRADING,TRADING,TRADING,SETTLING");
    co_await sleep_for(loop.clock, Hours(12));
    const auto stale = co_await world.get("/fapi/v1/premiumIndex");
    CHECK(column(stale.body, "symbol") == "AAAUSDT,BBBUSDT,币安人生USDT,LATEUSDT");
    CHECK(column(stale.body, "markPrice").ends_with(",10.00000000"));
    CHECK(column(stale.body, "estimatedSettlePrice").ends_with(",0.00000000"));
    const auto after = co_await world.get("/fapi/v1/exchangeInfo");
    CHECK(statuses(after) == "TRADING,TRADING,TRADING");
    co_await world.close();
  });
}

TEST_CASE("shapes: regular orders have no fill data in place and cancel, and have it in queries") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto placed =
        co_await world.post("/fapi/v1/order",
                            "symbol=AAAUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.5&"
                            "price=102&newClientOrderId=limit-1");
    CHECK(placed.status == 200);
    CHECK(field_names(placed.body) == kPlaced);
    CHECK(placed.at("price") == "102.00");
    CHECK(placed.at("origQty") == "0.500");
    CHECK(placed.at("status") == "NEW");
    CHECK(placed.header("X-MBX-ORDER-COUNT-10S") == "1");
    CHECK(placed.header("X-MBX-ORDER-COUNT-1M") == "1");
    const auto queried =
        co_await world.get_signed("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=limit-1");
    CHECK(field_names(queried.body) == kQueried);
    CHECK(queried.header("X-MBX-ORDER-COUNT-10S").empty());
    const auto open = co_await world.get_signed("/fapi/v1/openOrder",
                                                "symbol=AAAUSDT&orderId=" + placed.at("orderId"));
    CHECK(open.body == queried.body);
    const auto list = co_await world.get_signed("/fapi/v1/openOrders", "symbol=AAAUSDT");
    CHECK(list.body == "[" + queried.body + "]");
    const auto canceled =
        co_await world.del("/fapi/v1/order", "symbol=AAAUSDT&origClientOrderId=limit-1");
    CHECK(field_names(canceled.body) == kPlaced);
    CHECK(canceled.at("status") == "CANCELED");
    CHECK(canceled.header("X-MBX-ORDER-COUNT-10S").empty());
    const auto all = co_await world.get_signed("/fapi/v1/allOrders", "symbol=AAAUSDT");
    CHECK(field_names(all.body) ==
          "orderId,symbol,pair,status,clientOrderId,price,avgPrice,origQty,executedQty,cumQuote,"
          "cumBase,timeInForce,type,reduceOnly,closePosition,side,positionSide,stopPrice,"
          "workingType,priceProtect,origType,priceMatch,selfTradePreventionMode,goodTillDate,time,"
          "updateTime");
    co_await world.close();
  });
}

TEST_CASE("shapes: a fill in userTrades and in income") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto sold = co_await world.market("AAAUSDT", "SELL", "1");
    CHECK(sold.status == 200);
    const auto fills = co_await world.get_signed("/fapi/v1/userTrades", "symbol=AAAUSDT");
    CHECK(field_names(fills.body) ==
          "symbol,pair,id,orderId,side,price,qty,quoteQty,baseQty,realizedPnl,marginAsset,"
          "commission,commissionAsset,time,positionSide,buyer,maker");
    CHECK(column(fills.body, "qty") == "1.000");
    CHECK(column(fills.body, "buyer") == "false");
    const auto income = co_await world.get_signed("/fapi/v1/income", "incomeType=COMMISSION");
    CHECK(field_names(income.body) == "symbol,incomeType,income,asset,info,time,tranId,tradeId");
    CHECK(column(income.body, "tradeId") == column(fills.body, "id"));
    CHECK(column(income.body, "income") == "-" + column(fills.body, "commission"));
    const auto deposit = co_await world.get_signed("/fapi/v1/income", "incomeType=TRANSFER");
    CHECK(column(deposit.body, "income") == "10000.00000000");
    CHECK(column(deposit.body, "tradeId") == "");
    co_await world.close();
  });
}

TEST_CASE("shapes: algo orders in their four spellings") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto placed = co_await world.close_stop("AAAUSDT", "110.005", "stop-1");
    CHECK(placed.status == 200);
    CHECK(field_names(placed.body) == kAlgoPlaced);
    CHECK(placed.at("timeInForce") == "GTE_GTC");
    CHECK(placed.at("quantity") == "0.000");
    CHECK(placed.at("triggerPrice") == "110.005");
    CHECK(placed.at("icebergQuantity") == "null");
    CHECK(placed.at("reduceOnly") == "true");
    CHECK(placed.header("X-MBX-ORDER-COUNT-1M") == "2");
    const auto queried = co_await world.get_signed("/fapi/v1/algoOrder", "clientAlgoId=stop-1");
    CHECK(field_names(queried.body) == kAlgoQueried);
    CHECK(queried.at("actualOrderId").empty());
    const auto open = co_await world.get_signed("/fapi/v1/openAlgoOrders");
    CHECK(field_names(open.body) == kAlgoListed);
    CHECK(column(open.body, "price") == "0.0");
    CHECK(column(open.body, "triggerPrice") == "110.005");
    const auto all = co_await world.get_signed("/fapi/v1/allAlgoOrders", "symbol=AAAUSDT");
    CHECK(field_names(all.body) ==
          "algoId,clientAlgoId,algoType,orderType,symbol,side,positionSide,timeInForce,quantity,"
          "algoStatus,actualOrderId,actualPrice,triggerPrice,price,icebergQuantity,tpTriggerPrice,"
          "tpPrice,slTriggerPrice,slPrice,tpOrderType,selfTradePreventionMode,workingType,"
          "priceMatch,closePosition,priceProtect,reduceOnly,createTime,updateTime,triggerTime,"
          "goodTillDate");
    const auto canceled = co_await world.del("/fapi/v1/algoOrder", "clientAlgoId=stop-1");
    CHECK(canceled.body == R"({"algoId":)" + placed.at("algoId") +
                               R"(,"clientAlgoId":"stop-1","code":"200","msg":"success"})");
    co_await world.close();
  });
}

TEST_CASE("shapes: balances and positions, v3 and v2") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    (void)co_await world.market("AAAUSDT", "SELL", "1");
    const auto balance = co_await world.get_signed("/fapi/v3/balance");
    CHECK(field_names(balance.body) ==
          "accountAlias,asset,balance,crossWalletBalance,crossUnPnl,availableBalance,"
          "maxWithdrawAmount,marginAvailable,updateTime");
    const auto risk = co_await world.get_signed("/fapi/v3/positionRisk");
    CHECK(field_names(risk.body) ==
          "symbol,positionSide,positionAmt,entryPrice,breakEvenPrice,markPrice,unRealizedProfit,"
          "liquidationPrice,isolatedMargin,notional,marginAsset,isolatedWallet,initialMargin,"
          "maintMargin,positionInitialMargin,openOrderInitialMargin,adl,bidNotional,askNotional,"
          "updateTime");
    CHECK(column(risk.body, "positionAmt") == "-1.000");
    CHECK(column(risk.body, "notional") == "-100.00000000");
    const auto old_risk = co_await world.get_signed("/fapi/v2/positionRisk");
    CHECK(column(old_risk.body, "symbol") == "AAAUSDT,BBBUSDT,币安人生USDT");
    CHECK(column(old_risk.body, "positionAmt") == "-1.000,0,0.0");
    CHECK(column(old_risk.body, "marginType") == "cross,cross,cross");
    const auto account = co_await world.get_signed("/fapi/v3/account");
    CHECK(field_names(account.body) ==
          "totalInitialMargin,totalMaintMargin,totalWalletBalance,totalUnrealizedProfit,"
          "totalMarginBalance,totalPositionInitialMargin,totalOpenOrderInitialMargin,"
          "totalCrossWalletBalance,totalCrossUnPnl,availableBalance,maxWithdrawAmount,assets,"
          "positions");
    CHECK(field_names(account.at("positions")) ==
          "symbol,positionSide,positionAmt,unrealizedProfit,isolatedMargin,notional,"
          "isolatedWallet,initialMargin,maintMargin,updateTime");
    CHECK(column(account.at("assets"), "asset").starts_with("USDT,"));
    const auto old_account = co_await world.get_signed("/fapi/v2/account");
    CHECK(old_account.at("canTrade") == "true");
    CHECK(count(old_account.at("positions")) == 3);
    co_await world.close();
  });
}

TEST_CASE("shapes: settings and modes") {
  run_sim([](SimLoop& loop) -> Task<void> {
    World world(loop);
    const auto config = co_await world.get_signed("/fapi/v1/accountConfig");
    CHECK(
        config.body ==
        R"({"feeTier":0,"canTrade":true,"canDeposit":true,"canWithdraw":true,)"
        R"("dualSidePosition":false,"updateTime":0,"multiAssetsMargin":false,"tradeGroupId":-1})");
    const auto leverage = co_await world.post("/fapi/v1/leverage", "symbol=AAAUSDT&leverage=25");
    CHECK(leverage.body == R"({"symbol":"AAAUSDT","leverage":25,"maxNotionalValue":"50000"})");
    const auto symbol = co_await world.get_signed("/fapi/v1/symbolConfig", "symbol=AAAUSDT");
    CHECK(symbol.body ==
          R"([{"symbol":"AAAUSDT","marginType":"CROSSED","isAutoAddMargin":false,"leverage":25,)"
          R"("maxNotionalValue":"50000"}])");
    const auto all = co_await world.get_signed("/fapi/v1/symbolConfig");
    CHECK(column(all.body, "leverage") == "25,20,20");
    const auto brackets = co_await world.get_signed("/fapi/v1/leverageBracket", "symbol=AAAUSDT");
    CHECK(brackets.body ==
          R"([{"symbol":"AAAUSDT","brackets":[{"bracket":1,"initialLeverage":50,)"
          R"("notionalCap":50000,"notionalFloor":0,"maintMarginRatio":0.01,"cum":0.0},)"
          R"({"bracket":2,"initialLeverage":20,"notionalCap":500000,"notionalFloor":50000,)"
          R"("maintMarginRatio":0.025,"cum":750.0}]}])");
    const auto every = co_await world.get_signed("/fapi/v1/leverageBracket");
    CHECK(count(every.body) == 3);
    const auto fees = co_await world.get_signed("/fapi/v1/commissionRate", "symbol=AAAUSDT");
    CHECK(fees.body == R"({"symbol":"AAAUSDT","makerCommissionRate":"0.000200",)"
                       R"("takerCommissionRate":"0.000500","rpiCommissionRate":"0.000100"})");
    const auto margin =
        co_await world.post("/fapi/v1/marginType", "symbol=AAAUSDT&marginType=ISOLATED");
    CHECK(margin.body == R"({"code":200,"msg":"success"})");
    const auto mode = co_await world.get_signed("/fapi/v1/positionSide/dual");
    CHECK(mode.body == R"({"dualSidePosition":false})");
    const auto switched =
        co_await world.post("/fapi/v1/positionSide/dual", "dualSidePosition=true");
    CHECK(switched.body == R"({"code":200,"msg":"success"})");
    const auto same = co_await world.post("/fapi/v1/positionSide/dual", "dualSidePosition=true");
    CHECK(same.code() == -4059);
    const auto assets = co_await world.get_signed("/fapi/v1/multiAssetsMargin");
    CHECK(assets.body == R"({"multiAssetsMargin":false})");
    const auto limits = co_await world.get_signed("/fapi/v1/rateLimit/order");
    CHECK(column(limits.body, "limit") == "300,1200");
    const auto status = co_await world.get_signed("/fapi/v1/apiTradingStatus");
    CHECK(field_names(status.body) == "indicators,updateTime");
    co_await world.close();
  });
}
