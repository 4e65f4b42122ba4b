// JSON: reading through a small read-only view that fails with the path of what is wrong, and a
// streaming writer. simdjson stays inside the .cpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/decimal.h"
#include "base/result.h"

namespace bb::net {

class JsonDocument;

/// A value inside a JsonDocument; valid while the document lives. Reading the wrong type or an
/// absent member throws JsonError with the path ("[3].filters[0].tickSize"); parsing code catches
/// it once per answer and turns the whole answer into a `malformed` Error.
class JsonView {
 public:
  bool is_object() const;
  bool is_array() const;
  bool is_string() const;
  bool is_number() const;
  bool is_null() const;

  bool has(std::string_view name) const;  // false when not an object, or absent, or null
  JsonView at(std::string_view name) const;
  /// Calls `each` per element, in order.
  void for_each(const std::function<void(JsonView)>& each) const;
  /// Calls `each` per member of an object, in order.
  void for_each_member(const std::function<void(std::string_view, JsonView)>& each) const;
  std::size_t size() const;  // of an array

  std::string_view text() const;  // a string
  std::int64_t integer() const;   // a whole number, or a string that holds one
  bool boolean() const;           // true/false, or the strings "true"/"false"
  double number() const;          // a number or a string that holds one; statistics only
  Decimal decimal() const;        // a string or a number, exact to 8 places
  Decimal decimal(Rounding rounding) const;
  /// This value as compact JSON; numbers as they were written.
  std::string raw() const;

 private:
  friend class JsonDocument;
  struct Access;
  JsonView(const void* document, std::uint64_t position)
      : document_(document), position_(position) {}
  // A view is a position only: the path of an error is searched for when the error is thrown.
  const void* document_;
  std::uint64_t position_;
};

struct JsonError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class JsonDocument {
 public:
  /// Parses the whole text (a copy is kept); anything that is not one JSON value is an error, as
  /// are whole numbers beyond 64 bits and more than 1024 levels.
  static Result<JsonDocument> parse(std::string_view text);
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();
  JsonView root() const;

 private:
  friend class JsonView;
  struct Impl;
  explicit JsonDocument(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Writes compact JSON in call order; commas and escapes are its; what is no UTF-8 is U+FFFD.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::int64_t number);
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  JsonWriter& value(Number number) {
    return value(static_cast<std::int64_t>(number));
  }
  JsonWriter& value(bool flag);
  JsonWriter& value(double number);  // shortest form, null unless finite; statistics only
  JsonWriter& null();
  /// Already JSON.
  JsonWriter& raw(std::string_view json);
  template <class T>
  JsonWriter& field(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  const std::string& str() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  void comma();
  std::string out_;
  bool need_comma_ = false;
};

}  // namespace bb::net
