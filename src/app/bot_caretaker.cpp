#include "app/bot_caretaker.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "app/daily_report.h"
#include "app/perform.h"
#include "base/join.h"
#include "control/caller.h"
#include "net/json.h"
#include "service/messages.h"
#include "store/goodbye.h"

namespace bb::app {

namespace {

using bot::ServiceNews;

constexpr Micros kLook{5'000'000};
constexpr Micros kAskEvery{20'000'000};
constexpr Micros kFreeFor{60'000'000};  // longer than a restart takes: it finds the account free
constexpr Micros kHoldMost{2'000'000};
constexpr Micros kHoldLook{100'000};
constexpr Micros kRetryFirst{15'000'000};
constexpr Micros kRetryMost{300'000'000};
constexpr int kPatrolsMissed = 3;
constexpr Minutes kGrace{1};
constexpr const char* kHolder = "bot, delivering messages";

struct Words {
  const char* kind;
  const char* title;
  const char* what;
};

Words words_of(ServiceNews::Kind kind) {
  switch (kind) {
    case ServiceNews::Kind::died:
      return {"service_down", "服务已停止 / the service is down",
              "进程消失且未正常退出；持仓只剩交易所的止损保护 / it ended without a goodbye; only "
              "the stops at the exchange guard the positions"};
    case ServiceNews::Kind::silent:
      return {"service_down", "服务无响应 / the service does not answer",
              "进程仍占有账户但没有应答；平仓仍可执行 / it has the account and gives no sign of "
              "life; a flatten works all the same"};
    case ServiceNews::Kind::crashing:
      return {"service_down", "服务反复崩溃 / the service keeps crashing",
              "15 分钟内已三次异常退出 / it ended three times within 15 minutes without a goodbye"};
    case ServiceNews::Kind::late:
      return {"service_late", "巡检迟到 / the service is late",
              "服务有应答，但未按时巡检持仓 / it answers, and does not look at its positions in "
              "time"};
    case ServiceNews::Kind::back:
      return {"service", "服务恢复运行 / the service runs again", "有应答 / it answers"};
    case ServiceNews::Kind::crashed:
      return {"service", "服务曾崩溃 / the service crashed",
              "异常退出后已重新启动 / it ended without a goodbye and was started again"};
    case ServiceNews::Kind::stopped:
      return {
          "service", "服务已被停止 / the service was stopped",
          "正常退出；在重新启动前无人巡检 / it said goodbye; nobody patrols until it is started "
          "again"};
  }
  return {};
}

// What another process changes when it writes into the database.
std::string state_of(const std::string& database) {
  std::string text;
  for (const auto* end : {"", "-wal", ".spill"}) {
    struct stat info{};
    if (::stat((database + end).c_str(), &info) == 0)
      text += fmt::format("{} {} {};", info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  }
  return text;
}

}  // namespace

Caretaker::Caretaker(Session& session, std::string name, store::OpsStore& ops, Micros patience,
                     std::function<void(store::OutboxMessage)> tell)
    : session_(session),
      name_(std::move(name)),
      ops_(ops),
      tell_(std::move(tell)),
      watch_(patience) {
  if (const auto kept = ops_.find_value("service " + name_)) watch_.restore(saved_ = *kept);
}

Task<void> Caretaker::run() {
  auto& stop = session_.stop();
  while (!stop.requested()) {
    try {
      // Before the account was met nothing of it is on this host, and the exchange is not asked.
      if (auto home = known_home(session_.config())) {
        co_await look(*home);
        co_await deliver(std::move(*home));
      }
    } catch (const std::exception& error) {
      session_.log().error("service not watched", {{"why", error.what()}});
    }
    (void)co_await stop.sleep_until(session_.clock().after(kLook));
  }
}

Task<void> Caretaker::look(std::string home) {
  const auto lock = store::inspect_lock(home + "/lock");
  if (!lock) co_return;
  bot::ServiceLook seen;
  if (bot::is_service(lock->holder.command)) {
    seen.service = lock->holder;
    seen.is_held = lock->is_held;
  }
  if (seen.is_held) {
    const auto reply = co_await control::ping(session_.io(), session_.clock(), home);
    seen.answers = reply.kind == control::Reply::Kind::answered;
  }
  const auto now = session_.clock().steady_now();
  if (!seen.answers) {
    late_.reset();
  } else if (asked_ == SteadyTime() || now - asked_ >= kAskEvery) {
    asked_ = now;
    late_ = co_await is_late(home);
  }
  seen.is_late = late_;
  const auto& before = watch_.service() ? watch_.service() : seen.service;
  seen.said_goodbye = before && store::has_said_goodbye(home, *before);
  const bool is_free = !lock->is_held;
  if (!is_free) free_since_.reset();
  if (is_free && !free_since_) free_since_ = now;
  if (const auto news = watch_.see(seen, session_.clock().steady_now())) report(*news);
  if (auto text = watch_.save(); text != saved_)
    if (ops_.put_value("service " + name_, text)) saved_ = std::move(text);
}

// By what the holder says of itself; one of another version says nothing.
Task<bool> Caretaker::is_late(std::string home) {
  auto wish = make_command(session_, control::CommandKind::status);
  const auto reply = co_await control::hand_over(session_.io(), session_.clock(), std::move(home),
                                                 std::move(wish));
  if (reply.kind != control::Reply::Kind::answered) co_return false;
  const auto document = net::JsonDocument::parse(reply.answer.report.json);
  if (!document) co_return false;
  const auto root = document->root();
  try {
    if (!root.has("patrol_every_sec")) co_return false;
    const Seconds every(root.at("patrol_every_sec").integer());
    const auto text = root.at(root.has("last_patrol") ? "last_patrol" : "started").text();
    const auto last = parse_utc_instant(text.substr(0, 19));
    co_return last&& session_.clock().utc_now() - *last > kPatrolsMissed* every + kGrace;
  } catch (const net::JsonError&) {
    co_return false;
  }
}

void Caretaker::report(const ServiceNews& news) {
  const auto words = words_of(news.kind);
  const auto now = session_.clock().utc_now();
  auto message = service::trouble_message(words.kind, words.title, words.what, now);
  message.body +=
      fmt::format("| 账户 / account | {} |\n| 进程 / process | pid {}, {}, {} |\n", name_,
                  news.service.pid, news.service.command, iso_seconds(news.service.since));
  session_.log().warn("service watched", {{"what", words.title}, {"pid", news.service.pid}});
  tell_(std::move(message));
}

bool Caretaker::has_due(const std::string& home, const std::string& database) {
  const auto now = session_.clock().utc_now();
  auto state = state_of(database);
  if (state.empty() || (state == database_state_ && now < next_due_)) return false;
  const auto store = store::Store::open_for_reading(
      database, std::filesystem::path(home).filename().string(), session_.clock());
  database_state_ = std::move(state);
  if (!store) {
    next_due_ = now + Hours(24);
    session_.log().warn("messages of nobody's account not read", {{"why", store.error().text}});
    return false;
  }
  next_due_ = due_of(**store);
  return next_due_ <= now;
}

TimePoint Caretaker::due_of(const store::Store& store) {
  const auto now = session_.clock().utc_now();
  auto next = now + Hours(24);
  for (const auto& message : store.pending_messages()) {
    const auto deliveries = store.deliveries_of(message.id);
    if (deliveries.size() < channels().size()) return TimePoint();  // by some never tried
    for (const auto& delivery : deliveries)
      if (delivery.state == "pending") next = std::min(next, delivery.next_attempt);
  }
  return next;
}

const notify::Channels& Caretaker::channels() {
  if (!channels_) channels_ = make_channels(session_.ground());
  return *channels_;
}

Task<void> Caretaker::deliver(std::string home) {
  const auto now = session_.clock().steady_now();
  const bool is_idle = free_since_ && now - *free_since_ >= kFreeFor && now >= not_before_;
  if (!is_idle) co_return;
  const auto& configured = session_.config().runtime.db_path;
  auto database = configured.empty() ? find_database(home) : configured;
  if (has_due(home, database)) co_await deliver_from(std::move(home), std::move(database));
}

Task<void> Caretaker::deliver_from(std::string home, std::string database) {
  auto& clock = session_.clock();
  // Whoever was faster delivers them himself.
  const auto lock =
      co_await store::FileLock::acquire(home + "/lock", kHolder, Micros(0), clock, "wait a moment");
  if (!lock) co_return;
  const auto name = std::filesystem::path(home).filename().string();
  store::StoreOptions files{database, true};
  files.checks_pages = false;  // the next holder looks
  auto store = store::Store::open(files, name, co_await boost::asio::this_coro::executor, clock,
                                  session_.log());
  if (!store) {
    session_.log().warn("messages of nobody's account not sent", {{"why", store.error().text}});
    co_return;
  }
  const auto ground = session_.ground();
  const notify::AlertSwitches switches(home);
  notify::PumpParts parts{**store, channels(), ground.config.notify, clock, ground.log,
                          name,    &switches};
  parts.minute_of_day = [&settings = ground.config.runtime](TimePoint when) {
    return minute_of_day(settings, when);
  };
  parts.painter = make_painter(ground.config, clock, name);
  notify::OutboxPump pump(std::move(parts));
  pump.hurry();
  Stop let_go(clock);
  TaskGroup pumping(co_await boost::asio::this_coro::executor);
  pumping.spawn(pump.run(let_go));
  const SteadyTime limit = clock.after(kHoldMost);
  do {
    if (!co_await session_.stop().sleep_until(clock.after(kHoldLook))) break;
  } while (pump.has_unsent() && clock.steady_now() < limit);
  let_go.request();
  co_await pumping.join();
  // Muted, at night, or a channel that does not work: it is not tried at every look.
  const bool is_done = due_of(**store) > clock.utc_now();
  failures_ = is_done ? 0 : std::min(failures_ + 1, 5);
  not_before_ =
      clock.after(is_done ? kLook : std::min(kRetryFirst * (1 << (failures_ - 1)), kRetryMost));
  next_due_ = TimePoint();
}

}  // namespace bb::app
