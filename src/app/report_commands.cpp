#include "app/report_commands.h"

#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "net/json.h"

namespace bb::app {

namespace {

using control::Report;
using net::JsonWriter;

constexpr std::string_view kHowToResume = "`bubble-buster resume` lets it trade again";

Report report_of(int exit_code, Rendered rendered) {
  return {exit_code, std::move(rendered.json), std::move(rendered.text), false};
}

std::string state_of(const std::optional<store::LatchNote>& latch) {
  if (!latch) return "allowed";
  return latch->kind == store::LatchKind::paused ? "paused" : "halted";
}

void write_latch(JsonWriter& json, const std::optional<store::LatchNote>& latch) {
  json.field("entries", state_of(latch));
  if (!latch) return;
  json.key("latch")
      .begin_object()
      .field("who", latch->who)
      .field("why", latch->why)
      .field("since", iso_seconds(latch->since))
      .end_object();
}

struct Sums {
  Usdt notional, slippage, fee;
};

Rendered render_flatten(const service::FlattenDone& done) {
  const auto& report = done.report;
  JsonWriter json;
  json.begin_object()
      .field("command", "flatten")
      .field("verdict", desk::str(report.verdict))
      .field("as_of", iso_millis(report.as_of))
      .field("orders_left", report.orders_left);
  std::string text =
      fmt::format("flatten: {}, {} position{}, {} order{} left\n", desk::str(report.verdict),
                  report.rows.size(), report.rows.size() == 1 ? "" : "s", report.orders_left,
                  report.orders_left == 1 ? "" : "s");
  json.key("positions").begin_array();
  for (const auto& row : report.rows) {
    json.begin_object()
        .field("symbol", row.symbol.str())
        .field("side", str(row.side))
        .field("before", row.before.str())
        .field("target", row.target.str())
        .field("left", row.left.str())
        .field("text", row.text)
        .end_object();
    text += fmt::format("  {} {}: {} -> {}{}{}\n", row.symbol.str(), str(row.side),
                        row.before.str(), row.left.str(), row.text.empty() ? "" : ": ", row.text);
  }
  json.end_array().field("text", report.text);
  json.field("entries", done.latch_problem.empty() ? "paused" : "NOT paused");
  if (!done.latch_problem.empty()) json.field("latch_problem", done.latch_problem);
  json.end_object();
  if (!report.text.empty()) text += "  " + report.text + "\n";
  text += done.latch_problem.empty()
              ? fmt::format("  entries are paused; {}\n", kHowToResume)
              : fmt::format("  ENTRIES ARE NOT PAUSED: {}\n", done.latch_problem);
  return {json.take() + "\n", std::move(text)};
}

Rendered render_preview(const desk::FlattenPreview& preview) {
  JsonWriter json;
  json.begin_object()
      .field("command", "flatten-preview")
      .field("as_of", iso_millis(preview.as_of))
      .field("orders_to_cancel", preview.orders_to_cancel);
  std::string text = fmt::format("flatten would act on {} positions, cancel {} orders\n",
                                 preview.rows.size(), preview.orders_to_cancel);
  std::map<std::string, Sums> sums;
  json.key("positions").begin_array();
  for (const auto& row : preview.rows) {
    json.begin_object()
        .field("symbol", row.symbol.str())
        .field("side", str(row.side))
        .field("held", row.held.str())
        .field("close", row.close.str())
        .field("orders", row.orders)
        .field("asset", row.asset)
        .field("mark", row.mark.str())
        .field("notional", row.notional.str())
        .field("slippage", row.slippage.str())
        .field("fee", row.fee.str())
        .field("unrealized_pnl", row.unrealized_pnl.str())
        .field("text", row.text)
        .end_object();
    text += fmt::format("  {} {}: {} of {}, {} {}, slippage {}, fee {}, pnl {}{}{}\n",
                        row.symbol.str(), str(row.side), row.close.str(), row.held.str(),
                        row.notional.str(), row.asset, row.slippage.str(), row.fee.str(),
                        row.unrealized_pnl.str(), row.text.empty() ? "" : ": ", row.text);
    auto& sum = sums[row.asset];
    sum.notional += row.notional;
    sum.slippage += row.slippage;
    sum.fee += row.fee;
  }
  json.end_array().key("sums").begin_array();
  for (const auto& [asset, sum] : sums) {
    json.begin_object()
        .field("asset", asset)
        .field("notional", sum.notional.str())
        .field("slippage", sum.slippage.str())
        .field("fee", sum.fee.str())
        .end_object();
    text += fmt::format("  in all: {} {}, slippage {}, fee {}\n", sum.notional.str(), asset,
                        sum.slippage.str(), sum.fee.str());
  }
  json.end_array().key("notes").begin_array();
  for (const auto& note : preview.notes) {
    json.value(note);
    text += "  " + note + "\n";
  }
  json.end_array().end_object();
  return {json.take() + "\n", std::move(text)};
}

Rendered render_cancel(const desk::CancelReport& report) {
  JsonWriter json;
  json.begin_object()
      .field("command", "cancel")
      .field("canceled", report.canceled)
      .field("gone", report.gone)
      .field("left", report.left);
  if (!report.problem.empty()) json.field("problem", report.problem);
  json.key("details").begin_array();
  std::string text = fmt::format("cancel: {} orders canceled, {} gone before that, {} left\n",
                                 report.canceled, report.gone, report.left);
  for (const auto& line : report.details) {
    json.value(line);
    text += "  " + line + "\n";
  }
  json.end_array().end_object();
  if (!report.problem.empty()) text += "  " + report.problem + "\n";
  return {json.take() + "\n", std::move(text)};
}

int code_of_cancel(const desk::CancelReport& report) {
  if (!report.problem.empty()) return report.is_sent ? kUnknown : kUnreachable;
  return report.left == 0 && report.gone == 0 ? kDone : kPartial;
}

Rendered render_latch(const service::LatchDone& done) {
  JsonWriter json;
  json.begin_object().field("command", done.resumes ? "resume" : "pause");
  write_latch(json, done.now);
  json.end_object();
  std::string text;
  if (done.now)
    text = fmt::format("{}\n  {}\n", service::describe(*done.now), kHowToResume);
  else
    text = done.before
               ? fmt::format("entries resumed; it was {}\n", service::describe(*done.before))
               : "entries were not paused\n";
  return {json.take() + "\n", std::move(text)};
}

Rendered render_status(const service::HolderStatus& status) {
  JsonWriter json;
  json.begin_object()
      .field("command", status.self.command)
      .field("pid", status.self.pid)
      .field("started", iso_seconds(status.started))
      .field("fence_ours", status.fence_ours)
      .field("store_healthy", status.store_healthy);
  if (status.patrol_every > Micros(0))
    json.field("patrol_every_sec",
               std::chrono::duration_cast<Seconds>(status.patrol_every).count());
  write_latch(json, status.latch);
  std::string text = fmt::format("holder: {}, pid {}, since {}\n", status.self.command,
                                 status.self.pid, iso_seconds(status.started));
  if (const auto& beat = status.last_patrol) {
    json.field("last_patrol", iso_seconds(beat->at)).field("last_patrol_read", beat->readable);
    text += fmt::format("  last patrol {}{}\n", iso_seconds(beat->at),
                        beat->readable ? "" : ": THE ACCOUNT COULD NOT BE READ");
  }
  if (!status.fence_ours)
    text += fmt::format("  others acted past it: it opens nothing; {}\n", kHowToResume);
  if (!status.store_healthy) text += "  THE DATABASE TAKES NOTHING: it opens nothing\n";
  json.key("holdings").begin_array();
  for (const auto& holding : status.holdings)
    json.value(holding.symbol.str());
  json.end_array().key("unresolved").begin_array();
  text += fmt::format("  {} holdings, {} orders unresolved, {} messages to deliver\n",
                      status.holdings.size(), status.unresolved.size(), status.messages_pending);
  for (const auto& intent : status.unresolved) {
    json.begin_object()
        .field("symbol", intent.symbol.str())
        .field("kind", str(intent.kind))
        .field("client_order_id", intent.client_order_id.str())
        .field("sent_at", iso_seconds(intent.sent_at))
        .end_object();
    text += fmt::format("    {} {} {} sent {}\n", intent.symbol.str(), str(intent.kind),
                        intent.client_order_id.str(), iso_seconds(intent.sent_at));
  }
  json.end_array().field("messages_pending", status.messages_pending).end_object();
  return {json.take() + "\n", std::move(text)};
}

Rendered render_catch_up(const service::CatchUpDone& done) {
  JsonWriter json;
  json.begin_object().field("command", "catch-up").field("entry_catchup_enabled", done.is_on);
  json.field("persisted", done.problem.empty()).end_object();
  std::string text = done.is_on ? "a missed entry may start late\n"
                                : "an entry starts within 60 s of its minute or not at all\n";
  if (!done.problem.empty())
    text +=
        "  until the next start only, the configuration was not written: " + done.problem + "\n";
  return {json.take() + "\n", std::move(text)};
}

struct Renderer {
  Report operator()(const service::EntryDone& done) const {
    return report_of(exit_code_of(done.report), render(done.report, done.trade_day));
  }
  Report operator()(const trading::PatrolReport& report) const {
    return report_of(exit_code_of(report), render(report));
  }
  Report operator()(const trading::LossCutReport& report) const {
    return report_of(exit_code_of(report), render(report));
  }
  Report operator()(const service::FlattenDone& done) const {
    return report_of(exit_code_of(done.report.verdict), render_flatten(done));
  }
  Report operator()(const desk::FlattenPreview& preview) const {
    return report_of(kDone, render_preview(preview));
  }
  Report operator()(const service::LatchDone& done) const {
    return report_of(kDone, render_latch(done));
  }
  Report operator()(const service::HolderStatus& status) const {
    return report_of(kDone, render_status(status));
  }
  Report operator()(const desk::CancelReport& report) const {
    return report_of(code_of_cancel(report), render_cancel(report));
  }
  Report operator()(const service::CatchUpDone& done) const {
    return report_of(kDone, render_catch_up(done));
  }
  Report operator()(const Error& error) const {
    return {exit_code_of(error), render_error(error).json,
            fmt::format("bubble-buster: {}\n", error.text), true};
  }
};

}  // namespace

int exit_code_of(desk::FlattenVerdict verdict) {
  switch (verdict) {
    case desk::FlattenVerdict::flat:
      return kDone;
    case desk::FlattenVerdict::partial:
      return kPartial;
    case desk::FlattenVerdict::unknown:
      return kUnknown;
  }
  return kUnknown;
}

Report render(const service::CommandResult& result) { return std::visit(Renderer(), result); }

Report signed_by(Report report, const control::Holder& by, std::string_view how) {
  if (report.failed) return report;
  report.text += fmt::format("  {} {}, pid {}\n", how, by.command, by.pid);
  JsonWriter name;
  name.begin_object().field("how", how).field("command", by.command).field("pid", by.pid);
  name.end_object();
  const auto end = report.json.rfind('}');
  if (end != std::string::npos) report.json.insert(end, ",\"by\":" + name.str());
  return report;
}

int print(const Report& report, bool json) {
  if (report.failed) std::fputs(report.text.c_str(), stderr);
  if (json || !report.failed) print(Rendered{report.json, report.text}, json);
  return report.exit_code;
}

}  // namespace bb::app
