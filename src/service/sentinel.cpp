#include "service/sentinel.h"

#include <fmt/format.h>

#include "service/journeys.h"
#include "service/messages.h"

namespace bb::service {

namespace {

constexpr Minutes kAway{10};
constexpr Millis kClockOff{5'000};
// One reading that fails is the network's usual noise; a ban and a refused key are known at once.
constexpr int kFailuresToTell = 5;

// Binance USD-M futures errors, 2026: -1022 signature, -2008 and -2014 and -2015 key, address,
// rights.
bool is_about_key(const Error& error) {
  return error.code == -1022 || error.code == -2008 || error.code == -2014 || error.code == -2015;
}

}  // namespace

struct Sentinel::Words {
  const char* kind;
  const char* bad;
  const char* good;
};

Sentinel::Words Sentinel::words_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::api_key:
      return {"api_key", "API 密钥被拒绝 / the API key is refused",
              "API 密钥恢复 / the API key works again"};
    case Trouble::rate_ban:
      return {"rate_ban", "接口被限流 / requests are refused: too many",
              "接口限流解除 / requests are answered again"};
    case Trouble::unreachable:
      return {"alert", "交易所无法访问 / the exchange is not reached",
              "交易所恢复访问 / the exchange is reached again"};
    case Trouble::disk:
      return {"disk", "数据库写入失败 / the database takes no writes",
              "数据库恢复写入 / the database takes writes again"};
    case Trouble::clock:
      return {"clock", "主机时钟不准 / the host's clock is wrong",
              "主机时钟恢复 / the host's clock is right again"};
  }
  return {};
}

Task<void> Sentinel::start() {
  auto& parts = desk_.parts();
  const TimePoint now = parts.market.exchange_now();
  const auto last = parts.store.last_snapshot_time();
  if (!last || now - *last < kAway) co_return;
  const std::string what = fmt::format("{} – {} ({} min)", iso_seconds(*last), iso_seconds(now),
                                       std::chrono::duration_cast<Minutes>(now - *last).count());
  co_await put_note(desk_, trouble_message("service_down",
                                           "服务曾中断 / the service was not running", what, now));
}

Task<void> Sentinel::judge(Trouble trouble, bool is_there, std::string what) {
  bool& told = told_[static_cast<std::size_t>(trouble)];
  if (told == is_there) co_return;
  told = is_there;
  const Words words = words_of(trouble);
  const TimePoint now = desk_.parts().market.exchange_now();
  if (is_there) desk_.parts().log.error("trouble", {{"kind", words.kind}, {"what", what}});
  co_await put_note(desk_, is_there ? trouble_message(words.kind, words.bad, what, now)
                                    : trouble_message("service", words.good, "", now));
}

Task<void> Sentinel::see(std::optional<Error> problem) {
  failures_ = problem ? failures_ + 1 : 0;
  const std::string why = problem ? problem->text : std::string();
  const bool is_key = problem && is_about_key(*problem);
  const bool is_ban = problem && problem->kind == ErrorKind::rate_limited;
  // Another failure says nothing about a key that was refused before.
  if (!problem || is_key) co_await judge(Trouble::api_key, is_key, why);
  if (!problem || is_ban) co_await judge(Trouble::rate_ban, is_ban, why);
  if (!problem || (failures_ >= kFailuresToTell && !is_key && !is_ban))
    co_await judge(Trouble::unreachable, problem.has_value(), why);
  const auto& parts = desk_.parts();
  co_await judge(Trouble::disk, !parts.store.healthy(),
                 "nothing is opened; what was opened stays protected. Make room, or repair the "
                 "disk");
  const auto off = parts.clock.utc_now() - parts.market.exchange_now();
  co_await judge(Trouble::clock, std::chrono::abs(off) > kClockOff,
                 fmt::format("it is {} ms off the exchange's", off.count()));
}

}  // namespace bb::service
