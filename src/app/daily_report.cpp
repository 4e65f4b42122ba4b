#include "app/daily_report.h"

#include <fmt/format.h>

#include <charconv>

#include "app/aside.h"
#include "store/equity_history.h"
#include "trading/messages.h"

namespace bb::app {

namespace {

constexpr Seconds kLook{30};
constexpr Hours kDay{24};
constexpr Hours kPictured{24 * 30};
constexpr Minutes kLateMax{6 * 60};  // a report of this morning is no news at night
constexpr Decimal kCent = Decimal::from_raw(1'000'000);
constexpr const char* kSource = "daily_report";
constexpr const char* kAttachment = "equity ";

int minute_of(std::string_view clock_text) {
  const auto two = [&](std::size_t at) {
    return (clock_text[at] - '0') * 10 + (clock_text[at + 1] - '0');
  };
  return two(0) * 60 + two(3);
}

std::string signed_amount(Usdt amount) {
  const Usdt shown(amount.value().round_to(kCent, Rounding::nearest));
  return (shown.is_negative() ? "" : "+") + shown.str() + " USDT";
}

notify::EquityPicture picture_of(const store::EquityHistory& history) {
  notify::EquityPicture picture;
  for (const auto& sample : history.samples)
    picture.points.push_back({sample.at, sample.amount});
  for (const auto& flow : history.flows)
    picture.flows.push_back({flow.at, flow.amount});
  return picture;
}

std::string report_body(const store::EquityHistory& history, std::size_t positions) {
  const auto figures = notify::figures_of(picture_of(history));
  const std::string equity = history.samples.empty() ? "?" : history.samples.back().amount.str();
  return trading::two_column_table({
      {"权益 / equity", equity + " USDT"},
      {"24 小时收益 / growth in 24 h", fmt::format("{:+.2f} %", figures.growth * 100)},
      {"24 小时回撤 / drawdown in 24 h", fmt::format("{:.2f} %", figures.worst_drawdown * 100)},
      {"已实现盈亏 / realized", signed_amount(history.realized)},
      {"手续费 / fees", signed_amount(history.commission)},
      {"资金费 / funding", signed_amount(history.funding)},
      {"平仓笔数 / bookings", std::to_string(history.closes)},
      {"持仓 / positions", std::to_string(positions)},
  });
}

}  // namespace

Minutes zone_offset(const service::Settings& settings, TimePoint when) {
  const auto local = minute_of(settings.entry_schedule().zone.clock_text(when));
  constexpr int kWhole = 24 * 60;
  const auto of_day = std::chrono::floor<Minutes>(when - utc_midnight(when)).count();
  int offset = static_cast<int>((local - of_day + 2 * kWhole) % kWhole);
  if (offset > 14 * 60) offset -= kWhole;
  return Minutes(offset);
}

Result<notify::EquityPicture> picture_of_account(const EquityRequest& request) {
  const auto history = store::load_equity_history(request.path, request.account, request.since);
  if (!history) return std::unexpected(history.error());
  auto picture = picture_of(*history);
  picture.title = request.account;
  picture.language = request.language;
  picture.zone_offset = request.zone_offset;
  picture.zone = request.zone;
  return picture;
}

notify::Painter make_painter(const Config& config, Clock& clock, std::string account) {
  // A named coroutine: a lambda that is one must not capture.
  struct Paint {
    static Task<std::string> now(EquityRequest request) {
      auto work = [request = std::move(request)] {
        const auto picture = picture_of_account(request);
        return picture ? notify::draw_equity(*picture).value_or(std::string()) : std::string();
      };
      co_return co_await run_aside<std::string>(std::move(work));
    }
  };
  return [&config, &clock, account](std::string attachment, notify::Language language) {
    const TimePoint now = clock.utc_now();
    std::int64_t since = 0;
    if (attachment.starts_with(kAttachment)) {
      const char* digits = attachment.data() + std::string_view(kAttachment).size();
      std::from_chars(digits, attachment.data() + attachment.size(), since);
    }
    return Paint::now({config.runtime.db_path, account, from_ms(since), language,
                       zone_offset(config.runtime, now), config.runtime.timezone});
  };
}

Task<void> DailyReporter::run(Stop& stop) {
  while (!stop.requested()) {
    try {
      if (ground_.config.notify.alerts.report_minute()) co_await step();
    } catch (const std::exception& error) {
      // Whoever guards positions does not end over a report.
      ground_.log.error("no daily report", {{"why", error.what()}});
    }
    (void)co_await stop.sleep_until(ground_.clock.after(kLook));
  }
}

bool DailyReporter::was_reported(const std::string& date) const {
  const auto rows = account_.store().load_journal(kSource);
  if (!rows) return true;  // in doubt none: it is said elsewhere that the disk is sick
  for (const auto& row : *rows)
    if (row.key == date) return true;
  return false;
}

Task<void> DailyReporter::step() {
  const auto& config = ground_.config;
  const TimePoint now = ground_.clock.utc_now();
  const auto zone = config.runtime.entry_schedule().zone;
  const std::string date = service::str(zone.date_of(now));
  const int late = minute_of(zone.clock_text(now)) - *config.notify.alerts.report_minute();
  if (date == done_ || late < 0 || Minutes(late) > kLateMax) co_return;
  done_ = date;
  if (was_reported(date)) co_return;
  auto work = [path = config.runtime.db_path, account = account_.name(), since = now - kDay] {
    return store::load_equity_history(path, account, since);
  };
  const auto history = co_await run_aside<Result<store::EquityHistory>>(std::move(work));
  if (!history) {
    ground_.log.warn("no daily report", {{"why", history.error().text}});
    co_return;
  }
  auto& store = account_.store();
  store::OutboxMessage message;
  message.id = store.next_outbox_id();
  message.topic = kSource;
  message.title = fmt::format("每日报告 {} / daily report {}", date, date);
  message.body = report_body(*history, store.open_holdings().size());
  message.created_at = message.next_attempt = now;
  message.attachment = kAttachment + std::to_string(to_ms(now - kPictured));
  store::Batch batch;
  batch.put(message);
  batch.add(store::JournalRow{kSource, date, now, now, message.body});
  const auto stored = co_await store.commit(std::move(batch));
  if (!stored) ground_.log.error("daily report not stored", {{"why", stored.error().text}});
}

}  // namespace bb::app
