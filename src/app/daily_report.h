// DailyReporter: once a day, at [alerts] report_time, the day's figures as a message, and the
// picture beside it. Reading and drawing happen aside: trading never waits for them.
#pragma once

#include "app/wiring.h"
#include "notify/outbox_pump.h"
#include "notify/picture.h"

namespace bb::app {

struct EquityRequest {
  std::string path, account;  // of the database
  TimePoint since{};
  notify::Language language = notify::Language::both;
  Minutes zone_offset{0};
  std::string zone;
};
/// What the picture of an account's equity from `since` to now shows; thread-safe.
Result<notify::EquityPicture> picture_of_account(const EquityRequest& request);

/// How far the configured zone is from UTC at that moment.
Minutes zone_offset(const service::Settings& settings, TimePoint when);

/// Draws the attachments of an account's messages.
notify::Painter make_painter(const Config& config, Clock& clock, std::string account);

class DailyReporter {
 public:
  /// Of an account that this process holds; all of it outlives the reporter.
  DailyReporter(Ground ground, Account& account) : ground_(ground), account_(account) {}
  Task<void> run(Stop& stop);

 private:
  Task<void> step();
  bool was_reported(const std::string& date) const;

  Ground ground_;
  Account& account_;
  std::string done_;  // the local date that needs no more looking
};

}  // namespace bb::app
