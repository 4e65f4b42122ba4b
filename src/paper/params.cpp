#include "paper/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "net/http.h"

namespace bb::paper {

namespace {

// Far more than any endpoint reads; every one is compared with all before it.
constexpr std::size_t kParamsMax = 100;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_client_id_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == ':' ||
         c == '/' || c == '_' || c == '-';
}

std::string illegal(std::string_view name, std::string_view range) {
  return fmt::format("Illegal characters found in parameter '{}'; legal range is '{}'.", name,
                     range);
}

/// ^([0-9]{1,20})(\.[0-9]{1,20})?$
bool is_plain_decimal(std::string_view text) {
  const auto point = text.find('.');
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.size() <= 20 && std::ranges::all_of(part, is_digit);
  };
  if (point == std::string_view::npos) return digits(text);
  return digits(text.substr(0, point)) && digits(text.substr(point + 1));
}

}  // namespace

ParamReader::ParamReader(std::string_view query, std::string_view body) {
  entries_.reserve(16);
  split(query, false);
  split(body, true);
}

ParamReader::ParamReader(std::vector<std::pair<std::string, std::string>> values) {
  for (auto& [name, value] : values) {
    const std::string_view kept = decoded_.emplace_back(std::move(name));
    entries_.push_back({kept, decoded_.emplace_back(std::move(value))});
  }
}

void ParamReader::split(std::string_view text, bool from_body) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    if (entries_.size() >= kParamsMax)
      return complain(
          -1101, fmt::format("Too many parameters; expected '{}' and received more.", kParamsMax));
    const auto equals = pair.find('=');
    Entry entry{
        decoded(pair.substr(0, equals)),
        equals == std::string_view::npos ? std::string_view() : decoded(pair.substr(equals + 1)),
        from_body};
    const auto same = std::ranges::find(entries_, entry.name, &Entry::name);
    if (same == entries_.end()) {
      entries_.push_back(entry);
    } else if (same->from_body == from_body) {
      complain(-1101, "Duplicate values for a parameter detected.");
    }
  }
}

std::string_view ParamReader::decoded(std::string_view text) {
  if (text.find_first_of("%+") == std::string_view::npos) return text;
  auto result = net::percent_decode(text, true);
  // A broken escape stays as it is: it will be refused as the value that it then is.
  if (!result) return text;
  return decoded_.emplace_back(std::move(*result));
}

std::optional<std::string_view> ParamReader::find(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  if (found == entries_.end()) return std::nullopt;
  return found->value;
}

void ParamReader::complain(int code, std::string text) {
  if (!error_) error_ = Rejection{code, std::move(text)};
}

void ParamReader::complain_missing(std::string_view name) {
  complain(
      -1102,
      fmt::format("Mandatory parameter '{}' was not sent, was empty/null, or malformed.", name));
}

void ParamReader::refuse_param(std::string_view name) {
  if (has(name)) complain(-1106, fmt::format("Parameter '{}' sent when not required.", name));
}

std::string_view ParamReader::required(std::string_view name) {
  const auto value = find(name);
  if (value && !value->empty()) return *value;
  complain_missing(name);
  return {};
}

std::optional<std::string_view> ParamReader::optional(std::string_view name) {
  const auto value = find(name);
  if (value && value->empty()) {
    complain(-1105, fmt::format("Parameter '{}' was empty.", name));
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> ParamReader::to_integer(std::string_view name, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc() && end == text.data() + text.size() && value >= 0) return value;
  complain(-1100, illegal(name, "^[0-9]{1,20}$"));
  return std::nullopt;
}

std::optional<Decimal> ParamReader::to_decimal(std::string_view name, std::string_view text) {
  if (!is_plain_decimal(text)) {
    complain(-1100, illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$"));
    return std::nullopt;
  }
  const auto value = Decimal::parse(text);
  if (value) return *value;
  // More decimals than any asset has, or a figure beyond everything.
  complain(-1111, "Precision is over the maximum defined for this asset.");
  return std::nullopt;
}

std::int64_t ParamReader::required_integer(std::string_view name) {
  const auto text = required(name);
  return text.empty() ? 0 : to_integer(name, text).value_or(0);
}

std::optional<std::int64_t> ParamReader::optional_integer(std::string_view name) {
  const auto text = optional(name);
  return text ? to_integer(name, *text) : std::nullopt;
}

Decimal ParamReader::required_decimal(std::string_view name) {
  const auto text = required(name);
  return text.empty() ? Decimal() : to_decimal(name, text).value_or(Decimal());
}

std::optional<Decimal> ParamReader::optional_decimal(std::string_view name) {
  const auto text = optional(name);
  return text ? to_decimal(name, *text) : std::nullopt;
}

std::optional<TimePoint> ParamReader::optional_time(std::string_view name) {
  constexpr std::int64_t kEndOfTime = 253'402'300'799'000;  // the year 9999
  const auto value = optional_integer(name);
  if (!value) return std::nullopt;
  if (*value <= kEndOfTime) return from_ms(*value);
  complain(-1130, fmt::format("Data sent for parameter '{}' is not valid.", name));
  return std::nullopt;
}

bool ParamReader::optional_flag(std::string_view name, bool otherwise) {
  const auto text = optional(name);
  if (!text) return otherwise;
  if (*text == "true" || *text == "TRUE") return true;
  if (*text == "false" || *text == "FALSE") return false;
  complain(-1130, fmt::format("Data sent for parameter '{}' is not valid.", name));
  return otherwise;
}

std::size_t ParamReader::limit(std::size_t otherwise, std::size_t max) {
  const auto value = optional_integer("limit");
  if (!value) return otherwise;
  if (*value >= 1 && *value <= static_cast<std::int64_t>(max))
    return static_cast<std::size_t>(*value);
  complain(-1130, "Data sent for parameter 'limit' is not valid.");
  return otherwise;
}

std::optional<std::string_view> ParamReader::client_id(std::string_view name) {
  const auto text = optional(name);
  if (!text) return std::nullopt;
  if (text->size() > 36) {
    complain(-4015, "Client order id length should be less than 36 chars");
  } else if (!std::ranges::all_of(*text, is_client_id_char)) {
    complain(-1100, illegal(name, "^[\\.A-Z\\:/a-z0-9_-]{1,36}$"));
  } else {
    return text;
  }
  return std::nullopt;
}

}  // namespace bb::paper
