// F49: what the stream's messages mean, whatever varies in them; and every recorded message.
#include <doctest/doctest.h>

#include <fstream>

#include "binance/parse_events.h"
#include "support/run.h"

namespace bb::binance::test {
namespace {

using exchange::OrderChanged;
using exchange::PositionsChanged;
using Kind = StreamMessage::Kind;

StreamMessage parse(const std::string& text) {
  const auto document = net::JsonDocument::parse(text);
  REQUIRE(document.has_value());
  return parse_stream_message(document->root());
}

/// The reference's example, with one part changed.
std::string order_text(const std::string& from = "", const std::string& to = "") {
  std::string text =
      R"({"e":"ORDER_TRADE_UPDATE","E":1767225601005,"T":1767225601000,"o":{"s":"BTCUSDT",)"
      R"("c":"t-1","S":"BUY","o":"LIMIT","f":"GTC","q":"0.010","p":"60000.0","ap":"60000.0",)"
      R"("sp":"0","x":"TRADE","X":"PARTIALLY_FILLED","i":8389765739703625592,"l":"0.004",)"
      R"("z":"0.004","L":"60000.0","N":"USDT","n":"0.04800000","T":1767225601000,"t":7000000009,)"
      R"("b":"360.00000","a":"0","m":true,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT",)"
      R"("ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER",)"
      R"("pm":"NONE","gtd":0,"er":"0"}})";
  if (const auto at = text.find(from); !from.empty()) {
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
  return text;
}

OrderChanged order(const std::string& from = "", const std::string& to = "") {
  return std::get<OrderChanged>(*parse(order_text(from, to)).event);
}

TEST_CASE("F49: an order event is the order, and the fill that changed it") {
  const auto event = order();
  CHECK(event.order.order_id == 8389765739703625592);
  CHECK(event.order.client_order_id.str() == "t-1");
  CHECK(event.order.status == OrderStatus::partially_filled);
  CHECK(event.order.executed_qty.str() == "0.004");
  CHECK_FALSE(event.order.conditional);
  REQUIRE(event.fill.has_value());
  CHECK(event.fill->trade_id == 7000000009);
  CHECK(event.fill->qty.str() == "0.004");
  CHECK(event.fill->price.str() == "60000");
  CHECK(event.fill->commission.str() == "0.048");
  CHECK(event.fill->commission_asset == "USDT");
  CHECK(event.fill->maker);
  CHECK(event.fill->time == from_ms(1767225601000));
  CHECK(event.reason.empty());
}

TEST_CASE("F49: numbers as text, absent fees and empty words are read as what they mean") {
  CHECK(order(R"("E":1767225601005)", R"("E":"1767225601005")").fill.has_value());
  CHECK(order(R"("T":1767225601000,"t")", R"("T":"1767225601000","t")").fill->time ==
        from_ms(1767225601000));
  const auto no_fee = order(R"("N":"USDT","n":"0.04800000",)", "");
  REQUIRE(no_fee.fill.has_value());
  CHECK(no_fee.fill->commission.is_zero());
  CHECK(no_fee.fill->commission_asset.empty());  // that is how it is known to be missing
  CHECK(order(R"("N":"USDT")", R"("N":null)").fill->commission_asset.empty());
  CHECK(order(R"("rp":"0")", R"("rp":"")").fill->realized_pnl.is_zero());
  CHECK(order(R"("ap":"60000.0")", R"("ap":"")").order.average_price.is_zero());
  CHECK(order(R"("i":8389765739703625592)", R"("i":"8389765739703625592")").order.order_id ==
        8389765739703625592);
  CHECK(order(R"("er":"0")", R"("er":"6")").reason == "GTE condition gone");
  CHECK(order(R"("er":"0")", R"("er":6)").reason == "GTE condition gone");
  CHECK(order(R"("er":"0")", R"("er":"17")").reason == "17");
  CHECK(order(R"("cp":false)", R"("cp":"false","ia":true,"W":9)").fill.has_value());
}

TEST_CASE("F49: an order that changed without a trade has no fill") {
  CHECK_FALSE(order(R"("t":7000000009)", R"("t":0)").fill.has_value());
  CHECK_FALSE(order(R"("l":"0.004")", R"("l":"0")").fill.has_value());
}

TEST_CASE("F34: new types and states become unknown; a side nobody knows is an error") {
  CHECK(order(R"("o":"LIMIT","f")", R"("o":"LIQUIDATION","f")").order.type == OrderType::unknown);
  CHECK(order(R"("PARTIALLY_FILLED")", R"("SOMETHING_NEW")").order.status == OrderStatus::unknown);
  CHECK_THROWS_AS(order(R"("S":"BUY")", R"("S":"HOLD")"), net::JsonError);
  CHECK_THROWS_AS(order(R"("q":"0.010")", R"("q":"lots")"), net::JsonError);
}

TEST_CASE("F49: a wrapped message is the message inside") {
  const auto message = parse(R"({"stream":"key","data":)" + order_text() + "}");
  CHECK(message.kind == Kind::event);
  CHECK(message.type == "ORDER_TRADE_UPDATE");
}

TEST_CASE("F42: a conditional order tells its child once it has one") {
  const std::string text =
      R"({"e":"ALGO_UPDATE","T":1767225700030,"E":1767225700037,"o":{"caid":"sl-1",)"
      R"("aid":1000000033225453,"at":"CONDITIONAL","o":"STOP_MARKET","s":"BTCUSDT","S":"SELL",)"
      R"("ps":"BOTH","f":"GTC","q":"0.010","X":"TRIGGERED","ai":"88937381063","ap":"0","aq":"0",)"
      R"("act":"MARKET","tp":"59000.0","p":"0","wt":"CONTRACT_PRICE","cp":false,"R":true,)"
      R"("tt":1767225700019,"gtd":0,"rm":"Reduce Only reject"}})";
  const auto event = std::get<OrderChanged>(*parse(text).event);
  CHECK(event.order.conditional);
  CHECK(event.order.order_id == 1000000033225453);
  CHECK(event.order.status == OrderStatus::triggered);
  CHECK(event.order.child_order_id == 88937381063);
  CHECK(event.order.trigger_price.str() == "59000");
  CHECK(event.reason == "Reduce Only reject");
  auto before = text;
  before.replace(before.find("88937381063"), 11, "");
  before.replace(before.find(R"("ap":"0","aq":"0","act":"MARKET",)"), 33, "");
  CHECK(std::get<OrderChanged>(*parse(before).event).order.child_order_id == 0);
}

TEST_CASE("stream: positions, settings, margin calls and what is retired") {
  const auto moved = std::get<PositionsChanged>(
      *parse(R"({"e":"ACCOUNT_UPDATE","E":1,"T":1767225601000,"a":{"m":"ORDER","B":[{"a":"USDT",)"
             R"("wb":"1","cw":"1","bc":"0"}],"P":[{"s":"BTCUSDT","pa":"-0.004",)"
             R"("ep":"60000.123456789",)"
             R"("bep":"0","cr":"0","up":"","mt":"cross","iw":"0","ps":"BOTH","ma":"USDT"}]}})")
           .event);
  CHECK(moved.reason == "ORDER");
  REQUIRE(moved.positions.size() == 1);
  CHECK(moved.positions[0].qty.str() == "-0.004");
  CHECK(moved.positions[0].entry.str() == "60000.12345678");
  const auto funding = std::get<PositionsChanged>(
      *parse(R"({"e":"ACCOUNT_UPDATE","E":1,"T":2,"a":{"m":"FUNDING_FEE","B":[]}})").event);
  CHECK(funding.positions.empty());
  CHECK(funding.reason == "FUNDING_FEE");

  const auto leverage = std::get<exchange::SettingsChanged>(
      *parse(R"({"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"ac":{"s":"BTCUSDT","l":25}})").event);
  CHECK(leverage.symbol->leverage == 25);
  CHECK_FALSE(leverage.multi_assets.has_value());
  const auto multi = std::get<exchange::SettingsChanged>(
      *parse(R"({"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"ai":{"j":true}})").event);
  CHECK(multi.multi_assets == true);

  const auto call = std::get<exchange::MarginCalled>(
      *parse(R"({"e":"MARGIN_CALL","E":1,"p":[{"s":"ETHUSDT","ps":"LONG","pa":"1"}]})").event);
  CHECK(call.symbols == std::vector<Symbol>{Symbol("ETHUSDT")});

  const auto retired = std::get<exchange::Gap>(
      *parse(R"({"e":"CONDITIONAL_ORDER_TRIGGER_REJECT","E":1,"T":5,"or":{"s":"ETHUSDT","i":1,)"
             R"("r":"margin"}})")
           .event);
  CHECK(retired.since == from_ms(5));
  CHECK(retired.why.ends_with("margin"));
}

TEST_CASE("stream: what is of no use is ignored, what is new is unknown, a dead key is named") {
  CHECK(parse(R"({"e":"TRADE_LITE","s":"BTCUSDT"})").kind == Kind::seen);
  CHECK(parse(R"({"e":"GRID_UPDATE"})").kind == Kind::ignored);
  CHECK(parse(R"({"e":"SOMETHING_NEW","x":[]})").kind == Kind::unknown);
  CHECK(parse(R"({"result":null,"id":1})").kind == Kind::unknown);
  CHECK(parse("[]").kind == Kind::unknown);
  CHECK(parse("7").kind == Kind::unknown);
  const auto dead = parse(R"({"e":"listenKeyExpired","E":"1767225600000","listenKey":"abc"})");
  CHECK(dead.kind == Kind::expired);
  CHECK(dead.key == "abc");
}

TEST_CASE("stream: every event that was recorded from the exchange is understood") {
  std::ifstream file(BB_RECORDED_EVENTS);
  REQUIRE(file.good());
  int events = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    CAPTURE(line);
    const auto recorded = net::JsonDocument::parse(line);
    REQUIRE(recorded.has_value());
    const auto parsed = parse(std::string(recorded->root().at("raw").text()));
    CHECK(parsed.kind != Kind::unknown);
    if (parsed.kind == Kind::event) ++events;
  }
  CHECK(events > 10);
}

}  // namespace
}  // namespace bb::binance::test
