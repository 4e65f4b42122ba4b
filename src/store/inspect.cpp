#include "store/inspect.h"

#include <filesystem>

#include "store/schema.h"

namespace bb::store {

namespace {
constexpr Millis kBusyTimeout{250};
}

Result<std::optional<DatabaseFacts>> inspect_database(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  auto connection = sql::Connection::open_reader(path, kBusyTimeout);
  if (!connection) return advised(connection.error(), path);
  DatabaseFacts facts;
  const auto version = version_of(*connection);
  if (!version) return std::unexpected(version.error());
  facts.version = *version;
  facts.newest = static_cast<int>(store_schema().steps.size());
  if (facts.version > 0) {
    const auto account = find_meta(*connection, "account");
    if (!account) return advised(account.error(), path);
    const auto clean_end = find_meta(*connection, "clean_end");
    if (!clean_end) return advised(clean_end.error(), path);
    facts.account = *account;
    facts.ended_well = *clean_end == "1";
  }
  if (const auto intact = check_file(path, kBusyTimeout); !intact)
    return std::unexpected(intact.error());
  facts.has_refused_records = std::filesystem::exists(path + ".spill.refused", ignored);
  return facts;
}

}  // namespace bb::store
