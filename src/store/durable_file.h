// Small files that are whole or not there: written aside, synced, renamed, and the folder synced.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bb::store {

/// On the device before it returns; an earlier file of that name is replaced at once or not at all.
Status write_durably(const std::string& path, std::string_view content);
/// By root, for the owner of the file's folder: the service that runs there must be able to read
/// it.
void give_to_owner(int fd, const std::string& path);
/// Makes a new name in the file's folder last.
Status sync_folder(const std::string& path);
/// No file is no error.
Status remove_durably(const std::string& path);
/// Up to 64 kB; nothing when there is no such file, an error when it cannot be read or is larger.
Result<std::optional<std::string>> read_small_file(const std::string& path);

/// Parts processes that read small files of a folder and then write them, for as long as the object
/// lives. Who has it may have been stopped in the middle, so it is waited for 0.2 s only: then it
/// is not held, and who stops something goes on without.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();
  bool held() const { return held_; }

 private:
  int fd_ = -1;
  bool held_ = false;
};

}  // namespace bb::store
