#include "app/paper_settings.h"

#include <filesystem>

namespace bb::app {

namespace fs = std::filesystem;

SettingsSection settings_section(PaperSettings& s) {
  SettingsSection section("paper");
  section.text("data", s.data, "Folder of recorded days; empty = found beside the program.")
      .choice("path", s.path, {"high-first", "low-first", "seeded"},
              "Which extreme of a bar comes first; high-first is the worst for shorts.")
      .integer("seed", s.seed, 0, 1'000'000'000, "Seed of seeded paths and of network jitter.")
      .integer("days", s.days, 0, 3650, "Days of trading; 0 = all that is recorded.")
      .text("address", s.address, "Address that `paper` listens on.")
      .integer("port", s.port, 0, 65'535, "Port that `paper` listens on; 0 = any free one.")
      .decimal("balance", s.balance, Decimal(), Decimal::from_int(1'000'000'000),
               "USDT of an account at its start.")
      .flag("hedge", s.hedge, "Accounts begin in hedge mode.")
      .integer("latency_ms", s.latency_ms, 0, 10'000, "Network latency of the demo, each way.")
      .integer("delay_ms", s.delay_ms, 0, 60'000,
               "Delay of every answer of `paper`: half before it acts, half before it answers.");
  return section;
}

sim::PathOrder path_order(const std::string& path) {
  if (path == "low-first") return sim::PathOrder::low_first;
  if (path == "seeded") return sim::PathOrder::seeded;
  return sim::PathOrder::high_first;
}

Result<std::string> find_data_folder(const std::string& named) {
  std::vector<fs::path> places;
  if (!named.empty()) {
    places.emplace_back(named);
  } else {
    places.emplace_back("data");
    std::error_code ignored;
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    places.push_back(program / "../share/bubble-buster/data");
    places.push_back(program / "../../../data");
  }
  // A folder that is named may hold anything: what is wrong with it, its reader says.
  if (!named.empty()) {
    std::error_code ignored;
    if (fs::exists(named, ignored)) return fs::weakly_canonical(named, ignored).string();
  }
  std::string looked;
  for (const auto& place : places) {
    std::error_code ignored;
    if (fs::exists(place / "exchangeInfo.json.zst", ignored))
      return fs::weakly_canonical(place, ignored).string();
    looked += (looked.empty() ? "" : ", ") + place.lexically_normal().string();
  }
  return fail(ErrorKind::configuration,
              "no recorded days in " + looked + "; name their folder with --data");
}

}  // namespace bb::app
