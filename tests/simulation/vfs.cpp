// SQLite's way to the simulated disk: a VFS with locks and WAL's shared memory, as unix has them.
#include <sqlite3.h>

#include <cstring>
#include <new>

#include "simulation/disk.h"

namespace bb::simulation {

namespace {

constexpr int kSectorSize = 4096;
constexpr std::uint32_t kShmSlots = 8;

struct SqlFile : sqlite3_file {
  int handle;
  bool syncs_folder;  // with its first sync: the name is new
  bool deletes;
};

Disk& disk() { return *current_disk(); }
Disk::Open* opened(sqlite3_file* file) {
  return disk().opened(static_cast<SqlFile*>(file)->handle);
}

int code_of(Disk::Answer answer, int failed) {
  switch (answer) {
    case Disk::Answer::done:
      return SQLITE_OK;
    case Disk::Answer::full:
      return SQLITE_FULL;
    case Disk::Answer::failed:
      break;
  }
  return failed;
}

int close_file(sqlite3_file* file) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_OK;
  const std::string path = open->path;
  disk().close(static_cast<SqlFile*>(file)->handle);
  if (static_cast<SqlFile*>(file)->deletes) disk().unlink(path);
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* into, int count, sqlite3_int64 offset) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_IOERR_READ;
  const std::string& data = open->file->data;
  const auto from = static_cast<std::size_t>(offset);
  const auto wanted = static_cast<std::size_t>(count);
  const std::size_t got = from >= data.size() ? 0 : std::min(wanted, data.size() - from);
  if (got > 0) std::memcpy(into, data.data() + from, got);
  if (got == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(into) + got, 0, wanted - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_IOERR_WRITE;
  return code_of(disk().write(*open->file, open->path, static_cast<std::size_t>(offset),
                              {static_cast<const char*>(bytes), static_cast<std::size_t>(count)}),
                 SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_IOERR_TRUNCATE;
  return code_of(disk().truncate(*open->file, open->path, static_cast<std::size_t>(size)),
                 SQLITE_IOERR_TRUNCATE);
}

int sync(sqlite3_file* file, int) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_IOERR_FSYNC;
  const int synced = code_of(disk().sync(*open->file, open->path), SQLITE_IOERR_FSYNC);
  auto* own = static_cast<SqlFile*>(file);
  if (synced != SQLITE_OK || !own->syncs_folder) return synced;
  own->syncs_folder = false;
  const std::string folder = open->path.substr(0, open->path.find_last_of('/'));
  return code_of(disk().sync_folder(folder), SQLITE_IOERR_DIR_FSYNC);
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(open->file->data.size());
  return SQLITE_OK;
}

int lock(sqlite3_file* file, int level) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_IOERR_LOCK;
  const int self = static_cast<SqlFile*>(file)->handle;
  for (const auto& [other, held] : open->file->sql_locks) {
    if (other == self) continue;
    const bool clashes = (level == SQLITE_LOCK_SHARED && held >= SQLITE_LOCK_PENDING) ||
                         (level == SQLITE_LOCK_RESERVED && held >= SQLITE_LOCK_RESERVED) ||
                         (level == SQLITE_LOCK_EXCLUSIVE && held >= SQLITE_LOCK_SHARED);
    if (clashes) return SQLITE_BUSY;
  }
  int& own = open->file->sql_locks[self];
  own = std::max(own, level);
  return SQLITE_OK;
}

int unlock(sqlite3_file* file, int level) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_OK;
  const int self = static_cast<SqlFile*>(file)->handle;
  if (level == SQLITE_LOCK_NONE)
    open->file->sql_locks.erase(self);
  else
    open->file->sql_locks[self] = level;
  return SQLITE_OK;
}

int check_reserved_lock(sqlite3_file* file, int* reserved) {
  auto* open = opened(file);
  *reserved = 0;
  if (open == nullptr) return SQLITE_OK;
  for (const auto& [other, held] : open->file->sql_locks)
    if (held >= SQLITE_LOCK_RESERVED) *reserved = 1;
  return SQLITE_OK;
}

int file_control(sqlite3_file*, int operation, void*) {
  return operation == SQLITE_FCNTL_PERSIST_WAL ? SQLITE_OK : SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*) { return kSectorSize; }
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  auto* open = opened(file);
  *out = nullptr;
  if (open == nullptr) return SQLITE_IOERR_SHMMAP;
  auto& regions = open->file->shm.regions;
  const auto wanted = static_cast<std::size_t>(region);
  while (regions.size() <= wanted) {
    if (extend == 0) return SQLITE_OK;
    regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
  }
  *out = regions[wanted].get();
  return SQLITE_OK;
}

int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_IOERR_SHMLOCK;
  const int self = static_cast<SqlFile*>(file)->handle;
  const auto mask = ((1U << static_cast<unsigned>(count)) - 1U) << static_cast<unsigned>(offset);
  static_assert(kShmSlots == SQLITE_SHM_NLOCK);
  auto& shm = open->file->shm;
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    shm.shared_locks[self] &= ~mask;
    shm.exclusive_locks[self] &= ~mask;
    return SQLITE_OK;
  }
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (const auto& [other, held] : shm.exclusive_locks)
    if (other != self && (held & mask) != 0) return SQLITE_BUSY;
  if (exclusive)
    for (const auto& [other, held] : shm.shared_locks)
      if (other != self && (held & mask) != 0) return SQLITE_BUSY;
  (exclusive ? shm.exclusive_locks : shm.shared_locks)[self] |= mask;
  return SQLITE_OK;
}

void shm_barrier(sqlite3_file*) {}
int shm_unmap(sqlite3_file* file, int) {
  auto* open = opened(file);
  if (open == nullptr) return SQLITE_OK;
  const int self = static_cast<SqlFile*>(file)->handle;
  open->file->shm.shared_locks.erase(self);
  open->file->shm.exclusive_locks.erase(self);
  return SQLITE_OK;
}

const sqlite3_io_methods kMethods = {2,
                                     close_file,
                                     read,
                                     write,
                                     truncate,
                                     sync,
                                     file_size,
                                     lock,
                                     unlock,
                                     check_reserved_lock,
                                     file_control,
                                     sector_size,
                                     characteristics,
                                     shm_map,
                                     shm_lock,
                                     shm_barrier,
                                     shm_unmap,
                                     nullptr,
                                     nullptr};

// Temporary files have no name; they are nobody's after a crash.
int open_file(sqlite3_vfs*, const char* name, sqlite3_file* out, int flags, int* out_flags) {
  static std::uint64_t temporary = 0;
  auto* file = new (out) SqlFile{};
  file->pMethods = nullptr;
  if (current_disk() == nullptr) return SQLITE_CANTOPEN;
  const std::string path = name != nullptr ? name : "/sim/tmp-" + std::to_string(++temporary);
  auto inode = disk().find(path);
  const bool is_new = inode == nullptr;
  if (is_new) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    inode = disk().create(path);
    if (inode == nullptr) return SQLITE_CANTOPEN;
  }
  // Who is the first to come makes the shared memory anew.
  if (!disk().is_open(*inode)) inode->shm = {};
  constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  file->syncs_folder = is_new && (flags & kJournals) != 0;
  file->deletes = name == nullptr || (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  file->handle = disk().open(std::move(inode), path);
  file->pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* name, int sync_folder) {
  const std::string path(name);
  if (disk().find(path) == nullptr) return SQLITE_IOERR_DELETE_NOENT;
  if (!disk().unlink(path)) return SQLITE_IOERR_DELETE;
  if (sync_folder == 0) return SQLITE_OK;
  return code_of(disk().sync_folder(path.substr(0, path.find_last_of('/'))),
                 SQLITE_IOERR_DIR_FSYNC);
}

int access(sqlite3_vfs*, const char* name, int flags, int* result) {
  const auto file = disk().find(name);
  *result = file != nullptr && (flags != SQLITE_ACCESS_EXISTS || !file->data.empty()) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int room, char* out) {
  if (std::strlen(name) >= static_cast<std::size_t>(room)) return SQLITE_CANTOPEN;
  std::strcpy(out, name);
  return SQLITE_OK;
}

// Salts of the WAL and row ids: the same bytes in every run.
int randomness(sqlite3_vfs*, int count, char* out) {
  std::memset(out, 0x5a, static_cast<std::size_t>(count));
  return count;
}
int sleep(sqlite3_vfs*, int micros) { return micros; }
int current_time(sqlite3_vfs*, double* days) {
  *days = 2'440'587.5;
  return SQLITE_OK;
}
int current_time_ms(sqlite3_vfs*, sqlite3_int64* ms) {
  *ms = 210'866'760'000'000;
  return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

void install_vfs() {
  static sqlite3_vfs vfs{};
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(SqlFile);
  vfs.mxPathname = 512;
  vfs.zName = "simulated";
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  vfs.xAccess = access;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = sleep;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time_ms;
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace bb::simulation
