// Several orders in one request: each element goes the way of a single one, and fails alone.
#include <fmt/format.h>

#include "paper/handlers.h"

namespace bb::paper {

namespace {

using net::JsonDocument;
using net::JsonView;
using net::JsonWriter;
using Values = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kPlacedMax = 5;
constexpr std::size_t kCanceledMax = 10;

// Numbers and flags may come with quotation marks or without.
std::string text_of(JsonView value) {
  return value.is_string() ? std::string(value.text()) : value.raw();
}

Values values_of(JsonView element) {
  Values values;
  element.for_each_member([&](std::string_view name, JsonView value) {
    if (!value.is_null()) values.emplace_back(name, text_of(value));
  });
  return values;
}

std::string malformed(std::string_view name) {
  return fmt::format("Mandatory parameter '{}' was not sent, was empty/null, or malformed.", name);
}

// The elements of a JSON array in a parameter; nothing, and a complaint, where it is none.
std::optional<std::vector<Values>> read_objects(ParamReader& params, std::string_view name) {
  const auto text = params.required(name);
  if (params.error()) return std::nullopt;
  std::vector<Values> elements;
  bool is_right = false;
  if (const auto document = JsonDocument::parse(text); document && document->root().is_array()) {
    is_right = true;
    document->root().for_each([&](JsonView element) {
      if (!element.is_object()) {
        is_right = false;
      } else {
        elements.push_back(values_of(element));
      }
    });
  }
  if (is_right) return elements;
  params.complain(-1102, malformed(name));
  return std::nullopt;
}

std::optional<std::vector<std::string>> read_list(ParamReader& params, std::string_view name,
                                                  std::string_view text) {
  std::vector<std::string> items;
  const auto document = JsonDocument::parse(text);
  if (document && document->root().is_array()) {
    document->root().for_each([&](JsonView item) { items.push_back(text_of(item)); });
    return items;
  }
  params.complain(-1102, malformed(name));
  return std::nullopt;
}

Reply run_each(Call& call, std::vector<Values> elements, Handler handler) {
  JsonWriter json;
  json.begin_array();
  Reply reply;
  for (auto& element : elements) {
    ParamReader params(std::move(element));
    Call one{call.venue, params, call.account, call.now, call.stale};
    const Reply answer = handler(one);
    json.raw(answer.body);
    reply.is_accepted_order = reply.is_accepted_order || answer.is_accepted_order;
  }
  json.end_array();
  reply.body = json.take();
  return reply;
}

Reply run_orders(Call& call, Handler handler) {
  auto elements = read_objects(call.params, "batchOrders");
  if (!elements) return refuse(*call.params.error());
  if (elements->empty() || elements->size() > kPlacedMax)
    return refuse(-4082, fmt::format("Invalid number of batch place orders: {}", elements->size()));
  return run_each(call, std::move(*elements), handler);
}

// Clients were seen to send the names of the lists in lower case.
std::optional<std::string_view> find_list(const ParamReader& params, std::string_view name,
                                          std::string_view lower) {
  const auto found = params.find(name);
  return found ? found : params.find(lower);
}

}  // namespace

Reply place_batch(Call& call) { return run_orders(call, place_order); }

Reply amend_batch(Call& call) { return run_orders(call, amend_order); }

Reply cancel_batch(Call& call) {
  auto& params = call.params;
  const auto* contract = call.required_symbol();
  const auto ids = find_list(params, "orderIdList", "orderidlist");
  const auto client_ids = find_list(params, "origClientOrderIdList", "origclientorderidlist");
  if (!ids && !client_ids)
    params.complain(-1102,
                    "Param 'origClientOrderIdList' or 'orderIdList' must be sent, but both were "
                    "empty/null!");
  if (params.error()) return refuse(*params.error());
  const auto list =
      read_list(params, ids ? "orderIdList" : "origClientOrderIdList", ids ? *ids : *client_ids);
  if (!list) return refuse(*params.error());
  if (list->empty()) return refuse(-1102, malformed(ids ? "orderIdList" : "origClientOrderIdList"));
  if (list->size() > kCanceledMax) return refuse(-4032, "Exceed maximum cancel order size.");
  std::vector<Values> elements;
  for (const auto& id : *list)
    elements.push_back(
        {{"symbol", contract->symbol.str()}, {ids ? "orderId" : "origClientOrderId", id}});
  return run_each(call, std::move(elements), cancel_order);
}

}  // namespace bb::paper
