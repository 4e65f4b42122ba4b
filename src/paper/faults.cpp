#include "paper/faults.h"

#include <algorithm>

#include "paper/params.h"

namespace bb::paper {

namespace {

bool matches(const FaultRule& rule, net::Method method, std::string_view path,
             const ParamReader& params) {
  if (rule.method && *rule.method != method) return false;
  if (!path.starts_with(rule.path_prefix)) return false;
  if (rule.param.empty()) return true;
  const auto value = params.find(rule.param);
  return value && (rule.value.empty() || *value == rule.value);
}

// The orders that -1008 exempts (reference §7).
bool reduces(const ParamReader& params) {
  const auto is = [&](const char* name, std::string_view value) {
    return params.find(name).value_or("") == value;
  };
  if (is("closePosition", "true")) return true;
  if (is("positionSide", "LONG")) return is("side", "SELL");
  if (is("positionSide", "SHORT")) return is("side", "BUY");
  return is("reduceOnly", "true");
}

bool is_hit(const FaultRule& rule, std::int64_t count) {
  if (count < rule.first) return false;
  return rule.every == 0 ? count == rule.first : (count - rule.first) % rule.every == 0;
}

}  // namespace

FaultPlan::FaultPlan(std::vector<FaultRule> rules, std::uint64_t seed) : random_(seed) {
  for (auto& rule : rules)
    add(std::move(rule));
}

std::size_t FaultPlan::add(FaultRule rule) {
  rules_.push_back(std::make_shared<Entry>(Entry{std::move(rule)}));
  return rules_.size() - 1;
}

void FaultPlan::clear() { rules_.clear(); }

bool FaultPlan::end(std::size_t rule) {
  if (rule >= rules_.size()) return false;
  rules_[rule]->ended = true;
  return true;
}

bool FaultPlan::is_live(std::size_t rule) const {
  const Entry& entry = *rules_.at(rule);
  return !entry.ended && (entry.rule.count == 0 || entry.fired < entry.rule.count);
}

bool FaultPlan::needs_history() const {
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (rules_[i]->rule.effect == FaultRule::Effect::stale_positions && is_live(i)) return true;
  return false;
}

std::int64_t FaultPlan::fired() const {
  std::int64_t total = 0;
  for (const auto& entry : rules_)
    total += entry->fired;
  return total;
}

FaultVerdict FaultPlan::judge(net::Method method, std::string_view path,
                              const ParamReader& params) {
  FaultVerdict verdict;
  for (const auto& entry : rules_) {
    const auto& rule = entry->rule;
    if (entry->ended || !matches(rule, method, path, params)) continue;
    if (rule.spares_reductions && reduces(params)) continue;
    if (!is_hit(rule, ++entry->matched)) continue;
    if (rule.count > 0 && entry->fired >= rule.count) continue;
    if (rule.rate < 1 && !random_.chance(rule.rate)) continue;
    switch (rule.effect) {
      case FaultRule::Effect::refuse:
      case FaultRule::Effect::drop:
      case FaultRule::Effect::act_then_drop:
      case FaultRule::Effect::act_then_truncate:
      case FaultRule::Effect::act_then_error:
      case FaultRule::Effect::act_twice:
      case FaultRule::Effect::act_then_acknowledge:
        if (verdict.ending) continue;  // not reached: it does not count as fired
        verdict.ending = std::shared_ptr<const FaultRule>(entry, &rule);
        break;
      case FaultRule::Effect::delay:
        break;
      case FaultRule::Effect::stale_positions:
        verdict.stale = std::max(verdict.stale, rule.span);
        break;
      case FaultRule::Effect::hide_orders:
        verdict.hide = std::max(verdict.hide, rule.span);
        break;
    }
    verdict.before += rule.before;
    verdict.after += rule.after;
    ++entry->fired;
  }
  return verdict;
}

}  // namespace bb::paper
