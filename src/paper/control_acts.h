// Inside the control: its acts, each a plain function or coroutine from a body to an answer.
#pragma once

#include <string>

#include "net/json.h"
#include "paper/control.h"

namespace bb::paper {

/// An answer: JSON, or a sentence.
struct ControlReply {
  int status = 200;
  std::string body;
};
ControlReply control_error(int status, std::string_view sentence);
ControlReply control_done();
/// Why nothing may be done now: the disk would not know of it.
ControlReply disk_refuses();

struct ControlCall {
  ControlParts& parts;
  net::JsonView body;  // an object

  Server& server() const { return parts.server; }
  /// The account of "account": its alias or number; the first one without. Throws JsonError.
  int account() const;
  std::string text(std::string_view name, std::string_view otherwise) const;
  /// Whole milliseconds 0..a day. Throws JsonError.
  Millis span(std::string_view name, Millis otherwise) const;
};

// control_acts.cpp
ControlReply show_state(const ControlCall& call);
ControlReply set_price(const ControlCall& call);
ControlReply set_balance(const ControlCall& call);
ControlReply set_position(const ControlCall& call);
ControlReply set_latency(const ControlCall& call);
ControlReply set_switch(const ControlCall& call);
ControlReply set_key(const ControlCall& call);
Task<ControlReply> set_clock(ControlCall call);

// control_faults.cpp
ControlReply list_faults(const ControlCall& call);
ControlReply add_fault(const ControlCall& call);
ControlReply clear_faults(const ControlCall& call);

}  // namespace bb::paper
