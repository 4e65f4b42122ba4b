// The calls of libc that the program makes on files, led to the simulated disk by the linker
// (--wrap, see CMakeLists.txt): paths below /sim/ and descriptors of such files. Everything else
// goes where it always went.
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <filesystem>

#include "simulation/disk.h"

// Names as the linker wants them.
// NOLINTBEGIN(bugprone-reserved-identifier)

using bb::simulation::current_disk;
using bb::simulation::Disk;

namespace {

constexpr int kFirstPid = 1000;

bool is_ours(const char* path) {
  return current_disk() != nullptr && std::string_view(path).starts_with(bb::simulation::kDiskRoot);
}

Disk::Open* opened(int fd) {
  return current_disk() == nullptr ? nullptr : current_disk()->opened(fd);
}
// A descriptor of a process that died meanwhile is still none of the machine's.
constexpr int kFirstHandle = 1'000'000;
bool is_handle(int fd) { return current_disk() != nullptr && fd >= kFirstHandle; }

int failed(int error) {
  errno = error;
  return -1;
}

int outcome(Disk::Answer answer) {
  switch (answer) {
    case Disk::Answer::done:
      return 0;
    case Disk::Answer::full:
      return failed(ENOSPC);
    case Disk::Answer::failed:
      break;
  }
  return failed(EIO);
}

void fill(const bb::simulation::Inode& inode, struct stat* out) {
  std::memset(out, 0, sizeof *out);
  out->st_ino = inode.number;
  out->st_dev = 1;
  out->st_mode = inode.is_folder ? S_IFDIR | S_IRWXU : S_IFREG | S_IRUSR | S_IWUSR;
  out->st_size = static_cast<off_t>(inode.data.size());
}

ssize_t write_at(Disk::Open& open, const void* bytes, size_t count, std::size_t offset) {
  auto& disk = *current_disk();
  const std::string path = open.path;
  const auto file = open.file;
  const bool syncs = open.syncs;
  const auto answer = disk.write(*file, path, offset, {static_cast<const char*>(bytes), count});
  if (answer != Disk::Answer::done) return outcome(answer);
  if (syncs && disk.sync(*file, path) != Disk::Answer::done) return failed(EIO);
  return static_cast<ssize_t>(count);
}

ssize_t read_at(const Disk::Open& open, void* into, size_t count, std::size_t offset) {
  const auto& data = open.file->data;
  if (offset >= data.size()) return 0;
  const auto got = std::min(count, data.size() - offset);
  std::memcpy(into, data.data() + offset, got);
  return static_cast<ssize_t>(got);
}

}  // namespace

extern "C" {

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (!is_ours(path)) return __real_open(path, flags, mode);
  auto& disk = *current_disk();
  auto file = disk.find(path);
  if (!file && (flags & O_CREAT) == 0) return failed(ENOENT);
  if (!file) file = disk.create(path);
  if (!file) return failed(ENOSPC);
  if ((flags & O_DIRECTORY) != 0 && !file->is_folder) return failed(ENOTDIR);
  if ((flags & O_TRUNC) != 0)
    if (const auto answer = disk.truncate(*file, path, 0); answer != Disk::Answer::done)
      return outcome(answer);
  const int handle = disk.open(std::move(file), path);
  auto* open = disk.opened(handle);
  if (open == nullptr) return failed(EIO);
  open->appends = (flags & O_APPEND) != 0;
  open->syncs = (flags & O_DSYNC) != 0;
  return handle;
}

int __real_close(int fd);
int __wrap_close(int fd) {
  if (!is_handle(fd)) return __real_close(fd);
  current_disk()->close(fd);
  return 0;
}

ssize_t __real_read(int fd, void* into, size_t count);
ssize_t __wrap_read(int fd, void* into, size_t count) {
  if (!is_handle(fd)) return __real_read(fd, into, count);
  auto* open = opened(fd);
  if (open == nullptr) return failed(EIO);
  const ssize_t got = read_at(*open, into, count, open->position);
  open->position += static_cast<std::size_t>(got);
  return got;
}

ssize_t __real_pread(int fd, void* into, size_t count, off_t offset);
ssize_t __wrap_pread(int fd, void* into, size_t count, off_t offset) {
  if (!is_handle(fd)) return __real_pread(fd, into, count, offset);
  auto* open = opened(fd);
  return open == nullptr ? failed(EIO)
                         : read_at(*open, into, count, static_cast<std::size_t>(offset));
}

ssize_t __real_write(int fd, const void* bytes, size_t count);
ssize_t __wrap_write(int fd, const void* bytes, size_t count) {
  if (!is_handle(fd)) return __real_write(fd, bytes, count);
  auto* open = opened(fd);
  if (open == nullptr) return failed(EIO);
  const std::size_t at = open->appends ? open->file->data.size() : open->position;
  const ssize_t done = write_at(*open, bytes, count, at);
  if (done > 0) open->position = at + static_cast<std::size_t>(done);
  return done;
}

ssize_t __real_pwrite(int fd, const void* bytes, size_t count, off_t offset);
ssize_t __wrap_pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  if (!is_handle(fd)) return __real_pwrite(fd, bytes, count, offset);
  auto* open = opened(fd);
  return open == nullptr ? failed(EIO)
                         : write_at(*open, bytes, count, static_cast<std::size_t>(offset));
}

int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size) {
  if (!is_handle(fd)) return __real_ftruncate(fd, size);
  auto* open = opened(fd);
  if (open == nullptr) return failed(EIO);
  return outcome(current_disk()->truncate(*open->file, open->path, static_cast<std::size_t>(size)));
}

int __real_fsync(int fd);
int __wrap_fsync(int fd) {
  if (!is_handle(fd)) return __real_fsync(fd);
  auto* open = opened(fd);
  if (open == nullptr) return failed(EIO);
  auto& disk = *current_disk();
  return outcome(open->file->is_folder ? disk.sync_folder(open->path)
                                       : disk.sync(*open->file, open->path));
}

int __real_posix_fallocate(int fd, off_t offset, off_t size);
int __wrap_posix_fallocate(int fd, off_t offset, off_t size) {
  if (!is_handle(fd)) return __real_posix_fallocate(fd, offset, size);
  auto* open = opened(fd);
  if (open == nullptr) return EIO;
  const auto end = static_cast<std::size_t>(offset + size);
  if (open->file->data.size() >= end) return 0;
  const auto answer = current_disk()->truncate(*open->file, open->path, end);
  return outcome(answer) == 0 ? 0 : errno;
}

int __real_rename(const char* from, const char* to);
int __wrap_rename(const char* from, const char* to) {
  if (!is_ours(from)) return __real_rename(from, to);
  if (current_disk()->find(from) == nullptr) return failed(ENOENT);
  return current_disk()->rename(from, to) ? 0 : failed(EIO);
}

int __real_unlink(const char* path);
int __wrap_unlink(const char* path) {
  if (!is_ours(path)) return __real_unlink(path);
  if (current_disk()->find(path) == nullptr) return failed(ENOENT);
  return current_disk()->unlink(path) ? 0 : failed(EIO);
}

int __real_mkdir(const char* path, mode_t mode);
int __wrap_mkdir(const char* path, mode_t mode) {
  if (!is_ours(path)) return __real_mkdir(path, mode);
  if (current_disk()->find(path) != nullptr) return failed(EEXIST);
  current_disk()->make_folders(path);
  return 0;
}

int __real_stat(const char* path, struct stat* out);
int __wrap_stat(const char* path, struct stat* out) {
  if (!is_ours(path)) return __real_stat(path, out);
  const auto file = current_disk()->find(path);
  if (!file) return failed(ENOENT);
  fill(*file, out);
  return 0;
}

int __real_fstat(int fd, struct stat* out);
int __wrap_fstat(int fd, struct stat* out) {
  if (!is_handle(fd)) return __real_fstat(fd, out);
  auto* open = opened(fd);
  if (open == nullptr) return failed(EIO);
  fill(*open->file, out);
  return 0;
}

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation) {
  if (!is_handle(fd)) return __real_flock(fd, operation);
  auto* open = opened(fd);
  if (open == nullptr) return failed(EIO);
  int& owner = open->file->flock_owner;
  if ((operation & LOCK_UN) != 0) {
    if (owner == fd) owner = 0;
    return 0;
  }
  if (owner != 0 && owner != fd) return failed(EWOULDBLOCK);
  owner = fd;
  return 0;
}

int __real_fchown(int fd, uid_t user, gid_t group);
int __wrap_fchown(int fd, uid_t user, gid_t group) {
  return is_handle(fd) ? 0 : __real_fchown(fd, user, group);
}

int __real_access(const char* path, int mode);
int __wrap_access(const char* path, int mode) {
  if (!is_ours(path)) return __real_access(path, mode);
  return current_disk()->find(path) != nullptr ? 0 : failed(ENOENT);
}

int __real_poll(struct pollfd* fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd* fds, nfds_t count, int timeout) {
  if (current_disk() != nullptr && count == 0) return 0;  // a pause: time stands still
  return __real_poll(fds, count, timeout);
}

pid_t __real_getpid();
pid_t __wrap_getpid() {
  if (current_disk() == nullptr) return __real_getpid();
  return kFirstPid + current_disk()->process();
}

// std::filesystem, which lies in a shared library.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"

bool __real__ZNSt10filesystem18create_directoriesERKNS_7__cxx114pathERSt10error_code(
    const std::filesystem::path& path, std::error_code& error);
bool __wrap__ZNSt10filesystem18create_directoriesERKNS_7__cxx114pathERSt10error_code(
    const std::filesystem::path& path, std::error_code& error) {
  if (!is_ours(path.c_str()))
    return __real__ZNSt10filesystem18create_directoriesERKNS_7__cxx114pathERSt10error_code(path,
                                                                                           error);
  error.clear();
  current_disk()->make_folders(path.string());
  return true;
}

std::filesystem::file_status __real__ZNSt10filesystem6statusERKNS_7__cxx114pathE(
    const std::filesystem::path& path);
std::filesystem::file_status __wrap__ZNSt10filesystem6statusERKNS_7__cxx114pathE(
    const std::filesystem::path& path) {
  using std::filesystem::file_type;
  if (!is_ours(path.c_str())) return __real__ZNSt10filesystem6statusERKNS_7__cxx114pathE(path);
  const auto file = current_disk()->find(path.string());
  if (!file) return std::filesystem::file_status(file_type::not_found);
  return std::filesystem::file_status(file->is_folder ? file_type::directory : file_type::regular);
}

std::filesystem::file_status __real__ZNSt10filesystem6statusERKNS_7__cxx114pathERSt10error_code(
    const std::filesystem::path& path, std::error_code& error);
std::filesystem::file_status __wrap__ZNSt10filesystem6statusERKNS_7__cxx114pathERSt10error_code(
    const std::filesystem::path& path, std::error_code& error) {
  if (!is_ours(path.c_str()))
    return __real__ZNSt10filesystem6statusERKNS_7__cxx114pathERSt10error_code(path, error);
  error.clear();
  return __wrap__ZNSt10filesystem6statusERKNS_7__cxx114pathE(path);
}

#pragma clang diagnostic pop
}

// NOLINTEND(bugprone-reserved-identifier)
