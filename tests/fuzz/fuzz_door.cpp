// Lines that other processes send to the holder of an account, and lines that a holder answers.
// What is understood is spelled again and means the same; a refusal is one line of JSON.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "control/wire.h"
#include "net/json.h"

using namespace bb::control;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto request = parse_request(text);
  if (!request) {
    const auto refusal = write_message(Failed{request.error().text});
    BB_CHECK(parse_message(refusal).has_value(), "a refusal is understood");
  } else if (const auto* command = std::get_if<Command>(&*request)) {
    const auto again = parse_request(write_request(*command));
    BB_CHECK(again && std::get<Command>(*again) == *command, "a command means the same again");
    BB_CHECK(command->percent.is_positive() && command->percent <= bb::Decimal::from_int(100),
             "a percentage is in its range");
  }
  if (const auto message = parse_message(text)) {
    const auto line = write_message(*message);
    BB_CHECK(line.find('\n') == line.size() - 1, "a message is one line");
    BB_CHECK(parse_message(line).has_value(), "a message is understood again");
  }
  return 0;
}
