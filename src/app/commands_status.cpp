// status: what a person must know at three in the morning, however sick anything is. It changes
// nothing and takes no lock; what cannot be had is said, and the rest is shown.
#include <fmt/format.h>

#include "app/commands.h"
#include "app/perform.h"
#include "app/report_commands.h"
#include "control/caller.h"
#include "net/json.h"
#include "service/jobs.h"

namespace bb::app {

namespace {

using net::JsonWriter;

struct View {
  std::string home;
  std::optional<store::LatchNote> latch;
  control::Reply holder;
  Result<std::vector<exchange::Position>> positions = fail(ErrorKind::unreachable, "not read");
  Result<std::vector<exchange::OrderView>> orders = fail(ErrorKind::unreachable, "not read");
  Result<std::unique_ptr<const store::Store>> store = fail(ErrorKind::storage, "not read");

  bool is_whole() const {
    return positions && orders && store && holder.kind != control::Reply::Kind::silent &&
           holder.kind != control::Reply::Kind::lost;
  }
};

std::string_view word_of(control::Reply::Kind kind) {
  switch (kind) {
    case control::Reply::Kind::answered:
      return "answers";
    case control::Reply::Kind::refused:
      return "refuses";
    case control::Reply::Kind::no_holder:
      return "none";
    case control::Reply::Kind::silent:
    case control::Reply::Kind::lost:
      return "does not answer";
  }
  return "";
}

bool is_protective(const exchange::OrderView& order) {
  return order.conditional &&
         (order.type == OrderType::stop_market || order.type == OrderType::stop);
}

std::string text_of_positions(const View& view) {
  if (!view.positions) return fmt::format("positions: {}\n", view.positions.error().text);
  std::string text = fmt::format("positions: {}\n", view.positions->size());
  for (const auto& position : *view.positions) {
    bool is_protected = false;
    if (view.orders)
      for (const auto& order : *view.orders)
        is_protected |= is_protective(order) && order.symbol == position.symbol &&
                        order.position_side == position.side;
    text += fmt::format("  {} {} {} at {}, mark {}, pnl {}{}\n", position.symbol.str(),
                        str(position.side), position.qty.str(), position.entry.str(),
                        position.mark.str(), position.unrealized_pnl.str(),
                        !view.orders || is_protected ? "" : ", NO STOP");
  }
  return text;
}

std::string text_of(const View& view) {
  std::string text = fmt::format("account: {}\n", view.home);
  text += fmt::format("entries: {}\n", view.latch ? service::describe(*view.latch) +
                                                        "; `bubble-buster resume` ends that"
                                                  : "allowed");
  if (view.holder.kind == control::Reply::Kind::answered)
    text += view.holder.answer.report.text;
  else
    text += fmt::format("holder: {}\n", view.holder.text);
  text += text_of_positions(view);
  if (view.orders)
    text += fmt::format("orders: {} resting\n", view.orders->size());
  else
    text += fmt::format("orders: {}\n", view.orders.error().text);
  if (!view.store) return text + fmt::format("database: {}\n", view.store.error().text);
  return text + fmt::format("database: {} open holdings, {} orders unresolved\n",
                            (*view.store)->open_holdings().size(),
                            (*view.store)->unresolved_intents().size());
}

void write_exchange(JsonWriter& json, const View& view) {
  if (view.positions) {
    json.key("positions").begin_array();
    for (const auto& position : *view.positions)
      json.begin_object()
          .field("symbol", position.symbol.str())
          .field("side", str(position.side))
          .field("qty", position.qty.str())
          .field("entry", position.entry.str())
          .field("mark", position.mark.str())
          .field("pnl", position.unrealized_pnl.str())
          .end_object();
    json.end_array();
  } else {
    json.field("positions_error", view.positions.error().text);
  }
  if (view.orders) {
    json.key("orders").begin_array();
    for (const auto& order : *view.orders)
      json.begin_object()
          .field("symbol", order.symbol.str())
          .field("type", str(order.type))
          .field("side", str(order.side))
          .field("trigger", order.trigger_price.str())
          .field("client_order_id", order.client_order_id.str())
          .end_object();
    json.end_array();
  } else {
    json.field("orders_error", view.orders.error().text);
  }
}

std::string json_of(const View& view) {
  JsonWriter json;
  json.begin_object().field("command", "status").field("account", view.home);
  std::string entries = "allowed";
  if (view.latch) entries = view.latch->kind == store::LatchKind::paused ? "paused" : "halted";
  json.field("entries", entries);
  if (view.latch)
    json.key("latch")
        .begin_object()
        .field("who", view.latch->who)
        .field("why", view.latch->why)
        .field("since", iso_seconds(view.latch->since))
        .end_object();
  json.field("holder_state", word_of(view.holder.kind));
  std::string report = view.holder.answer.report.json;
  while (report.ends_with('\n'))
    report.pop_back();
  if (!report.empty()) json.key("holder").raw(report);
  write_exchange(json, view);
  if (view.store) {
    json.key("holdings").begin_array();
    for (const auto& holding : (*view.store)->open_holdings())
      json.value(holding.symbol.str());
    json.end_array().field("unresolved", (*view.store)->unresolved_intents().size());
  } else {
    json.field("database_error", view.store.error().text);
  }
  json.end_object();
  return json.take() + "\n";
}

Task<void> look_at_exchange(Session& session, View& view) {
  const auto account = co_await AccountView::open(session.ground());
  if (!account) {
    view.positions = std::unexpected(account.error());
    view.orders = std::unexpected(account.error());
    co_return;
  }
  auto positions = (*account)->exchange().fetch_positions();
  auto orders = (*account)->exchange().fetch_open_orders();
  auto [held, resting] = co_await both(std::move(positions), std::move(orders));
  view.positions = std::move(held);
  view.orders = std::move(resting);
  view.store = (*account)->open_store();
}

Task<int> do_status(Session& session) {
  const auto home = co_await find_home(session.ground());
  if (!home) co_return report_error(home.error(), session.json());
  View view;
  view.home = *home;
  view.latch = store::Latch(*home).read();
  auto wish = make_command(session, control::CommandKind::status);
  view.holder = co_await control::hand_over(session.io(), session.clock(), *home, std::move(wish));
  co_await look_at_exchange(session, view);
  print(Rendered{json_of(view), text_of(view)}, session.json());
  co_return view.is_whole() ? kDone : kPartial;
}

}  // namespace

int run_command(const CommandContext& context, const StatusCommand&) {
  Session session(context.config, Log(LogLevel::warn, stderr_sink()), context.json);
  return session.run(settled(context.config, do_status));
}

}  // namespace bb::app
