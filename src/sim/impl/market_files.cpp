#include "sim/impl/market_files.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>

namespace bb::sim::impl {

namespace {

constexpr std::string_view kMagic = "BBBARS01";
constexpr std::size_t kLargestFile = 256u << 20;  // a damaged size field must not eat the memory
constexpr std::size_t kStreams = 7;
static_assert(std::endian::native == std::endian::little, "the bars file is little-endian");

std::unexpected<Error> bad(std::string text) {
  return fail(ErrorKind::configuration, std::move(text));
}

// Reads fixed-size numbers and varints; running out of bytes is remembered, not thrown.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && bytes_.empty(); }

  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) {
      ok_ = false;
      bytes_ = {};
      return {};
    }
    const auto taken = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  template <class T>
  T number() {
    T value{};
    const auto bytes = take(sizeof(T));
    if (ok_) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }

  std::uint8_t byte() {
    if (bytes_.empty()) {
      ok_ = false;
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }

  std::int64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {  // sums of three fit easily
      const std::uint8_t part = byte();
      value |= static_cast<std::uint64_t>(part & 127) << shift;
      if (part < 128) return static_cast<std::int64_t>(value);
    }
    ok_ = false;
    return 0;
  }

  std::int64_t zigzag() {
    const std::int64_t value = varint();
    return (value & 1) != 0 ? -(value + 1) / 2 : value / 2;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

struct Streams {
  explicit Streams(const std::array<std::string_view, kStreams>& s)
      : open(s[0]),
        close(s[1]),
        high(s[2]),
        low(s[3]),
        volume_low(s[4]),
        volume_high(s[5]),
        exponent(s[6]) {}
  Cursor open, close, high, low, volume_low, volume_high, exponent;

  bool all_used() const {
    return open.at_end() && close.at_end() && high.at_end() && low.at_end() &&
           volume_low.at_end() && volume_high.at_end() && exponent.at_end();
  }
};

// m x 10^e, rounded once: powers of ten up to 22 are exact doubles.
double scaled(int mantissa, int exponent) {
  double power = 1;
  for (int i = std::abs(exponent); i > 0; --i)
    power *= 10;
  return exponent < 0 ? mantissa / power : mantissa * power;
}

// False when a price does not fit or a bar makes no sense.
bool read_bars(Streams& streams, RecordedBars& out, std::uint32_t count) {
  const auto fits = [](std::int64_t ticks) { return ticks > 0 && ticks <= (1 << 30); };
  std::int64_t before = 0;
  out.bars.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::int64_t open = before + streams.open.zigzag();
    const std::int64_t close = open + streams.close.zigzag();
    const std::int64_t high = std::max(open, close) + streams.high.varint();
    const std::int64_t low = std::min(open, close) - streams.low.varint();
    if (!fits(open) || !fits(close) || !fits(high) || !fits(low)) return false;
    const int mantissa = streams.volume_low.byte() + 256 * streams.volume_high.byte();
    const int exponent = static_cast<std::int8_t>(streams.exponent.byte());
    out.bars.push_back({static_cast<std::int32_t>(open), static_cast<std::int32_t>(high),
                        static_cast<std::int32_t>(low), static_cast<std::int32_t>(close),
                        scaled(mantissa, exponent)});
    before = close;
  }
  return true;
}

}  // namespace

Result<std::string> read_zst(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return bad(fmt::format("cannot read {}: is the data folder complete?", path));
  std::string packed(static_cast<std::size_t>(file.tellg()), '\0');
  file.seekg(0);
  if (!file.read(packed.data(), static_cast<std::streamsize>(packed.size())))
    return bad(fmt::format("cannot read {}: input error", path));
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > kLargestFile)
    return bad(
        fmt::format("{} is not one of our zstd files; restore it from the repository", path));
  std::string plain(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) != 0 || got != plain.size())
    return bad(fmt::format("{} is damaged or cut off ({}); restore it from the repository", path,
                           ZSTD_isError(got) != 0 ? ZSTD_getErrorName(got) : "wrong size"));
  return plain;
}

Result<BarsFile> parse_bars(std::string_view bytes) {
  Cursor in(bytes);
  if (in.take(kMagic.size()) != kMagic) return bad("the bars file has another format or version");
  BarsFile file;
  file.begin = from_ms(in.number<std::int64_t>());
  file.end = from_ms(in.number<std::int64_t>());
  file.step = Millis(in.number<std::uint32_t>());
  const auto symbols = in.number<std::uint32_t>();
  if (!in.ok() || !is_step(file.step) || file.begin < kEarliest || file.end > kLatest ||
      file.begin >= file.end)
    return bad("the bars file has an unusable header");

  std::vector<std::uint32_t> counts;
  for (std::uint32_t i = 0; i < symbols && in.ok(); ++i) {
    RecordedBars& entry = file.symbols.emplace_back();
    entry.symbol = in.take(in.number<std::uint8_t>());
    entry.tick = Price(Decimal::from_raw(in.number<std::int64_t>()));
    const std::int64_t first = in.number<std::uint32_t>();
    counts.push_back(in.number<std::uint32_t>());
    const std::int64_t known = (file.end - file.begin) / file.step;
    entry.first = file.begin + file.step * std::min(first, known);
    if (counts.back() == 0 || counts.back() > kMostBars || first + counts.back() > known ||
        !entry.tick.is_positive() || entry.tick > kLargestTick)
      return bad(fmt::format("the bars file has an unusable entry {}", entry.symbol));
  }
  std::array<std::string_view, kStreams> parts;
  for (auto& part : parts)
    part = in.take(in.number<std::uint64_t>());
  if (!in.at_end()) return bad("the bars file has the wrong size");

  Streams streams(parts);
  for (std::size_t i = 0; i < file.symbols.size(); ++i)
    if (!read_bars(streams, file.symbols[i], counts[i]))
      return bad(fmt::format("the bars file has an unusable price of {}", file.symbols[i].symbol));
  if (!streams.all_used()) return bad("the bars file has bars of the wrong size");
  return file;
}

Result<std::map<std::string, std::vector<Market::Funding>>> parse_funding(std::string_view csv) {
  std::map<std::string, std::vector<Market::Funding>> all;
  for (int number = 1; !csv.empty(); ++number) {
    const auto line = csv.substr(0, csv.find('\n'));
    csv.remove_prefix(std::min(csv.size(), line.size() + 1));
    if (number == 1) continue;  // the header
    const auto first = line.find(',');
    const auto second = line.find(',', first + 1);
    std::int64_t time = 0;
    if (second == std::string_view::npos ||
        std::from_chars(line.data() + first + 1, line.data() + second, time).ptr !=
            line.data() + second ||
        from_ms(time) < kEarliest || from_ms(time) >= kLatest)
      return bad(fmt::format("line {}: '{}' is no settlement", number, line));
    const auto rate = Ratio::parse(line.substr(second + 1));
    if (!rate || rate->value().abs() > Decimal::from_int(1))
      return bad(fmt::format("line {}: '{}' has no usable rate", number, line));
    auto& settlements = all[std::string(line.substr(0, first))];
    if (!settlements.empty() && settlements.back().time >= from_ms(time))
      return bad(fmt::format("line {}: '{}' is not in order", number, line));
    settlements.push_back({from_ms(time), *rate});
  }
  return all;
}

}  // namespace bb::sim::impl
