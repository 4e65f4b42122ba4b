#include "bot/second_factor.h"

#include "bot/one_time_code.h"

namespace bb::bot {

namespace {

constexpr std::int64_t kWrongMost = 5;
constexpr Minutes kLock{15};

}  // namespace

bool SecondFactor::knows(std::int64_t user) const {
  const auto* section = access_.find_section(user);
  return section != nullptr && !section->totp_secret.empty();
}

SecondFactor::Verdict SecondFactor::check(std::int64_t user, std::string_view code) {
  if (!knows(user)) return Verdict::none;
  const auto key = base32_decode(access_.find_section(user)->totp_secret.reveal());
  auto known = ops_.find_user(user);
  if (!key || !known) return Verdict::none;
  const auto now = clock_.utc_now();
  if (now < known->locked_until) return Verdict::locked;
  const auto step = accept_code(*key, code, now, known->totp_used);
  if (step) {
    known->totp_used = *step;
    known->wrong_codes = 0;
  } else if (++known->wrong_codes >= kWrongMost) {
    known->wrong_codes = 0;
    known->locked_until = now + kLock;
  }
  // What is not written down could be used again, or be tried for ever.
  if (!ops_.put_user(*known)) return Verdict::none;
  if (step) return Verdict::accepted;
  return now < known->locked_until ? Verdict::locked : Verdict::wrong;
}

}  // namespace bb::bot
