#include "paper/stream_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "paper/words.h"

namespace bb::paper {

namespace {

using Kind = StreamSpec::Kind;

constexpr Millis kRealTime{100};
constexpr Millis kDepth{250};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// The contract's name of a lower-case one; letters of other alphabets stay.
std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::optional<StreamSpec> made(Kind kind, Millis period) {
  StreamSpec spec;
  spec.kind = kind;
  spec.period = period;
  return spec;
}

/// "1s" or nothing behind a mark price.
std::optional<Millis> mark_period(std::string_view rest) {
  if (rest.empty()) return Millis(3000);
  if (rest == "@1s") return Millis(1000);
  return std::nullopt;
}

/// "@100ms", "@500ms" or nothing behind a depth.
std::optional<Millis> depth_period(std::string_view rest) {
  if (rest.empty() || rest == "@250ms") return kDepth;
  if (rest == "@100ms") return Millis(100);
  if (rest == "@500ms") return Millis(500);
  return std::nullopt;
}

std::optional<StreamSpec> parse_all(std::string_view name) {
  if (name == "!bookTicker") return made(Kind::book_ticker_all, Millis(5000));
  if (name == "!miniTicker@arr") return made(Kind::mini_ticker_all, Millis(1000));
  if (name == "!ticker@arr") return made(Kind::ticker_all, Millis(1000));
  if (name == "!forceOrder@arr") return made(Kind::force_order_all, Millis(1000));
  if (name == "!contractInfo") return made(Kind::contract_info, Millis(1000));
  if (name == "!assetIndex@arr") return made(Kind::asset_index_all, Millis(1000));
  if (name == "tradingSession") return made(Kind::trading_session, Millis(1000));
  constexpr std::string_view kMarks = "!markPrice@arr";
  if (name.starts_with(kMarks))
    if (const auto period = mark_period(name.substr(kMarks.size())))
      return made(Kind::mark_price_all, *period);
  return std::nullopt;
}

std::optional<StreamSpec> parse_depth(std::string_view what) {
  what.remove_prefix(std::string_view("depth").size());
  for (const auto& [word, levels] : {std::pair{std::string_view("10"), 10}, {"20", 20}, {"5", 5}}) {
    if (!what.starts_with(word)) continue;
    const auto period = depth_period(what.substr(word.size()));
    if (!period) return std::nullopt;
    auto spec = made(Kind::partial_depth, *period);
    spec->levels = levels;
    return spec;
  }
  const auto period = depth_period(what);
  return period ? made(Kind::depth, *period) : std::nullopt;
}

std::optional<StreamSpec> parse_kline(Kind kind, std::string_view word) {
  auto interval = parse_kline_interval(word);
  // Bars of a second: of continuous contracts only (reference §8).
  if (kind == Kind::continuous_kline && word == "1s")
    interval = Interval{Interval::Unit::span, Millis(1000)};
  if (!interval) return std::nullopt;
  auto spec = made(kind, Millis(250));
  spec->interval = *interval;
  spec->interval_word = word;
  return spec;
}

std::optional<StreamSpec> parse_what(std::string_view what) {
  constexpr std::string_view kKline = "kline_";
  constexpr std::string_view kContinuous = "continuousKline_";
  constexpr std::string_view kMark = "markPrice";
  static constexpr std::array kPlain = {
      std::tuple{std::string_view("aggTrade"), Kind::agg_trade, kRealTime},
      std::tuple{std::string_view("trade"), Kind::trade, kRealTime},
      std::tuple{std::string_view("bookTicker"), Kind::book_ticker, kRealTime},
      std::tuple{std::string_view("miniTicker"), Kind::mini_ticker, Millis(2000)},
      std::tuple{std::string_view("ticker"), Kind::ticker, Millis(2000)},
      std::tuple{std::string_view("forceOrder"), Kind::force_order, Millis(1000)},
      std::tuple{std::string_view("compositeIndex"), Kind::composite_index, Millis(1000)},
      std::tuple{std::string_view("assetIndex"), Kind::asset_index, Millis(1000)},
      std::tuple{std::string_view("rpiDepth@500ms"), Kind::rpi_depth, Millis(500)},
  };
  for (const auto& [word, kind, period] : kPlain)
    if (what == word) return made(kind, period);
  if (what.starts_with(kKline)) return parse_kline(Kind::kline, what.substr(kKline.size()));
  if (what.starts_with(kContinuous))
    return parse_kline(Kind::continuous_kline, what.substr(kContinuous.size()));
  if (what.starts_with("depth")) return parse_depth(what);
  if (what.starts_with(kMark))
    if (const auto period = mark_period(what.substr(kMark.size())))
      return made(Kind::mark_price, *period);
  return std::nullopt;
}

bool belongs_to(Kind kind, StreamRoot root) {
  return root == (kind <= Kind::trade ? StreamRoot::public_ : StreamRoot::market);
}

}  // namespace

std::optional<StreamSpec> parse_stream(std::string_view name, StreamRoot root) {
  std::optional<StreamSpec> spec = parse_all(name);
  if (!spec) {
    const auto at = name.find('@');
    if (at == 0 || at == std::string_view::npos) return std::nullopt;
    auto symbol = name.substr(0, at);
    if (std::ranges::any_of(symbol, is_upper)) return std::nullopt;
    spec = parse_what(name.substr(at + 1));
    if (!spec) return std::nullopt;
    if (spec->kind == Kind::continuous_kline) {
      constexpr std::string_view kTradfi = "_tradifi_perpetual";  // sic
      constexpr std::string_view kPerpetual = "_perpetual";
      spec->tradfi = symbol.ends_with(kTradfi);
      if (!symbol.ends_with(kPerpetual)) return std::nullopt;
      symbol.remove_suffix(spec->tradfi ? kTradfi.size() : kPerpetual.size());
    }
    spec->symbol = upper(symbol);
  }
  if (!belongs_to(spec->kind, root)) return std::nullopt;
  return spec;
}

}  // namespace bb::paper
