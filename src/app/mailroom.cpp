#include "app/mailroom.h"

#include "app/daily_report.h"

namespace bb::app {

int minute_of_day(const service::Settings& settings, TimePoint when) {
  const auto text = settings.entry_schedule().zone.clock_text(when);
  if (text.size() < 5) return 0;
  const auto two = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  return two(0) * 60 + two(3);
}

notify::Channels make_channels(const Ground& ground) {
  return notify::make_channels(ground.config.notify, ground.dialer, ground.telegram_dialer(),
                               ground.clock, ground.log);
}

Mailroom::Mailroom(Ground ground, Account& account)
    : channels_(make_channels(ground)), switches_(account.home().path()) {
  notify::PumpParts parts{account.store(), channels_,  ground.config.notify,
                          ground.clock,    ground.log, account.name(),
                          &switches_};
  parts.minute_of_day = [&settings = ground.config.runtime](TimePoint when) {
    return minute_of_day(settings, when);
  };
  parts.painter = make_painter(ground.config, ground.clock, account.name());
  pump_ = std::make_unique<notify::OutboxPump>(std::move(parts));
}

}  // namespace bb::app
