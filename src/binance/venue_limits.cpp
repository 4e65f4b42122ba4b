#include <fmt/format.h>

#include <algorithm>

#include "base/plant.h"
#include "binance/fate.h"
#include "binance/venue_state.h"
#include "binance/wire.h"

namespace bb::binance {

namespace {

constexpr Seconds kAdmissionWaitMax{70};  // a whole window, and the pause after a second 429
constexpr Minutes kShortestBan{2};
// What a peer says of lengths is believed up to these: a typing error of somebody's firewall must
// not keep a position from being closed for a day (bans: reference §3).
constexpr Minutes kLongestPause{5};
constexpr Hours kLongestBan{3 * 24};

}  // namespace

std::string Venue::State::ban_text() const {
  return "this address is banned by the exchange until " +
         iso_millis(time.now() + std::chrono::ceil<Millis>(banned_until - clock.steady_now())) +
         "; nothing was sent";
}

std::optional<std::string> Venue::obstacle() const {
  const auto& s = *state_;
  if (s.banned()) return s.ban_text();
  if (s.pause_left() > Micros(0))
    return fmt::format("the exchange asked for a pause of {} ms more; nothing was sent",
                       std::chrono::ceil<Millis>(s.pause_left()).count());
  return std::nullopt;
}

void Venue::note_handshake(int weight, const Error* failed) {
  auto& s = *state_;
  s.budget.start(weight);
  s.budget.finish(weight, std::nullopt, exchange_now(), exchange_now());
  // A 403 is that host's or that path's: it must not keep the orders of another away.
  const bool is_limit = failed != nullptr && failed->kind == ErrorKind::rejected &&
                        (failed->code == 429 || failed->code == 418);
  if (is_limit) note_refusal(failed->code);
}

void Venue::note_refusal(int status) {
  auto& s = *state_;
  Call call;
  call.path = "a stream";
  Reply reply;
  reply.evidence.http_status = status;
  s.note_refusal_of_rate(call, reply, net::HttpResponse{status, {}, {}});
}

Task<Result<Micros>> Venue::admit_query(const Call& call) {
  auto& s = *state_;
  const auto begin = s.clock.steady_now();
  Micros measuring{0};
  for (bool measured = false;;) {
    if (s.banned()) co_return fail(ErrorKind::rate_limited, s.ban_text());
    const Micros full(s.budget.wait_for_query(call.weight, exchange_now(), call.proves));
    const Micros wait = std::max(s.pause_left(), full);
    if (wait <= Micros(0)) {
      if (measured || !s.time.aged()) break;
      // A failed measurement is no reason to give up: the wall clock may be good enough.
      measured = true;
      const auto before = s.clock.steady_now();
      (void)co_await measure_clock(s.clock.after(kMeasureAtMost));
      measuring = s.clock.steady_now() - before;
      continue;
    }
    if (s.clock.after(wait) - begin > kAdmissionWaitMax)
      co_return fail(ErrorKind::rate_limited,
                     fmt::format("{}: the exchange's rate limit leaves no room for {} s more",
                                 call.path, std::chrono::ceil<Seconds>(wait).count()));
    s.log.warn("exchange query waited", {{"path", call.path}, {"ms", wait.count() / 1000}});
    co_await sleep_for(s.clock, wait);
  }
  co_return s.clock.steady_now() - begin - measuring;
}

Task<std::optional<std::string>> Venue::admit_command(const Call& call) {
  auto& s = *state_;
  if (s.time.unusable()) (void)co_await measure_clock(s.clock.after(kMeasureAtMost));
  if (auto why = obstacle()) co_return std::move(*why);
  if (call.pool != nullptr) co_return call.pool->obstacle(call.use, exchange_now());
  co_return std::nullopt;
}

void Venue::State::note_refusal_of_rate(const Call& call, const Reply& reply,
                                        const net::HttpResponse& response) {
  if (response.status == 429 && planted("retry_after_ignored")) return;
  if (response.status == 418 && planted("ban_ignored")) return;
  const auto now = clock.steady_now();
  const auto retry_after = header_number(response, "Retry-After");
  if (response.status == 418) {
    Micros length = retry_after ? Micros(Seconds(*retry_after)) : Micros(kShortestBan);
    if (const auto until = banned_until_text(reply.text))
      length = *until > time.now() + kLongestBan ? Micros(kLongestBan)
                                                 : std::max<Micros>(length, *until - time.now());
    length = std::min<Micros>(length, kLongestBan);
    banned_until = std::max(banned_until, now + length);
    const auto left = std::chrono::ceil<Millis>(banned_until - now);
    if (const auto kept = ban_file.save(clock.utc_now() + left); !kept)
      log.error("exchange ban not kept", {{"why", kept.error().text}});
    log.error("exchange banned this address", {{"seconds", length.count() / 1'000'000}});
    return;
  }
  // A 403 without Binance's own words is its firewall's limit (reference §3).
  const bool is_firewall = response.status == 403 && reply.evidence.code == 0;
  if (response.status != 429 && !is_firewall) {
    if (response.status < 400) refusals_in_a_row = 0;
    return;
  }
  if (reply.evidence.code == -1015 && call.pool != nullptr) {
    call.pool->close_until(time.now() + Seconds(retry_after.value_or(10)));
    return;
  }
  const Millis until_minute(60'000 - to_ms(time.now()) % 60'000);
  Micros length = retry_after ? Micros(Seconds(*retry_after)) : Micros(until_minute);
  if (paused_until <= now) {  // requests that were on their way together are refused once
    if (refusals_in_a_row > 0) length += Seconds(5 << std::min(refusals_in_a_row - 1, 3));
    ++refusals_in_a_row;
  }
  length = std::min<Micros>(length, kLongestPause);
  paused_until = std::max(paused_until, now + length);
  log.warn("exchange asked for a pause", {{"path", call.path}, {"ms", length.count() / 1000}});
}

}  // namespace bb::binance
