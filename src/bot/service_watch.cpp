#include "bot/service_watch.h"

#include <fmt/format.h>

#include <charconv>

namespace bb::bot {

namespace {

constexpr Micros kSettled{8'000'000};  // as long it must answer to count as back
constexpr Micros kCrashesWithin{900'000'000};
constexpr int kCrashesToTell = 3;

bool is_same(const store::LockHolder& one, const store::LockHolder& other) {
  return one.pid == other.pid && one.since == other.since;
}

}  // namespace

bool is_service(std::string_view command) {
  return command.starts_with("service") || command.starts_with("manage --loop");
}

std::string ServiceWatch::save() const {
  if (!service_) return {};
  return fmt::format("{} {} {} {}", static_cast<int>(told_), service_->pid, to_ms(service_->since),
                     service_->command);
}

void ServiceWatch::restore(const std::string& text) {
  std::int64_t numbers[3] = {};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (auto& number : numbers) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || next == end || *next != ' ') return;
    at = next + 1;
  }
  if (numbers[0] < 0 || numbers[0] > static_cast<int>(State::late)) return;
  told_ = static_cast<State>(numbers[0]);
  service_ = {static_cast<int>(numbers[1]), std::string(at, end), from_ms(numbers[2])};
}

std::optional<ServiceNews> ServiceWatch::tell(ServiceNews::Kind kind, State state) {
  told_ = state;
  return ServiceNews{kind, *service_};
}

std::optional<ServiceNews> ServiceWatch::note_crash(SteadyTime now) {
  if (crashes_ == 0 || now - crashed_at_ > kCrashesWithin) {
    crashes_ = 0;
    crashed_at_ = now;
  }
  ++crashes_;
  if (told_ == State::down) return std::nullopt;
  if (crashes_ < kCrashesToTell) return ServiceNews{ServiceNews::Kind::crashed, *service_};
  crashes_ = 0;
  return tell(ServiceNews::Kind::crashing, State::down);
}

std::optional<ServiceNews> ServiceWatch::judge_absence(const ServiceLook& look, SteadyTime now) {
  here_since_.reset();
  late_since_.reset();
  if (!away_since_) away_since_ = now;
  if (now - *away_since_ < patience_) return std::nullopt;
  if (look.is_held)
    return told_ == State::down ? std::nullopt : tell(ServiceNews::Kind::silent, State::down);
  // Who was told that it hangs is told that somebody stopped it.
  if (look.said_goodbye)
    return told_ == State::stopped ? std::nullopt
                                   : tell(ServiceNews::Kind::stopped, State::stopped);
  return told_ == State::down ? std::nullopt : tell(ServiceNews::Kind::died, State::down);
}

std::optional<ServiceNews> ServiceWatch::judge_presence(const ServiceLook& look, SteadyTime now) {
  away_since_.reset();
  if (!here_since_) here_since_ = now;
  if (now - *here_since_ < kSettled) return std::nullopt;
  if (look.is_late.value_or(false)) {
    if (!late_since_) late_since_ = now;
    const bool is_news = told_ != State::late && now - *late_since_ >= patience_;
    return is_news ? tell(ServiceNews::Kind::late, State::late) : std::nullopt;
  }
  if (told_ == State::late && !look.is_late) return std::nullopt;  // nobody says
  late_since_.reset();
  if (told_ == State::fine) return std::nullopt;
  return tell(ServiceNews::Kind::back, State::fine);
}

std::optional<ServiceNews> ServiceWatch::see(const ServiceLook& look, SteadyTime now) {
  std::optional<ServiceNews> news;
  const bool is_new = look.service && (!service_ || !is_same(*service_, *look.service));
  // The one before it left no word, and was not known to be gone.
  const bool has_crashed = is_new && service_ && !look.said_goodbye && told_ != State::stopped;
  if (is_new) {
    // One that was stopped before anybody watched is no news.
    if (!service_ && !look.is_held && look.said_goodbye) told_ = State::stopped;
    service_ = look.service;
    here_since_.reset();
    if (has_crashed && look.is_held) news = note_crash(now);
  }
  if (!service_ || news) return news;
  return look.is_held && look.answers ? judge_presence(look, now) : judge_absence(look, now);
}

}  // namespace bb::bot
