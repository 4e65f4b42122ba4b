#include "paper/words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace bb::paper {

std::string_view word(Side side) { return side == Side::buy ? "BUY" : "SELL"; }

std::string_view word(PositionSide side) {
  switch (side) {
    case PositionSide::both:
      return "BOTH";
    case PositionSide::long_:
      return "LONG";
    case PositionSide::short_:
      return "SHORT";
  }
  std::unreachable();
}

std::string_view word(OrderType type) {
  switch (type) {
    case OrderType::market:
      return "MARKET";
    case OrderType::limit:
      return "LIMIT";
    case OrderType::stop_market:
      return "STOP_MARKET";
    case OrderType::take_profit_market:
      return "TAKE_PROFIT_MARKET";
    case OrderType::stop:
      return "STOP";
    case OrderType::take_profit:
      return "TAKE_PROFIT";
    case OrderType::trailing_stop_market:
      return "TRAILING_STOP_MARKET";
    case OrderType::liquidation:
      return "LIQUIDATION";
    case OrderType::unknown:
      return "UNKNOWN";
  }
  std::unreachable();
}

std::string_view word(TimeInForce time_in_force) {
  switch (time_in_force) {
    case TimeInForce::gtc:
      return "GTC";
    case TimeInForce::ioc:
      return "IOC";
    case TimeInForce::fok:
      return "FOK";
    case TimeInForce::gtx:
      return "GTX";
    case TimeInForce::gtd:
      return "GTD";
    case TimeInForce::rpi:
      return "RPI";
  }
  std::unreachable();
}

std::string_view word(WorkingType type) {
  return type == WorkingType::mark_price ? "MARK_PRICE" : "CONTRACT_PRICE";
}

std::string_view word(SymbolStatus status) {
  switch (status) {
    case SymbolStatus::trading:
      return "TRADING";
    case SymbolStatus::pending:
      return "PENDING_TRADING";
    case SymbolStatus::settling:
      return "SETTLING";
    case SymbolStatus::closed:
    case SymbolStatus::unknown:
      return "CLOSE";
    case SymbolStatus::halted:
      return "TRADING_HALT";
  }
  std::unreachable();
}

std::string_view word(ContractType type) {
  switch (type) {
    case ContractType::perpetual:
    case ContractType::unknown:
      return "PERPETUAL";
    case ContractType::tradfi_perpetual:
      return "TRADIFI_PERPETUAL";
    case ContractType::dated:
      return "CURRENT_QUARTER";
  }
  std::unreachable();
}

std::string_view word(OrderStatus status) {
  switch (status) {
    case OrderStatus::open:
      return "NEW";
    case OrderStatus::partially_filled:
      return "PARTIALLY_FILLED";
    case OrderStatus::triggering:
      return "TRIGGERING";
    case OrderStatus::triggered:
      return "TRIGGERED";
    case OrderStatus::finished:
      return "FINISHED";
    case OrderStatus::filled:
      return "FILLED";
    case OrderStatus::canceled:
      return "CANCELED";
    case OrderStatus::expired:
      return "EXPIRED";
    case OrderStatus::expired_in_match:
      return "EXPIRED_IN_MATCH";
    case OrderStatus::rejected:
    case OrderStatus::unknown:
      return "REJECTED";
  }
  std::unreachable();
}

std::string_view word(MarginType type) {
  return type == MarginType::isolated ? "ISOLATED" : "CROSSED";
}

std::string_view word(sim::SelfTradePrevention mode) {
  switch (mode) {
    case sim::SelfTradePrevention::none:
      return "NONE";
    case sim::SelfTradePrevention::expire_taker:
      return "EXPIRE_TAKER";
    case sim::SelfTradePrevention::expire_maker:
      return "EXPIRE_MAKER";
    case sim::SelfTradePrevention::expire_both:
      return "EXPIRE_BOTH";
  }
  std::unreachable();
}

std::string_view word(sim::PriceMatch match) {
  switch (match) {
    case sim::PriceMatch::none:
      return "NONE";
    case sim::PriceMatch::opponent:
      return "OPPONENT";
    case sim::PriceMatch::opponent_5:
      return "OPPONENT_5";
    case sim::PriceMatch::opponent_10:
      return "OPPONENT_10";
    case sim::PriceMatch::opponent_20:
      return "OPPONENT_20";
    case sim::PriceMatch::queue:
      return "QUEUE";
    case sim::PriceMatch::queue_5:
      return "QUEUE_5";
    case sim::PriceMatch::queue_10:
      return "QUEUE_10";
    case sim::PriceMatch::queue_20:
      return "QUEUE_20";
  }
  std::unreachable();
}

std::optional<sim::SelfTradePrevention> parse_self_trade_prevention(std::string_view text) {
  using enum sim::SelfTradePrevention;
  for (const auto mode : {none, expire_taker, expire_maker, expire_both})
    if (text == word(mode)) return mode;
  return std::nullopt;
}

std::optional<sim::PriceMatch> parse_price_match(std::string_view text) {
  using enum sim::PriceMatch;
  for (const auto match :
       {none, opponent, opponent_5, opponent_10, opponent_20, queue, queue_5, queue_10, queue_20})
    if (text == word(match)) return match;
  return std::nullopt;
}

std::optional<Side> parse_side(std::string_view text) {
  if (text == "BUY") return Side::buy;
  if (text == "SELL") return Side::sell;
  return std::nullopt;
}

std::optional<PositionSide> parse_position_side(std::string_view text) {
  if (text == "BOTH") return PositionSide::both;
  if (text == "LONG") return PositionSide::long_;
  if (text == "SHORT") return PositionSide::short_;
  return std::nullopt;
}

std::optional<OrderType> parse_order_type(std::string_view text) {
  for (const auto type :
       {OrderType::market, OrderType::limit, OrderType::stop_market, OrderType::take_profit_market,
        OrderType::stop, OrderType::take_profit, OrderType::trailing_stop_market}) {
    if (text == word(type)) return type;
  }
  return std::nullopt;
}

std::optional<TimeInForce> parse_time_in_force(std::string_view text) {
  for (const auto value : {TimeInForce::gtc, TimeInForce::ioc, TimeInForce::fok, TimeInForce::gtx,
                           TimeInForce::gtd, TimeInForce::rpi})
    if (text == word(value)) return value;
  return std::nullopt;
}

std::optional<WorkingType> parse_working_type(std::string_view text) {
  if (text == "CONTRACT_PRICE") return WorkingType::contract_price;
  if (text == "MARK_PRICE") return WorkingType::mark_price;
  return std::nullopt;
}

std::optional<Millis> parse_interval(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Minutes>, 13> kIntervals = {
      {{"1m", Minutes(1)},
       {"3m", Minutes(3)},
       {"5m", Minutes(5)},
       {"15m", Minutes(15)},
       {"30m", Minutes(30)},
       {"1h", Minutes(60)},
       {"2h", Minutes(120)},
       {"4h", Minutes(240)},
       {"6h", Minutes(360)},
       {"8h", Minutes(480)},
       {"12h", Minutes(720)},
       {"1d", Minutes(1440)},
       {"3d", Minutes(4320)}}};
  for (const auto& [name, span] : kIntervals)
    if (name == text) return span;
  return std::nullopt;
}

int places_of(Decimal step) {
  if (step.is_zero()) return 8;
  int places = 8;
  for (auto raw = step.raw(); places > 0 && raw % 10 == 0; raw /= 10)
    --places;
  return places;
}

// Most of what this exchange writes are decimals: no formatter, no temporary text.
std::string padded(Decimal value, int places) {
  constexpr auto kScale = static_cast<std::uint64_t>(Decimal::kScale);
  const bool negative = value.is_negative();
  const auto magnitude = negative ? ~static_cast<std::uint64_t>(value.raw()) + 1
                                  : static_cast<std::uint64_t>(value.raw());
  std::array<char, 32> text;
  char* at = text.data();
  if (negative) *at++ = '-';
  at = std::to_chars(at, text.data() + text.size(), magnitude / kScale).ptr;
  auto rest = magnitude % kScale;
  std::array<char, 8> digits;
  int used = 0;
  for (int i = 7; i >= 0; --i, rest /= 10) {
    digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + rest % 10);
    if (used == 0 && rest % 10 != 0) used = i + 1;
  }
  const int count = std::max(used, places);
  if (count > 0) {
    *at++ = '.';
    at = std::copy_n(digits.data(), count, at);
  }
  return std::string(text.data(), at);
}

std::string rounded(double value, int places) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::fixed, places);
  // Figures of markets have at most a few dozen digits.
  return end.ec == std::errc() ? std::string(text.data(), end.ptr) : "0";
}

double change_percent(const sim::Ticker24h& ticker) {
  const double open = ticker.open.value().to_double();
  return open > 0 ? (ticker.last.value().to_double() - open) / open * 100 : 0;
}

double average_price(const sim::Ticker24h& ticker) {
  return ticker.volume > 0 ? ticker.quote_volume / ticker.volume : ticker.last.value().to_double();
}

std::string as_java_double(Decimal value) {
  if (value.is_zero()) return "0.0";
  std::string digits = std::to_string(value.abs().raw());
  int exponent = static_cast<int>(digits.size()) - 1 - 8;  // of the first digit
  while (digits.size() > 1 && digits.back() == '0')
    digits.pop_back();
  std::string text = value.is_negative() ? "-" : "";
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) {
      text += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
      return text;
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() < whole) digits.append(whole - digits.size(), '0');
    const auto fraction = digits.substr(whole);
    return text + digits.substr(0, whole) + "." + (fraction.empty() ? "0" : fraction);
  }
  const auto fraction = digits.substr(1);
  return text + digits[0] + "." + (fraction.empty() ? "0" : fraction) + "E" +
         std::to_string(exponent);
}

}  // namespace bb::paper
