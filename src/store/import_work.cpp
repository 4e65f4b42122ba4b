#include "store/import_work.h"

#include <fmt/format.h>

#include <algorithm>

namespace bb::store {

namespace {

constexpr Hours kRecent{72};  // runs whose slots could still begin

std::string key_of(const Holding& holding) {
  return fmt::format("{}|{}|{}", holding.run_id, holding.symbol.str(), to_ms(holding.opened_at));
}

}  // namespace

std::string Sum::cents() const {
  const auto carried = Decimal::from_raw(part_).round_to(Decimal::from_raw(Decimal::kScale / 100),
                                                         Rounding::nearest);
  std::int64_t whole = whole_ + carried.raw() / Decimal::kScale;
  std::int64_t part = carried.raw() % Decimal::kScale / (Decimal::kScale / 100);
  if (whole > 0 && part < 0) {
    --whole;
    part += 100;
  } else if (whole < 0 && part > 0) {
    ++whole;
    part -= 100;
  }
  return fmt::format("{}{}.{:02}", whole < 0 || part < 0 ? "-" : "", whole < 0 ? -whole : whole,
                     part < 0 ? -part : part);
}

Status Import::run() {
  for (const auto part :
       {&Import::prepare, &Import::take_runs, &Import::take_positions, &Import::take_order_events,
        &Import::take_snapshots, &Import::take_cashflows, &Import::take_raw})
    if (const auto done = (this->*part)(); !done) return done;
  report_.has_fills = source_.has_fills();
  return {};
}

PythonDatabase::Problem Import::problem_of(TableImport& table) {
  return [this, &table](const std::string& what) {
    ++table.left_out;
    report_.notes.push_back("left out: " + what);
  };
}

TableImport& Import::begin(const std::string& name) {
  report_.tables.emplace_back().table = name;
  return report_.tables.back();
}

Status Import::put(const Row& row) {
  std::vector<Write> writes;
  append_writes(row, options_.now, ids_, writes);
  for (const Write& write : writes) {
    auto found = statements_.find(write.sql);
    if (found == statements_.end()) {
      auto prepared = target_.prepare(write.sql);
      if (!prepared) return std::unexpected(prepared.error());
      found = statements_.emplace(write.sql, std::move(*prepared)).first;
    }
    if (auto ran = found->second.run(write.values); !ran) return ran;
  }
  return {};
}

Status Import::prepare() {
  report_.tables.reserve(16);
  const auto next = [&](const char* table, std::int64_t& id) -> Status {
    const auto last =
        target_.query_integer(fmt::format("SELECT coalesce(max(id),0) FROM {}", table));
    if (!last) return std::unexpected(last.error());
    id = *last + 1;
    return {};
  };
  if (auto known = next("positions", next_position_); !known) return known;
  if (auto known = next("order_events", ids_.order_event); !known) return known;
  return next("wallet_snapshots", ids_.snapshot);
}

Status Import::finish(TableImport& table, const char* column, const Sum& sum) {
  table.total_here = sum.cents();
  auto total = source_.total(table.table, column);
  if (!total) return std::unexpected(total.error());
  table.total_there = *total;
  return {};
}

// Whatever became of it, that day is over, as it was there: what it sent is in none of our intents.
Status Import::take_slots(const PythonDatabase::SourceRun& found) {
  for (const auto& name : options_.slots_of(found.trade_day, found.run.started_at)) {
    auto sql = target_.prepare("SELECT count(*) FROM slots WHERE job='entry' AND local_date=?");
    if (!sql) return std::unexpected(sql.error());
    if (auto bound = sql->bind(1, std::string_view(name.local_date)); !bound) return bound;
    const auto row = sql->step();
    if (!row) return std::unexpected(row.error());
    const bool is_known = sql->integer(0) > 0;
    if (found.run.started_at > options_.now - kRecent)
      report_.used_slots.push_back(name.local_date);
    if (!is_known)
      if (auto done = put(Slot{Job::entry, name.local_date, SlotState::done,
                               fmt::format("the Python program's run {} ({})", found.run.run_id,
                                           str(found.run.status)),
                               options_.now});
          !done)
        return done;
    if (run_of_day_.contains(name.trade_day_utc) || found.run.started_at <= options_.now - kRecent)
      continue;
    // It ran under another key: that of the next day, or one that a person chose.
    Run shadow = found.run;
    shadow.run_id = "python-" + found.run.run_id + "-" + name.trade_day_utc;
    shadow.trade_day_utc = name.trade_day_utc;
    shadow.message = fmt::format("the Python program's run {} of '{}' used this day's slot",
                                 found.run.run_id, found.trade_day);
    run_of_day_[name.trade_day_utc] = shadow.run_id;
    if (auto done = put(shadow); !done) return done;
    report_.notes.push_back(fmt::format("the run of '{}' began at {} and used the slot of {}, too",
                                        found.trade_day, iso_seconds(found.run.started_at),
                                        name.trade_day_utc));
  }
  return {};
}

Status Import::take_runs() {
  TableImport& table = begin("runs");
  const auto here = read_all<Run>(target_, runs_table().select(""));
  if (!here) return std::unexpected(here.error());
  for (const auto& run : *here) {
    run_of_day_[run.trade_day_utc] = run.run_id;
    run_ids_.insert(run.run_id);
  }
  const auto found = source_.load_runs(problem_of(table));
  if (!found) return std::unexpected(found.error());
  for (const auto& each : *found) {
    ++table.found;
    const auto day = run_of_day_.find(each.trade_day);
    if (run_ids_.contains(each.run.run_id)) {
      ++table.known;
    } else if (day != run_of_day_.end()) {
      ++table.left_out;
      report_.notes.push_back(fmt::format("left out: run {}: {} has a run of ours already",
                                          each.run.run_id, each.trade_day));
      continue;
    } else {
      if (auto done = put(each.run); !done) return done;
      run_of_day_[each.trade_day] = each.run.run_id;
      run_ids_.insert(each.run.run_id);
      ++table.added;
    }
  }
  for (const auto& each : *found)
    if (auto done = take_slots(each); !done) return done;
  std::ranges::sort(report_.used_slots);
  const auto repeated = std::ranges::unique(report_.used_slots);
  report_.used_slots.erase(repeated.begin(), repeated.end());
  return {};
}

Status Import::put_position(Holding holding, TableImport& table) {
  const std::int64_t id_there = holding.id;
  const bool is_open = holding.status == HoldingStatus::open;
  const auto known = held_.find(key_of(holding));
  if (known != held_.end()) {
    position_ids_[id_there] = known->second.id;
    // Whatever we know of its end is better than what was known there.
    const bool is_news = known->second.status == HoldingStatus::open && !is_open;
    if (!is_news) {
      ++table.known;
      return {};
    }
    holding.id = known->second.id;
    open_here_.erase(holding.symbol);
    ++table.changed;
  } else {
    holding.id = next_position_++;
    ++table.added;
  }
  position_ids_[id_there] = holding.id;
  const auto other = open_here_.find(holding.symbol);
  if (is_open && (is_superseded_[id_there] || other != open_here_.end())) {
    holding.status = HoldingStatus::closed_external;
    holding.close_reason = "DUPLICATE_ROW";
    holding.closed_at = holding.updated_at;
    report_.notes.push_back(fmt::format(
        "position {} of {}: the symbol has a newer open row; this one is closed as DUPLICATE_ROW",
        id_there, holding.symbol.str()));
  } else if (is_open) {
    open_here_[holding.symbol] = holding.id;
    report_.open.push_back(holding);
  }
  if (!run_ids_.contains(holding.run_id)) holding.run_id.clear();
  return put(holding);
}

Status Import::take_positions() {
  TableImport& table = begin("positions");
  const auto here = read_all<Holding>(target_, positions_table().select(""));
  if (!here) return std::unexpected(here.error());
  for (const auto& holding : *here) {
    held_.emplace(key_of(holding), holding);
    if (holding.status == HoldingStatus::open) open_here_[holding.symbol] = holding.id;
  }
  const auto found = source_.load_positions(problem_of(table));
  if (!found) return std::unexpected(found.error());
  const auto open_there = source_.count("positions WHERE status='OPEN'");
  if (!open_there) return std::unexpected(open_there.error());
  std::map<Symbol, const Holding*> newest;
  std::int64_t open = 0;
  for (const auto& each : *found) {
    if (each.status != HoldingStatus::open) continue;
    ++open;
    const Holding*& best = newest[each.symbol];
    if (best != nullptr)
      is_superseded_[best->opened_at <= each.opened_at ? best->id : each.id] = true;
    if (best == nullptr || best->opened_at <= each.opened_at) best = &each;
  }
  if (open != *open_there)
    return fail(ErrorKind::malformed,
                fmt::format("{} of {} open positions cannot be understood ({}); close them there, "
                            "or correct their rows, first",
                            *open_there - open, *open_there,
                            report_.notes.empty() ? "" : report_.notes.back()));
  Sum sum;
  for (const auto& each : *found) {
    ++table.found;
    sum.add(each.qty.value());
    if (auto done = put_position(each, table); !done) return done;
  }
  return finish(table, "qty", sum);
}

}  // namespace bb::store
