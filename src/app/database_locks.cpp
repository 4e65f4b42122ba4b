#include "app/database_locks.h"

#include <filesystem>

namespace bb::app {

Task<Result<DatabaseLocks>> lock_database(Session& session, const Config& config, std::string owner,
                                          std::string command) {
  DatabaseLocks locks;
  std::error_code ignored;  // the lock itself says what is wrong with its folder
  std::filesystem::create_directories(std::filesystem::path(config.runtime.lock_file).parent_path(),
                                      ignored);
  auto file = co_await store::FileLock::acquire(config.runtime.lock_file, command, Micros(0),
                                                session.clock(),
                                                "stop it first: a database has one writer");
  if (!file) co_return std::unexpected(file.error());
  locks.file.emplace(std::move(*file));
  const auto dash = owner.find('-');
  if (dash == std::string::npos) co_return locks;
  auto home = co_await store::AccountHome::take(config.runtime.state_dir, owner.substr(0, dash),
                                                owner.substr(dash + 1), command, Micros(0),
                                                session.clock());
  if (!home) co_return std::unexpected(home.error());
  locks.home.emplace(std::move(*home));
  co_return locks;
}

}  // namespace bb::app
