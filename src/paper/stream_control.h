// The control messages of stream sockets (reference §15): what a client asks, and the texts of the
// answers. No state, no I/O.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace bb::paper {

struct ControlMessage {
  enum class Method { subscribe, unsubscribe, list, set_property, get_property };
  Method method = Method::list;
  std::vector<std::string> streams;  // subscribe, unsubscribe
  bool combined = false;             // set_property
  std::string id;                    // as JSON, to be repeated
};

/// The message, or the answer that it deserves: JSON with `code` and `msg`.
std::expected<ControlMessage, std::string> parse_control(std::string_view text);

/// {"result":<result>,"id":<id>}; `result` is JSON.
std::string control_result(std::string_view result, std::string_view id);
std::string control_error(int code, std::string_view text);
/// A list of names as JSON.
std::string json_list(const std::vector<std::string>& names);

}  // namespace bb::paper
