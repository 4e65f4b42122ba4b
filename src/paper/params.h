// ParamReader: the parameters of one request, read in the order in which Binance would complain.
// The first complaint sticks; a handler reads all it needs and then asks error() once.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/exchange.h"

namespace bb::paper {

using sim::Rejection;

class ParamReader {
 public:
  /// Views into both texts are kept: they outlive the reader. A name in both places: the query
  /// wins.
  ParamReader(std::string_view query, std::string_view body);
  /// Values that are not of a query: the members of an element of a batch.
  explicit ParamReader(std::vector<std::pair<std::string, std::string>> values);
  ParamReader(const ParamReader&) = delete;
  ParamReader& operator=(const ParamReader&) = delete;

  /// The decoded value, or nothing; never complains.
  std::optional<std::string_view> find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name).has_value(); }

  // Mandatory: -1102 when absent or empty.
  std::string_view required(std::string_view name);
  // Optional: nothing when absent, -1105 when empty.
  std::optional<std::string_view> optional(std::string_view name);

  // Values; -1100 when the characters are wrong. `optional_` forms as above.
  std::int64_t required_integer(std::string_view name);
  std::optional<std::int64_t> optional_integer(std::string_view name);
  Decimal required_decimal(std::string_view name);
  std::optional<Decimal> optional_decimal(std::string_view name);
  std::optional<TimePoint> optional_time(std::string_view name);
  /// "true" or "false"; -1130 otherwise.
  bool optional_flag(std::string_view name, bool otherwise);
  /// 1..max, -1130 otherwise.
  std::size_t limit(std::size_t otherwise, std::size_t max);
  /// A client id by the exchange's pattern; -4015 when too long.
  std::optional<std::string_view> client_id(std::string_view name);

  /// Keeps the first complaint.
  void complain(int code, std::string text);
  /// -1102 for this name.
  void complain_missing(std::string_view name);
  /// -1106 when it was sent.
  void refuse_param(std::string_view name);
  const std::optional<Rejection>& error() const { return error_; }

 private:
  struct Entry {
    std::string_view name;
    std::string_view value;
    bool from_body = false;
  };
  void split(std::string_view text, bool from_body);
  std::string_view decoded(std::string_view text);
  std::optional<std::int64_t> to_integer(std::string_view name, std::string_view text);
  std::optional<Decimal> to_decimal(std::string_view name, std::string_view text);

  std::vector<Entry> entries_;
  std::list<std::string> decoded_;  // values that needed decoding
  std::optional<Rejection> error_;
};

}  // namespace bb::paper
