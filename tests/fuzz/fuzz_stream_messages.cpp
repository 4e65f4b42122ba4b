// Texts that clients send over stream sockets and the WebSocket API, and the addresses that they
// connect to. Every answer is JSON; a request that is taken repeats its id as JSON.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/json.h"
#include "net/ws_wire.h"
#include "paper/stream_address.h"
#include "paper/stream_control.h"
#include "paper/stream_names.h"
#include "paper/ws_api_request.h"

using namespace bb::paper;

namespace {

bool is_json(std::string_view text) { return bb::net::JsonDocument::parse(text).has_value(); }

void read_names(const ControlMessage& message) {
  for (const auto& name : message.streams) {
    for (const auto root : {StreamRoot::public_, StreamRoot::market, StreamRoot::private_})
      parse_stream(name, root);
    std::vector<std::string> names;
    list_user_stream(parse_user_stream(name), names);
    BB_CHECK(is_json(json_list(names)), "a list of names is JSON");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // What is not UTF-8 does not come through a WebSocket.
  if (!bb::net::is_utf8(text)) return 0;
  const auto message = parse_control(text);
  if (message) {
    BB_CHECK(is_json(control_result("null", message->id)), "an answer is JSON");
    read_names(*message);
  } else {
    BB_CHECK(is_json(message.error()), "a refusal is JSON");
  }
  if (const auto request = parse_api_request(text)) {
    BB_CHECK(is_json(request->id), "an id is JSON");
    request->signed_text();
    request->query();
    find_api_endpoint(request->method);
  }
  const auto query = text.find('?');
  parse_stream_address(text.substr(0, query),
                       query == std::string_view::npos ? "" : text.substr(query + 1));
  return 0;
}
