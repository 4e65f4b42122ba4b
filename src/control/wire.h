// The door's language, version 1: one JSON object per line, in both directions.
//
//   {"v":1,"do":"flatten","id":"<32 hex>","at":<ms>,"who":"..","percent":"50","symbols":["A"],
//    "scope":"account","side":"short","profit":"losers"}       flatten-preview: the same members
//   {"v":1,"do":"ping"}   {"v":1,"do":"watch"}
//
//   {"v":1,"state":"accepted"}                   the holder has it, and nothing happened before
//   this
//   {"v":1,"state":"working"}                    every half second while it acts
//   {"v":1,"state":"answered","by":{..},"exit_code":0,"json":"{..}","text":"..",..}
//   {"v":1,"state":"counters","counters":{"orders":3,..}}          to a watcher
//   {"v":1,"state":"error","error":"one sentence"}                 and nothing was done
//
// A member that this version does not know makes the whole request an error: a holder that ignored
// a newer caller's restriction would do more than it was asked to.
#pragma once

#include <variant>

#include "control/command.h"

namespace bb::control {

inline constexpr std::int64_t kWireVersion = 1;

struct Ping {};
struct Watch {};
using Request = std::variant<Command, Ping, Watch>;

std::string write_request(const Request& request);  // ends with a newline
Result<Request> parse_request(std::string_view line);

struct Accepted {};
struct Working {};
struct Failed {
  std::string error;
};
using Message = std::variant<Accepted, Working, Answer, std::vector<Counter>, Failed>;

std::string write_message(const Message& message);  // ends with a newline
Result<Message> parse_message(std::string_view line);

/// The arguments of a command as one JSON object: what its record keeps.
std::string write_arguments(const Command& command);

}  // namespace bb::control
