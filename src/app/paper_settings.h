// Section [paper]: the paper exchange of `paper` and `demo`. Flags of the commands win over it.
#pragma once

#include <cstdint>
#include <string>

#include "base/settings.h"
#include "sim/market.h"

namespace bb::app {

struct PaperSettings {
  std::string data;  // empty = found beside the program
  std::string path = "high-first";
  std::int64_t seed = 1;
  std::int64_t days = 0;  // 0 = all that is recorded
  std::string address = "127.0.0.1";
  std::int64_t port = 8790;
  Decimal balance = Decimal::from_int(10'000);
  bool hedge = false;
  std::int64_t latency_ms = 25;
  std::int64_t delay_ms = 0;
};

SettingsSection settings_section(PaperSettings& settings);

sim::PathOrder path_order(const std::string& path);

/// The folder of recorded days: the one that is named, else ./data, else where the program was
/// installed or built. An error names every place that was looked at.
Result<std::string> find_data_folder(const std::string& named);

}  // namespace bb::app
