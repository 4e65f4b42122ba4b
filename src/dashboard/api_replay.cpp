// The demo's own address: how fast its recorded days go by.
#include <fmt/format.h>

#include "dashboard/impl/api.h"
#include "dashboard/impl/fields.h"

namespace bb::dashboard {

void write_replay(net::JsonWriter& json, const Site& site) {
  json.key("replay");
  if (!site.options.replay) {
    json.null();
    return;
  }
  const auto view = site.options.replay->view();
  json.begin_object().field("speed", view.speed).field("paused", view.paused);
  json.field("ended", view.ended);
  field(json, "begin", view.begin);
  field(json, "end", view.end);
  json.end_object();
}

Task<net::ServerReply> post_replay(Site& site, const Request& request) {
  auto document = net::JsonDocument::parse(request.http.body);
  if (!document) co_return answer_error(400, "the body is not JSON");
  const auto& replay = *site.options.replay;
  auto wanted = replay.view();
  std::string fault;
  try {
    const auto root = document->root();
    if (root.has("speed")) wanted.speed = root.at("speed").number();
    if (root.has("paused")) wanted.paused = root.at("paused").boolean();
  } catch (const net::JsonError& error) {
    fault = error.what();
  }
  if (!fault.empty()) co_return answer_error(422, fault);
  if (!(wanted.speed >= kReplaySpeedMin && wanted.speed <= kReplaySpeedMax))
    co_return answer_error(
        422, fmt::format("speed: it must be {} to {}", kReplaySpeedMin, kReplaySpeedMax));
  replay.steer(wanted.speed, wanted.paused);
  net::JsonWriter json;
  json.begin_object();
  write_replay(json, site);
  json.end_object();
  co_return answer_json(json.take());
}

}  // namespace bb::dashboard
