#include "bot/untold.h"

#include <algorithm>

#include "bot/screens.h"

namespace bb::bot {

namespace {

constexpr Micros kFirstPause{5'000'000};
constexpr Micros kLongestPause{300'000'000};
constexpr Hours kKept{48};

constexpr Phrase kLate{"⏰ <b>This could not be told when it ended, {}.</b>\n\n{}",
                       "⏰ <b>该结果于 {} 产生，当时未能送达。</b>\n\n{}"};

}  // namespace

void Untold::load() {
  const auto left = ops_.load_results();
  if (!left) return log_.error("untold results not read", {{"why", left.error().text}});
  for (const auto& result : *left)
    waiting_.push_back({result, clock_.steady_now(), kFirstPause});
}

bool Untold::has(std::int64_t update) const {
  return std::ranges::any_of(waiting_,
                             [&](const Waiting& each) { return each.result.update_id == update; });
}

void Untold::add(store::UntoldResult result, Micros pause, const std::string& problem) {
  audit_.add(
      {result.user_id, result.chat_id, result.update_id, "a result", "not told yet: " + problem});
  if (const auto id = ops_.put_result(result))
    result.id = *id;
  else  // a restart loses the message; the audit has the result
    log_.error("result not kept", {{"why", id.error().text}});
  waiting_.push_back({std::move(result), clock_.after(pause), kFirstPause});
}

void Untold::drop(const store::UntoldResult& result, const std::string& outcome) {
  audit_.add({result.user_id, result.chat_id, result.update_id, "a result", outcome});
  if (result.id != 0)
    if (const auto gone = ops_.drop_result(result.id); !gone)
      log_.error("told result not forgotten", {{"why", gone.error().text}});
}

Task<void> Untold::tell() {
  // What is added meanwhile has its own time; what is tried is in nobody else's hands.
  std::vector<Waiting> due;
  const auto now = clock_.steady_now();
  for (auto& each : waiting_)
    if (each.due <= now) due.push_back(each);
  for (auto& each : due) {
    auto& result = each.result;
    Messenger::Attempt tried;
    {
      const Messenger::Urgency urgent(messenger_);
      const auto user = ops_.find_user(result.user_id);
      const Language in = language_of(user ? user->language : "");
      Screen screen{say(in, kLate, moment(result.ended_at), result.html)};
      screen.is_private = true;
      screen.owner = result.user_id;
      screen.rows = {{home_button(in)}};
      tried =
          co_await messenger_.try_to_show({result.chat_id, result.thread_id, 0}, std::move(screen));
    }
    const bool is_told = tried.stand.message != 0;
    const bool is_over = !is_told && (!tried.pause || clock_.utc_now() - result.ended_at > kKept);
    if (is_told && result.message_id != 0)
      co_await messenger_.remove({result.chat_id, result.thread_id, result.message_id});
    const auto mine = std::ranges::find_if(waiting_, [&](const Waiting& other) {
      return other.result.update_id == result.update_id && other.result.html == result.html;
    });
    if (mine == waiting_.end()) continue;
    if (is_told || is_over) {
      waiting_.erase(mine);
      drop(result, is_told ? "told late" : "never told: " + tried.problem);
    } else {
      mine->pause = std::min(mine->pause * 2, kLongestPause);
      mine->due = clock_.after(std::max<Micros>(*tried.pause, mine->pause));
    }
  }
}

}  // namespace bb::bot
