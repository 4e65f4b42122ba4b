#include "app/import_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace bb::app {

namespace {

enum class Kind {
  as_it_is,
  whole,    // clamped to [low, high]
  decimal,  // the same
  modulo,   // of `high`
};

/// What the Python program does with a number before it uses it, and what we allow.
struct Rule {
  std::string_view section, key;
  Kind kind = Kind::as_it_is;
  std::string_view low = {}, high = {};
};

constexpr std::array kRules = {
    Rule{"binance", "timeout_sec", Kind::whole, "1", "120"},
    Rule{"binance", "retry_count", Kind::whole, "1", "10"},
    Rule{"binance", "retry_delay_sec", Kind::decimal, "0.1", "60"},
    Rule{"binance", "recv_window", Kind::whole, "100", "60000"},
    Rule{"binance", "http_pool_maxsize", Kind::whole, "10", "512"},
    Rule{"strategy", "leverage", Kind::whole, "1", "125"},
    Rule{"strategy", "top_n", Kind::whole, "1", "60"},
    Rule{"strategy", "volume_threshold", Kind::decimal, "0", "90000000000"},
    Rule{"strategy", "entry_fee_buffer_pct", Kind::decimal, "0", "95"},
    Rule{"strategy", "entry_shrink_retry_count", Kind::whole, "0", "20"},
    Rule{"strategy", "entry_shrink_step_pct", Kind::decimal, "1", "50"},
    Rule{"strategy", "entry_rank_fetch_multiplier", Kind::whole, "1", "20"},
    Rule{"strategy", "ranker_max_workers", Kind::whole, "1", "256"},
    Rule{"strategy", "ranker_weight_limit_per_minute", Kind::whole, "100", "2400"},
    Rule{"strategy", "ranker_min_request_interval_ms", Kind::whole, "0", "10000"},
    Rule{"strategy", "rebalance_utilization", Kind::decimal, "0.1", "0.99"},
    Rule{"strategy", "rebalance_deadband_pct", Kind::decimal, "0", "0.5"},
    Rule{"strategy", "rebalance_min_adjust_notional_usdt", Kind::decimal, "1", "1000000"},
    Rule{"strategy", "rebalance_max_single_adjust_pct", Kind::decimal, "0.05", "0.95"},
    Rule{"strategy", "rebalance_max_adjust_orders", Kind::whole, "1", "1000"},
    Rule{"strategy", "rebalance_age_decay_half_life_hours", Kind::decimal, "1", "10000"},
    Rule{"runtime", "entry_hour", Kind::modulo, "", "24"},
    Rule{"runtime", "entry_minute", Kind::modulo, "", "60"},
    Rule{"runtime", "entry_misfire_grace_min", Kind::whole, "0", "1440"},
    Rule{"runtime", "daily_loss_cut_hour", Kind::modulo, "", "24"},
    Rule{"runtime", "daily_loss_cut_minute", Kind::modulo, "", "60"},
    Rule{"runtime", "manager_interval_sec", Kind::decimal, "1", "86400"},
    Rule{"runtime", "manager_max_catch_up_runs", Kind::whole, "1", "100"},
    Rule{"runtime", "service_loop_sleep_sec", Kind::decimal, "0.2", "3600"},
    Rule{"runtime", "dashboard_refresh_sec", Kind::whole, "2", "3600"},
    Rule{"runtime", "dashboard_curve_points", Kind::whole, "100", "5000"},
    Rule{"runtime", "lock_wait_sec", Kind::decimal, "0", "3600"},
};

constexpr Hours kBeforeSlot{1};  // a run this soon before a slot was meant to be that slot's
constexpr std::string_view kOwnDatabase = "bubble-buster.db";
constexpr std::string_view kUnlimited[] = {"binance", "strategy", "runtime", "notify"};

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

// A proxy's address as it may stand in a comment.
std::string without_user(const std::string& address) {
  const auto at = address.rfind('@');
  if (at == std::string::npos) return address;
  const auto scheme = address.find("://");
  const auto begin = scheme == std::string::npos || scheme > at ? 0 : scheme + 3;
  return address.substr(0, begin) + "***" + address.substr(at);
}

class Translation {
 public:
  Translation(const IniFile& file, const TranslateOptions& options)
      : file_(file), options_(options) {}

  TranslatedConfig run() {
    const Config known;
    for (const auto& entry : file_.entries)
      if (entry.section != "DEFAULT" && entry.section != "Settings") take(known, entry);
    // What [DEFAULT] says counts in every section that does not say it itself.
    for (const auto& entry : file_.entries) {
      if (entry.section != "DEFAULT") continue;
      for (const auto section : kUnlimited)
        if (has_row(known, section, entry.key) && find(section, entry.key) == nullptr)
          take(known, {std::string(section), entry.key, entry.value, entry.line});
    }
    judge_words();
    judge_files();
    judge_environment();
    judge_notifier();
    keep_board();
    return std::move(out_);
  }

 private:
  static bool has_row(const Config& known, std::string_view section, std::string_view key) {
    const auto found = std::ranges::find(known.sections, section, &SettingsSection::name);
    return found != known.sections.end() &&
           std::ranges::find(found->rows(), key, &SettingsSection::Row::key) != found->rows().end();
  }

  const IniEntry* find(std::string_view section, std::string_view key) const {
    for (const auto& entry : file_.entries)
      if (entry.section == section && entry.key == key) return &entry;
    return nullptr;
  }

  WrittenKey* written(std::string section, std::string key) {
    const auto found = out_.keys.find({std::move(section), std::move(key)});
    return found == out_.keys.end() ? nullptr : &found->second;
  }

  // Secrets stand in no message: the words say what changed without them.
  void note(const std::string& section, const std::string& key, const std::string& what) {
    out_.changes.push_back(fmt::format("[{}] {}: {}", section, key, what));
    if (auto* there = written(section, key)) there->notes.push_back("import: " + what);
  }

  // Python's interpolation: "%%" is a percent sign, "%(key)s" another key of the section.
  std::string interpolated(const IniEntry& entry, int depth = 0) const {
    constexpr int kDepthMax = 10;
    std::string out;
    const std::string& text = entry.value;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') {
        out += text[i];
      } else if (text.substr(i, 2) == "%%") {
        out += '%';
        ++i;
      } else if (const auto end = text.find(")s", i);
                 text.substr(i, 2) == "%(" && end != std::string::npos && depth < kDepthMax) {
        const auto* other = find(entry.section, lower(text.substr(i + 2, end - i - 2)));
        if (other == nullptr) other = find("DEFAULT", lower(text.substr(i + 2, end - i - 2)));
        if (other != nullptr) out += interpolated(*other, depth + 1);
        i = end + 1;
      } else {
        out += '%';
      }
    }
    return out;
  }

  void take(const Config& known, const IniEntry& entry) {
    if (!has_row(known, entry.section, entry.key)) {
      note(entry.section, entry.key, "left out: nothing here has that name");
      return;
    }
    std::string value = interpolated(entry);
    const bool is_secret = entry.key == "api_key" || entry.key == "api_secret" ||
                           entry.key == "serverchan_sendkey" || entry.key.ends_with("_proxy");
    const bool is_other = value != entry.value;
    const auto rule = std::ranges::find_if(kRules, [&](const Rule& each) {
      return each.section == entry.section && each.key == entry.key;
    });
    std::string why;
    if (rule != kRules.end()) value = fitted(*rule, value, why);
    out_.keys[{entry.section, entry.key}].value = value;
    if (!why.empty()) note(entry.section, entry.key, why);
    if (is_other && !is_secret)
      note(
          entry.section, entry.key,
          fmt::format("'{}' is '{}' written plainly: values are literal here", entry.value, value));
    if (is_other && is_secret)
      note(entry.section, entry.key, "its '%%' is one '%' here: values are literal");
  }

  static std::string fitted(const Rule& rule, const std::string& value, std::string& why) {
    const auto number = Decimal::parse(value);
    if (!number) return value;  // the check of the whole file names it
    if (rule.kind == Kind::modulo) {
      const auto size = Decimal::parse(rule.high).value().raw();
      const auto fit = Decimal::from_raw(((number->raw() % size) + size) % size);
      if (fit != *number)
        why = fmt::format("was {}, which the Python program took as {}", value, fit.str());
      return fit.str();
    }
    const auto low = Decimal::parse(rule.low).value();
    const auto high = Decimal::parse(rule.high).value();
    Decimal fit = *number;
    if (rule.kind == Kind::whole) fit = fit.ceil_to(Decimal::from_int(1));
    const bool is_rounded = fit != *number;
    fit = std::clamp(fit, low, high);
    if (fit == *number) return fit == Decimal() || value.contains('e') ? fit.str() : value;
    if (*number < low)
      why = fmt::format("was {}, the least is {}", value, fit.str());
    else if (*number > high)
      why = fmt::format("was {}, the most is {} here", value, fit.str());
    else if (is_rounded)
      why = fmt::format("was {}, and is a whole number here", value);
    return fit.str();
  }

  void judge_words() {
    if (auto* zone = written("runtime", "timezone"); zone != nullptr)
      if (!service::Zone::find(zone->value)) {
        const std::string was = std::exchange(zone->value, "UTC");
        note("runtime", "timezone",
             fmt::format("'{}' is no time zone; the Python program used UTC then, and so does this",
                         was));
      }
    if (auto* scope = written("runtime", "daily_loss_cut_scope"); scope != nullptr)
      if (const auto word = lower(scope->value); word != "tracked" && word != "exchange") {
        const std::string was = std::exchange(scope->value, "tracked");
        note("runtime", "daily_loss_cut_scope",
             fmt::format("'{}' is no scope; the Python program used tracked", was));
      }
    if (auto* mode = written("strategy", "rebalance_mode"); mode != nullptr)
      if (const auto word = lower(mode->value); word != "equal_risk" && word != "age_decay") {
        mode->value = "equal_risk";
        note("strategy", "rebalance_mode", "an unknown word; the Python program used equal_risk");
      }
    if (auto* rebalance = written("strategy", "rebalance_enabled"); rebalance != nullptr)
      if (const auto word = lower(rebalance->value);
          word == "true" || word == "yes" || word == "on" || word == "1") {
        rebalance->value = "false";
        note("strategy", "rebalance_enabled",
             "was true; there is no daily rebalancing here yet, so positions keep the size they "
             "were opened with");
      }
    if (auto* late = written("runtime", "entry_catchup_enabled"); late != nullptr)
      if (const auto word = lower(late->value);
          word == "false" || word == "no" || word == "off" || word == "0")
        refuse_entries();
  }

  // Its target was always past when it looked, by some milliseconds.
  void refuse_entries() {
    out_.keys[{"runtime", "entry_enabled"}].value = "false";
    note("runtime", "entry_enabled",
         "new: with entry_catchup_enabled = false the Python program's service never entered, and "
         "nor does this. For daily entries set it to true");
    note("runtime", "entry_catchup_enabled",
         "with false the entry starts here within 60 s of its minute or not at all, once "
         "entry_enabled is true");
  }

  void judge_files() {
    const auto* db = find("runtime", "db_path");
    out_.db_path = db == nullptr ? "state.db" : interpolated(*db);
    const auto* lock = find("runtime", "lock_file");
    out_.lock_file = lock == nullptr ? "runtime.lock" : interpolated(*lock);
    const bool is_absolute = out_.db_path.starts_with('/');
    if (!options_.is_same_folder && !is_absolute) return;
    out_.keys[{"runtime", "db_path"}].value = kOwnDatabase;
    note("runtime", "db_path",
         fmt::format("was {}; that file stays the Python program's, and is only read",
                     out_.db_path));
  }

  void judge_environment() {
    for (const char* key : {"api_key", "api_secret"})
      if (auto* secret = written("binance", key);
          secret != nullptr && is_placeholder(secret->value)) {
        secret->value.clear();
        secret->is_off = true;
        note("binance", key, "was an example's text: put the account's own here");
      }
    const auto* url = written("binance", "base_url");
    const std::string base = url == nullptr ? "https://fapi.binance.com" : url->value;
    const std::string environment = binance::environment_of(base);
    auto& word = out_.keys[{"binance", "environment"}];
    word.value = environment;
    if (environment != "live" || options_.is_live_meant) return;
    word.is_off = true;
    note("binance", "environment",
         "new, and to be switched on by the owner: this file trades on the live exchange. Until "
         "then only commands that do not trade run");
  }

  void judge_notifier() {
    if (auto* key = written("notify", "serverchan_sendkey");
        key != nullptr && !key->value.empty() && notify::is_placeholder(Secret(key->value))) {
      key->value.clear();
      key->is_off = true;
      note("notify", "serverchan_sendkey", "was an example's text");
    }
    auto* http = written("notify", "http_proxy");
    auto* https = written("notify", "https_proxy");
    const bool has_http = http != nullptr && !http->value.empty();
    const bool has_https = https != nullptr && !https->value.empty();
    if (has_http == has_https) return;
    auto& alone = has_http ? *http : *https;
    alone.is_off = true;
    alone.value = without_user(alone.value);
    note("notify", has_http ? "http_proxy" : "https_proxy",
         "switched off: the Python program used a proxy only where both were set");
  }

  // The board script's section: its keys were never checked, and `board` reads it as it was.
  void keep_board() {
    for (const auto& entry : file_.entries)
      if (entry.section == "Settings") {
        if (out_.more.empty())
          out_.more =
              "\n# Of the old board script; read by `bubble-buster board` alone.\n[Settings]\n";
        out_.more += fmt::format("{} = {}\n", entry.key, interpolated(entry));
      }
  }

  const IniFile& file_;
  TranslateOptions options_;
  TranslatedConfig out_;
};

}  // namespace

std::expected<TranslatedConfig, Faults> translate_config(std::string_view text,
                                                         const std::string& name,
                                                         const TranslateOptions& options) {
  const auto file = parse_ini(text, name);
  if (!file) return std::unexpected(file.error());
  return Translation(*file, options).run();
}

std::vector<store::SlotName> used_slots(const service::DailySchedule& schedule,
                                        const std::string& trade_day, TimePoint started) {
  const auto name = [](const service::Slot& slot) {
    return store::SlotName{service::str(slot.date), slot.trade_day_utc()};
  };
  std::vector<store::SlotName> names{name(schedule.latest(started + kBeforeSlot))};
  if (!parse_utc_date(trade_day)) return names;
  if (const auto of_key = schedule.of_trade_day(trade_day);
      of_key && name(*of_key).local_date != names.front().local_date)
    names.push_back(name(*of_key));
  return names;
}

}  // namespace bb::app
