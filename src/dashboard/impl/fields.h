// Fields: how amounts and times stand in answers. Amounts are JSON numbers with their exact digits;
// times are milliseconds since 1970, UTC.
#pragma once

#include <optional>
#include <string_view>

#include "domain/amounts.h"
#include "net/json.h"
#include "store/latch.h"
#include "store/records.h"

namespace bb::dashboard {

template <class Tag>
void field(net::JsonWriter& json, std::string_view name, Amount<Tag> amount) {
  json.key(name).raw(amount.str());
}
template <class Tag>
void field(net::JsonWriter& json, std::string_view name, const std::optional<Amount<Tag>>& amount) {
  if (amount)
    json.key(name).raw(amount->str());
  else
    json.key(name).null();
}
inline void field(net::JsonWriter& json, std::string_view name, TimePoint time) {
  json.field(name, to_ms(time));
}
inline void field(net::JsonWriter& json, std::string_view name, std::optional<TimePoint> time) {
  if (time)
    json.field(name, to_ms(*time));
  else
    json.key(name).null();
}
inline void field(net::JsonWriter& json, std::string_view name, std::optional<double> number) {
  if (number)
    json.field(name, *number);
  else
    json.key(name).null();
}
/// null where the text is empty.
inline void text_or_null(net::JsonWriter& json, std::string_view name, std::string_view text) {
  if (text.empty())
    json.key(name).null();
  else
    json.field(name, text);
}

void write(net::JsonWriter& json, const store::Run& run);
void write(net::JsonWriter& json, const store::FillRecord& fill);

}  // namespace bb::dashboard
