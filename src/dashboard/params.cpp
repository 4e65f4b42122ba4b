#include "dashboard/impl/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "net/json.h"

namespace bb::dashboard {

namespace {

template <class Number>
std::optional<Number> parse(const std::string& text) {
  Number number{};
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

const std::string* Params::find(std::string_view name) {
  known_.emplace_back(name);
  for (const auto& [key, value] : request_.query)
    if (key == name) return &value;
  return nullptr;
}

void Params::complain(std::string_view name, std::string range) {
  if (!parameter_.empty()) return;
  parameter_ = name;
  range_ = std::move(range);
}

std::int64_t Params::integer(std::string_view name, std::int64_t absent, std::int64_t min,
                             std::int64_t max) {
  const auto* found = find(name);
  if (found == nullptr) return absent;
  const auto number = parse<std::int64_t>(*found);
  if (number && *number >= min && *number <= max) return *number;
  complain(name, fmt::format("a whole number from {} to {}", min, max));
  return absent;
}

double Params::number(std::string_view name, double absent, double above, double max) {
  const auto* found = find(name);
  if (found == nullptr) return absent;
  const auto number = parse<double>(*found);
  if (number && std::isfinite(*number) && *number > above && *number <= max) return *number;
  complain(name, fmt::format("a number above {} and at most {}", above, max));
  return absent;
}

bool Params::flag(std::string_view name, bool absent) {
  const auto* found = find(name);
  if (found == nullptr) return absent;
  if (*found == "true" || *found == "1") return true;
  if (*found == "false" || *found == "0") return false;
  complain(name, "true or false");
  return absent;
}

std::string Params::text(std::string_view name, std::size_t bytes_max) {
  const auto* found = find(name);
  if (found == nullptr) return {};
  if (found->size() <= bytes_max) return *found;
  complain(name, fmt::format("at most {} bytes", bytes_max));
  return {};
}

std::string Params::choice(std::string_view name, std::string_view absent,
                           const std::vector<std::string_view>& choices) {
  const auto* found = find(name);
  if (found == nullptr) return std::string(absent);
  if (std::ranges::find(choices, *found) != choices.end()) return *found;
  complain(name, fmt::format("one of {}", fmt::join(choices, ", ")));
  return std::string(absent);
}

std::optional<TimePoint> Params::time(std::string_view name) {
  const auto* found = find(name);
  if (found == nullptr) return std::nullopt;
  constexpr std::int64_t kLatest = 4'102'444'800'000;  // 2100
  if (const auto ms = parse<std::int64_t>(*found); ms && *ms >= 0 && *ms <= kLatest)
    return from_ms(*ms);
  if (const auto instant = parse_utc_instant(*found)) return *instant;
  complain(name, "UTC, as in 2025-10-10 or 2025-10-10T23:40, or milliseconds since 1970");
  return std::nullopt;
}

std::optional<net::ServerReply> Params::refusal() {
  for (const auto& each : request_.query)
    if (std::ranges::find(known_, each.first) == known_.end())
      complain(each.first, known_.empty()
                               ? "nothing: this address takes no parameters"
                               : fmt::format("one of the names {}", fmt::join(known_, ", ")));
  if (parameter_.empty()) return std::nullopt;
  net::JsonWriter json;
  json.begin_object().key("error").begin_object();
  json.field("text", fmt::format("parameter {}: it must be {}", parameter_, range_));
  json.field("parameter", parameter_).field("range", range_);
  json.end_object().end_object();
  return answer_json(json.take(), 422);
}

}  // namespace bb::dashboard
