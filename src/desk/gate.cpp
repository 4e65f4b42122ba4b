#include "desk/gate.h"

#include <fmt/format.h>

#include "desk/desk.h"

namespace bb::desk {

namespace {

std::string sentence(const store::LatchNote& note) {
  return fmt::format("the account is {} by {}: {}",
                     note.kind == store::LatchKind::halted ? "halted" : "paused", note.who,
                     note.why);
}

}  // namespace

Gate::Gate(const Parts& parts) : parts_(parts), started_with_(parts.modes), modes_(parts.modes) {}

std::optional<std::string> Gate::refusal() const {
  if (parts_.stop != nullptr && parts_.stop->requested()) return "a stop was requested";
  if (!parts_.store.healthy()) return "the database takes no records";
  if (parts_.home != nullptr && !planted("latch_ignored")) {
    if (const auto note = parts_.home->latch().read()) return sentence(*note);
    if (!parts_.home->is_fence_ours()) return "another process has acted on this account";
  }
  if (!halted_.empty()) return "halted: " + halted_;
  if (in_doubt()) return "the account is being read anew: " + doubt_;
  if (modes_.multi_assets) return "the account is in multi-assets mode";
  if (!modes_.can_trade) return "the account is not allowed to trade";
  if (modes_.hedge != started_with_.hedge)
    return "somebody changed the position mode; restart to work in the new one";
  if (!naked_.empty()) return naked_.begin()->str() + " stands without a stop";
  if (conditionals_ >= kConditionalsMax)
    return fmt::format("{} conditional orders rest; the exchange allows 200", conditionals_);
  return std::nullopt;
}

void Gate::doubt(std::string why) {
  ++doubts_;
  parts_.log.warn("account in doubt", {{"why", why}});
  doubt_ = std::move(why);
}

void Gate::settle(std::uint64_t doubts) {
  if (doubts > settled_) settled_ = doubts;
}

void Gate::halt(std::string why) {
  parts_.log.error("account halted", {{"why", why}});
  if (parts_.home != nullptr) {
    const auto set = parts_.home->latch().set(
        {store::LatchKind::halted, "service", why, parts_.clock.utc_now()});
    if (set) return;
    parts_.log.error("latch not set", {{"why", set.error().text}});
  }
  halted_ = std::move(why);
}

}  // namespace bb::desk
