#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "net/json.h"

namespace bb::net {

using simdjson::internal::tape_ref;
using simdjson::internal::tape_type;

// simdjson keeps a parsed text as a tape: one 64-bit entry per bracket, key, string or literal, two
// per number. A view is an index into it, which makes every step here an array access.
struct JsonDocument::Impl {
  std::string source;
  simdjson::dom::document document;
  // Where each fraction stands in `source`, by tape index; filled when first asked for, because
  // the tape holds fractions as doubles and money must be read from the digits.
  mutable std::vector<std::pair<std::uint64_t, std::string_view>> fractions;

  std::string_view fraction_at(std::uint64_t index) const;
  void find_fractions() const;
};

namespace {

constexpr std::uint64_t kRoot = 1;

bool is_number_type(tape_type type) {
  return type == tape_type::INT64 || type == tape_type::UINT64 || type == tape_type::DOUBLE;
}

std::string_view name_of(tape_type type) {
  switch (type) {
    case tape_type::START_ARRAY:
      return "an array";
    case tape_type::START_OBJECT:
      return "an object";
    case tape_type::STRING:
      return "a string";
    case tape_type::INT64:
    case tape_type::UINT64:
    case tape_type::DOUBLE:
      return "a number";
    case tape_type::TRUE_VALUE:
    case tape_type::FALSE_VALUE:
      return "a boolean";
    case tape_type::NULL_VALUE:
      return "null";
    case tape_type::ROOT:
    case tape_type::END_ARRAY:
    case tape_type::END_OBJECT:
      break;
  }
  return "nothing";
}

/// The next number token of the text at or after `from`, outside of strings.
std::string_view next_number(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      for (++i; text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const auto end = text.find_first_not_of("+-.0123456789Ee", i);
      return text.substr(i, end == std::string_view::npos ? end : end - i);
    }
  }
  return {};
}

template <class Number>
bool read_all(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

template <class Number>
std::string digits_of(Number number) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

}  // namespace

void JsonDocument::Impl::find_fractions() const {
  std::string_view number(source.data(), 0);
  const std::uint64_t end = tape_ref(&document, 0).tape_value();
  for (std::uint64_t i = kRoot; i + 1 < end; ++i) {
    const auto type = tape_ref(&document, i).tape_ref_type();
    if (!is_number_type(type)) continue;
    const auto from = static_cast<std::size_t>(number.data() + number.size() - source.data());
    number = next_number(source, from);
    if (type == tape_type::DOUBLE) fractions.emplace_back(i, number);
    ++i;
  }
}

std::string_view JsonDocument::Impl::fraction_at(std::uint64_t index) const {
  if (fractions.empty()) find_fractions();
  const auto found =
      std::ranges::lower_bound(fractions, index, {}, [](const auto& f) { return f.first; });
  return found->second;
}

/// What a view can see; also the errors, which look for their own path.
struct JsonView::Access {
  explicit Access(const JsonView& view)
      : impl(*static_cast<const JsonDocument::Impl*>(view.document_)),
        ref(&impl.document, view.position_) {}

  JsonView view_of(std::uint64_t index) const { return {&impl, index}; }
  tape_type type() const { return ref.tape_ref_type(); }
  std::string_view string() const { return ref.get_string_view(); }

  /// The index of the first child's entry, and one past the last child.
  std::uint64_t begin() const { return ref.json_index + 1; }
  std::uint64_t end() const { return ref.after_element() - 1; }
  std::uint64_t after(std::uint64_t index) const {
    return tape_ref(&impl.document, index).after_element();
  }
  std::string_view string_at(std::uint64_t index) const {
    return tape_ref(&impl.document, index).get_string_view();
  }

  /// The index of a member's value, or 0.
  std::uint64_t find(std::string_view name) const {
    for (std::uint64_t key = begin(), last = end(); key < last; key = after(key + 1))
      if (string_at(key) == name) return key + 1;
    return 0;
  }

  std::string number_text() const {
    switch (type()) {
      case tape_type::INT64:
        return digits_of(ref.next_tape_value<std::int64_t>());
      case tape_type::UINT64:
        return digits_of(ref.next_tape_value<std::uint64_t>());
      default:
        return std::string(impl.fraction_at(ref.json_index));
    }
  }

  std::string path() const;
  [[noreturn]] void fail_here(const std::string& what) const {
    const auto where = path();
    throw JsonError((where.empty() ? "the whole value" : where) + ": " + what);
  }
  [[noreturn]] void fail_type(std::string_view wanted) const {
    fail_here("expected " + std::string(wanted) + ", found " + std::string(name_of(type())));
  }
  void write(JsonWriter& writer) const;

  const JsonDocument::Impl& impl;
  tape_ref ref;
};

/// Walks down from the root into the child whose part of the tape holds this value.
std::string JsonView::Access::path() const {
  std::string text;
  std::uint64_t at = kRoot;
  while (at != ref.json_index) {
    const Access parent({&impl, at});
    const bool is_object = parent.type() == tape_type::START_OBJECT;
    std::uint64_t number = 0;
    std::uint64_t child = parent.begin() + (is_object ? 1 : 0);
    while (parent.after(child) <= ref.json_index) {
      child = parent.after(child) + (is_object ? 1 : 0);
      ++number;
    }
    if (is_object)
      text.append(text.empty() ? "" : ".").append(parent.string_at(child - 1));
    else
      text.append("[").append(std::to_string(number)).append("]");
    at = child;
  }
  return text;
}

void JsonView::Access::write(JsonWriter& writer) const {
  switch (type()) {
    case tape_type::START_ARRAY:
      writer.begin_array();
      for (std::uint64_t i = begin(), last = end(); i < last; i = after(i))
        Access({&impl, i}).write(writer);
      writer.end_array();
      return;
    case tape_type::START_OBJECT:
      writer.begin_object();
      for (std::uint64_t key = begin(), last = end(); key < last; key = after(key + 1)) {
        writer.key(string_at(key));
        Access({&impl, key + 1}).write(writer);
      }
      writer.end_object();
      return;
    case tape_type::STRING:
      writer.value(string());
      return;
    case tape_type::TRUE_VALUE:
      writer.value(true);
      return;
    case tape_type::FALSE_VALUE:
      writer.value(false);
      return;
    case tape_type::INT64:
    case tape_type::UINT64:
    case tape_type::DOUBLE:
      writer.raw(number_text());
      return;
    case tape_type::NULL_VALUE:
    case tape_type::ROOT:
    case tape_type::END_ARRAY:
    case tape_type::END_OBJECT:
      writer.null();
      return;
  }
}

bool JsonView::is_object() const { return Access(*this).type() == tape_type::START_OBJECT; }
bool JsonView::is_array() const { return Access(*this).type() == tape_type::START_ARRAY; }
bool JsonView::is_string() const { return Access(*this).type() == tape_type::STRING; }
bool JsonView::is_number() const { return is_number_type(Access(*this).type()); }
bool JsonView::is_null() const { return Access(*this).type() == tape_type::NULL_VALUE; }

bool JsonView::has(std::string_view name) const {
  if (!is_object()) return false;
  const Access access(*this);
  const auto found = access.find(name);
  return found != 0 && !access.view_of(found).is_null();
}

JsonView JsonView::at(std::string_view name) const {
  const Access access(*this);
  if (!is_object()) access.fail_type("an object with \"" + std::string(name) + "\"");
  const auto found = access.find(name);
  if (found == 0) access.fail_here("\"" + std::string(name) + "\" is missing");
  return access.view_of(found);
}

void JsonView::for_each(const std::function<void(JsonView)>& each) const {
  const Access access(*this);
  if (!is_array()) access.fail_type("an array");
  for (std::uint64_t i = access.begin(), last = access.end(); i < last; i = access.after(i))
    each(access.view_of(i));
}

void JsonView::for_each_member(const std::function<void(std::string_view, JsonView)>& each) const {
  const Access access(*this);
  if (!is_object()) access.fail_type("an object");
  for (std::uint64_t key = access.begin(), last = access.end(); key < last;
       key = access.after(key + 1))
    each(access.string_at(key), access.view_of(key + 1));
}

std::size_t JsonView::size() const {
  const Access access(*this);
  if (!is_array()) access.fail_type("an array");
  // The tape's own count saturates at 2^24 - 1.
  std::size_t count = 0;
  for (std::uint64_t i = access.begin(), last = access.end(); i < last; i = access.after(i))
    ++count;
  return count;
}

std::string_view JsonView::text() const {
  const Access access(*this);
  if (!is_string()) access.fail_type("a string");
  return access.string();
}

std::int64_t JsonView::integer() const {
  const Access access(*this);
  std::int64_t number = 0;
  if (access.type() == tape_type::INT64) return access.ref.next_tape_value<std::int64_t>();
  if (is_string()) {
    if (!read_all(access.string(), number)) access.fail_here("the string is not a whole number");
    return number;
  }
  if (is_number()) access.fail_here("the number is not whole or beyond 64 bits");
  access.fail_type("a whole number");
}

bool JsonView::boolean() const {
  const Access access(*this);
  const bool is_text = is_string();
  if (access.type() == tape_type::TRUE_VALUE || (is_text && access.string() == "true")) return true;
  if (access.type() == tape_type::FALSE_VALUE || (is_text && access.string() == "false"))
    return false;
  access.fail_type("true or false");
}

double JsonView::number() const {
  const Access access(*this);
  double number = 0;
  switch (access.type()) {
    case tape_type::INT64:
      return static_cast<double>(access.ref.next_tape_value<std::int64_t>());
    case tape_type::UINT64:
      return static_cast<double>(access.ref.next_tape_value<std::uint64_t>());
    case tape_type::DOUBLE:
      return access.ref.next_tape_value<double>();
    case tape_type::STRING:
      if (!read_all(access.string(), number) || !std::isfinite(number))
        access.fail_here("the string is not a number");
      return number;
    default:
      access.fail_type("a number");
  }
}

Decimal JsonView::decimal() const {
  const Access access(*this);
  if (!is_string() && !is_number()) access.fail_type("a decimal number");
  const auto parsed =
      is_string() ? Decimal::parse(access.string()) : Decimal::parse(access.number_text());
  if (!parsed) access.fail_here(parsed.error().text);
  return *parsed;
}

Decimal JsonView::decimal(Rounding rounding) const {
  const Access access(*this);
  if (!is_string() && !is_number()) access.fail_type("a decimal number");
  const auto parsed = is_string() ? Decimal::parse_rounded(access.string(), rounding)
                                  : Decimal::parse_rounded(access.number_text(), rounding);
  if (!parsed) access.fail_here(parsed.error().text);
  return *parsed;
}

std::string JsonView::raw() const {
  JsonWriter writer;
  Access(*this).write(writer);
  return writer.take();
}

Result<JsonDocument> JsonDocument::parse(std::string_view text) {
  // The parser keeps its working memory from one text to the next.
  thread_local simdjson::dom::parser parser;
  auto impl = std::make_unique<Impl>();
  impl->source.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  impl->source = text;
  const auto parsed =
      parser.parse_into_document(impl->document, impl->source.data(), impl->source.size(), false);
  if (parsed.error() != simdjson::SUCCESS)
    return fail(ErrorKind::malformed,
                std::string("not JSON: ") + simdjson::error_message(parsed.error()));
  return JsonDocument(std::move(impl));
}

JsonDocument::JsonDocument(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

JsonView JsonDocument::root() const { return {impl_.get(), kRoot}; }

}  // namespace bb::net
