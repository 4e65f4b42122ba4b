#include <fmt/format.h>

#include "paper/control_acts.h"
#include "paper/fault_names.h"

namespace bb::paper {

namespace {

using net::JsonWriter;

std::string known_names() {
  std::string names;
  for (const auto& fault : named_faults())
    names += (names.empty() ? "" : ", ") + std::string(fault.name);
  return names;
}

std::optional<net::Method> method_of(const ControlCall& call) {
  const auto text = call.text("method", "");
  if (text.empty()) return std::nullopt;
  if (text == "GET") return net::Method::get;
  if (text == "POST") return net::Method::post;
  if (text == "PUT") return net::Method::put;
  if (text == "DELETE") return net::Method::del;
  throw net::JsonError("a method is GET, POST, PUT or DELETE");
}

std::int64_t whole(const ControlCall& call, std::string_view name, std::int64_t least,
                   std::int64_t otherwise) {
  if (!call.body.has(name)) return otherwise;
  const auto value = call.body.at(name).integer();
  if (value < least || value > 1'000'000'000)
    throw net::JsonError(fmt::format("{} is not between {} and 1000000000", name, least));
  return value;
}

// A name's rule, narrowed to what the body says.
FaultRule rule_of(const ControlCall& call, const NamedFault& fault) {
  FaultRule rule = fault.rule;
  if (const auto method = method_of(call)) rule.method = method;
  rule.path_prefix = call.text("route", rule.path_prefix);
  rule.param = call.text("param", rule.param);
  rule.value = call.text("value", rule.value);
  rule.first = static_cast<int>(whole(call, "first", 1, 1));
  rule.every = static_cast<int>(whole(call, "every", 1, 1));
  // Once, unless the body says how often.
  const bool is_open = call.body.has("rate") || call.body.has("every");
  rule.count = static_cast<int>(whole(call, "count", 0, is_open ? 0 : 1));
  if (call.body.has("rate")) rule.rate = call.body.at("rate").number();
  if (!(rule.rate > 0 && rule.rate <= 1)) throw net::JsonError("a rate is above 0 and at most 1");
  rule.retry_after_s = static_cast<int>(whole(call, "retry_after_s", 0, rule.retry_after_s));
  const Millis ms = call.span("ms", Millis(0));
  using Effect = FaultRule::Effect;
  if (rule.effect == Effect::delay) rule.before = rule.after = ms;
  if (rule.effect == Effect::stale_positions || rule.effect == Effect::hide_orders) rule.span = ms;
  if (call.body.has("executed")) {
    const bool executed = call.body.at("executed").boolean();
    if (rule.effect != Effect::refuse && rule.effect != Effect::act_then_error)
      throw net::JsonError("\"executed\" is for faults that answer with an error");
    rule.effect = executed ? Effect::act_then_error : Effect::refuse;
  }
  return rule;
}

// The newest word on a fault counts, as for latencies.
void add(StreamFault& fault, std::string_view name, int count, Micros delay) {
  if (name == "stream_silence") fault.silent = true;
  if (name == "stream_gap") fault.drop = count;
  if (name == "stream_duplicate") fault.duplicate = count;
  if (name == "stream_truncate") fault.truncate = count;
  if (name == "stream_reorder") fault.swap = count;
  if (name == "stream_late") fault.delay = delay;
}

ControlReply tell_streams(const ControlCall& call, const NamedFault& fault) {
  const auto which = call.text("streams", "all");
  if (which != "all" && which != "user" && which != "market")
    return control_error(400, "streams are all, user or market");
  const int count = static_cast<int>(whole(call, "count", 1, 1));
  const Micros delay = call.span("ms", Millis(0));
  if (fault.name == "stream_disconnect") {
    call.server().disconnect_streams();
    return control_done();
  }
  StreamFaults faults = call.server().stream_faults();
  if (which != "market") add(faults.user, fault.name, count, delay);
  if (which != "user") add(faults.market, fault.name, count, delay);
  call.server().set_stream_faults(faults);
  return control_done();
}

// It changes what the exchange does, so it is done again when the exchange is.
ControlReply hold_triggers(const ControlCall& call) {
  Server& server = call.server();
  if (!server.can_keep()) return disk_refuses();
  server.advance();
  server.exchange().hold_triggers(static_cast<int>(whole(call, "count", 1, 1)));
  server.keep_deed("/control/faults", call.body.raw());
  return control_done();
}

}  // namespace

ControlReply list_faults(const ControlCall& call) {
  const FaultPlan& plan = call.server().faults();
  JsonWriter json;
  json.begin_object().key("known").begin_array();
  for (const auto& fault : named_faults())
    json.begin_object().field("name", fault.name).field("what", fault.what).end_object();
  json.end_array().key("planted").begin_array();
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto& rule = plan.rule(i);
    json.begin_object()
        .field("id", i)
        .field("name", rule.name)
        .field("route", rule.path_prefix)
        .field("rate", rule.rate)
        .field("count", rule.count)
        .field("matched", plan.matched(i))
        .field("fired", plan.fired(i))
        .field("live", plan.is_live(i))
        .end_object();
  }
  json.end_array()
      .field("position_late_ms", call.server().lags().position_lag().count())
      .end_object();
  return {200, json.take()};
}

ControlReply add_fault(const ControlCall& call) {
  const std::string name(call.body.at("name").text());
  const NamedFault* fault = find_fault(name);
  if (!fault)
    return control_error(400,
                         fmt::format("there is no fault {}; there are {}", name, known_names()));
  if (fault->needs_ms && !call.body.has("ms"))
    return control_error(400, fmt::format("{} needs \"ms\"", name));
  switch (fault->place) {
    case FaultPlace::request: {
      FaultRule rule = rule_of(call, *fault);
      rule.name = name;
      const auto id = call.server().faults().add(std::move(rule));
      JsonWriter json;
      json.begin_object().field("id", id).end_object();
      return {200, json.take()};
    }
    case FaultPlace::position_lag:
      call.server().lags().set_position_lag(call.span("ms", Millis(0)));
      return control_done();
    case FaultPlace::stream:
      return tell_streams(call, *fault);
    case FaultPlace::listen_key:
      call.server().expire_listen_key(call.account());
      return control_done();
    case FaultPlace::engine:
      return hold_triggers(call);
  }
  std::unreachable();
}

ControlReply clear_faults(const ControlCall& call) {
  FaultPlan& plan = call.server().faults();
  if (call.body.has("id")) {
    const auto id = call.body.at("id").integer();
    if (id < 0 || !plan.end(static_cast<std::size_t>(id)))
      return control_error(404, fmt::format("there is no fault {}", id));
    return control_done();
  }
  for (std::size_t i = 0; i < plan.size(); ++i)
    plan.end(i);
  call.server().lags().set_position_lag(Millis(0));
  call.server().set_stream_faults({});
  return control_done();
}

}  // namespace bb::paper
