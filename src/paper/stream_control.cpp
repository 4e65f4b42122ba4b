#include "paper/stream_control.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "net/json.h"

namespace bb::paper {

namespace {

using Method = ControlMessage::Method;
using net::JsonView;

constexpr int kUnknownProperty = 0;
constexpr int kBadValue = 1;
constexpr int kBadRequest = 2;
constexpr int kBadJson = 3;

constexpr std::array<std::pair<std::string_view, Method>, 5> kMethods = {{
    {"SUBSCRIBE", Method::subscribe},
    {"UNSUBSCRIBE", Method::unsubscribe},
    {"LIST_SUBSCRIPTIONS", Method::list},
    {"SET_PROPERTY", Method::set_property},
    {"GET_PROPERTY", Method::get_property},
}};

std::unexpected<std::string> bad_request(std::string_view what) {
  return std::unexpected(control_error(kBadRequest, fmt::format("Invalid request: {}", what)));
}

/// An unsigned integer, or the hex text that the official SDK sends.
std::optional<std::string> read_id(const JsonView& root) {
  if (!root.has("id")) return std::nullopt;
  const auto id = root.at("id");
  const auto raw = id.raw();
  if (id.is_number()) {
    const bool is_unsigned = std::ranges::all_of(raw, [](char c) { return c >= '0' && c <= '9'; });
    return is_unsigned && raw.size() <= 20 ? std::optional(raw) : std::nullopt;
  }
  if (!id.is_string()) return std::nullopt;
  const auto text = id.text();
  const bool is_hex = std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  return is_hex && !text.empty() && text.size() <= 64 ? std::optional(raw) : std::nullopt;
}

std::optional<std::vector<JsonView>> read_params(const JsonView& root) {
  std::vector<JsonView> params;
  if (!root.has("params")) return params;
  if (!root.at("params").is_array()) return std::nullopt;
  root.at("params").for_each([&](JsonView value) { params.push_back(value); });
  return params;
}

std::optional<std::string> read_streams(ControlMessage& message,
                                        const std::vector<JsonView>& params) {
  for (const auto& value : params) {
    if (!value.is_string()) return bad_request("invalid type: expected a string").error();
    message.streams.emplace_back(value.text());
  }
  return std::nullopt;
}

std::optional<std::string> read_property(ControlMessage& message,
                                         const std::vector<JsonView>& params) {
  const bool sets = message.method == Method::set_property;
  const std::size_t wanted = sets ? 2 : 1;
  if (params.size() > wanted) return bad_request("too many parameters").error();
  if (params.empty() || !params[0].is_string())
    return bad_request("property name must be a string").error();
  if (params[0].text() != "combined") return control_error(kUnknownProperty, "Unknown property");
  if (!sets) return std::nullopt;
  const auto value = params.size() == 2 ? params[1].raw() : "";
  if (value != "true" && value != "false")
    return control_error(kBadValue, "Invalid value type: expected Boolean");
  message.combined = value == "true";
  return std::nullopt;
}

std::expected<ControlMessage, std::string> read_message(const JsonView& root) {
  if (!root.is_object()) return bad_request("expected an object");
  const auto id = read_id(root);
  if (!id) return bad_request("request ID must be an unsigned integer");
  ControlMessage message;
  message.id = *id;
  if (!root.has("method")) return bad_request("missing field `method`");
  if (!root.at("method").is_string()) return bad_request("invalid type: expected a string");
  const auto name = root.at("method").text();
  const auto method = std::ranges::find(kMethods, name, &decltype(kMethods)::value_type::first);
  if (method == kMethods.end())
    return bad_request(
        fmt::format("unknown variant `{}`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, "
                    "`LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`",
                    name));
  message.method = method->second;
  const auto params = read_params(root);
  if (!params) return bad_request("invalid type: expected a sequence");
  std::optional<std::string> refusal;
  if (message.method == Method::set_property || message.method == Method::get_property) {
    refusal = read_property(message, *params);
  } else if (message.method != Method::list) {
    refusal = read_streams(message, *params);
  }
  if (refusal) return std::unexpected(std::move(*refusal));
  return message;
}

}  // namespace

std::expected<ControlMessage, std::string> parse_control(std::string_view text) {
  const auto document = net::JsonDocument::parse(text);
  if (!document)
    return std::unexpected(
        control_error(kBadJson, "Invalid JSON: expected value at line 1 column 1"));
  try {
    return read_message(document->root());
  } catch (const net::JsonError& error) {
    return bad_request(error.what());
  }
}

std::string control_result(std::string_view result, std::string_view id) {
  return fmt::format(R"({{"result":{},"id":{}}})", result, id);
}

std::string control_error(int code, std::string_view text) {
  net::JsonWriter json;
  json.begin_object().field("code", code).field("msg", text).end_object();
  return json.take();
}

std::string json_list(const std::vector<std::string>& names) {
  net::JsonWriter json;
  json.begin_array();
  for (const auto& name : names)
    json.value(std::string_view(name));
  json.end_array();
  return json.take();
}

}  // namespace bb::paper
