#include "dashboard/impl/api.h"
#include "dashboard/impl/log_tail.h"
#include "dashboard/impl/params.h"
#include "net/json.h"

namespace bb::dashboard {

Task<net::ServerReply> get_logs(Site& site, const Request& request) {
  Params params(request);
  LogQuery query;
  query.lines = static_cast<std::size_t>(params.integer("lines", 200, 1, 2000));
  const auto level = params.choice("level", "debug", {"debug", "info", "warning", "error"});
  query.level = parse_log_level(level).value();
  query.text = params.text("text", 200);
  if (auto refusal = params.refusal()) co_return std::move(*refusal);
  const auto lines = load_log_tail(site.options.log_dir, query);
  if (!lines) co_return answer_error(lines.error());
  net::JsonWriter json;
  json.begin_object().key("lines").begin_array();
  for (const auto& line : *lines)
    json.value(line);
  json.end_array().end_object();
  co_return answer_json(json.take());
}

}  // namespace bb::dashboard
