#include "paper/handlers.h"

namespace bb::paper {

namespace {

Reply key_answer(std::string_view key) {
  net::JsonWriter json;
  json.begin_object().field("listenKey", key).end_object();
  return ok(json);
}

}  // namespace

Reply start_listen_key(Call& call) {
  return key_answer(call.venue.listen_keys().start(call.account, call.now));
}

Reply extend_listen_key(Call& call) {
  const auto key = call.venue.listen_keys().extend(call.account, call.now);
  if (!key)
    return refuse(-1125,
                  "This listenKey does not exist. Please use `POST /fapi/v1/listenKey` to recreate "
                  "`listenKey`");
  return key_answer(*key);
}

Reply end_listen_key(Call& call) {
  call.venue.listen_keys().end(call.account);
  return Reply{200, "{}"};
}

}  // namespace bb::paper
