#include "simulation/disk.h"

#include <algorithm>

#include "simulation/trace.h"

namespace bb::simulation {

namespace {

constexpr std::size_t kSector = 512;

std::string folder_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }

void put_into(std::string& data, const Inode::Write& write) {
  if (write.truncates) return data.resize(write.offset);
  if (data.size() < write.offset + write.bytes.size())
    data.resize(write.offset + write.bytes.size());
  std::ranges::copy(write.bytes, data.begin() + static_cast<std::ptrdiff_t>(write.offset));
}

// Some sectors of it.
void tear(std::string& data, const Inode::Write& write, std::uint64_t bits) {
  for (std::size_t at = 0, n = 0; at < write.bytes.size(); at += kSector, ++n)
    if (((bits >> (n % 64)) & 1U) != 0)
      put_into(data, {write.offset + at, write.bytes.substr(at, kSector), false});
}

}  // namespace

Disk*& current_disk() {
  static Disk* disk = nullptr;
  return disk;
}

Disk::Answer Disk::ask(Deed deed, const std::string& path) {
  if (is_void()) return Answer::failed;
  const Answer answer = hooks.before ? hooks.before(deed, path) : Answer::done;
  // A process may have died at this very point.
  return is_void() ? Answer::failed : answer;
}

void Disk::tell(Deed deed, const std::string& path) {
  if (hooks.after) hooks.after(deed, path);
}

Disk::File Disk::find(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : found->second;
}

Disk::File Disk::create(const std::string& path) {
  if (auto known = find(path)) return known;
  if (ask(Deed::create, path) != Answer::done) return nullptr;
  auto file = std::make_shared<Inode>();
  file->number = next_inode_++;
  names_[path] = file;
  tell(Deed::create, path);
  return file;
}

// Folders are made before anything of worth is in them; they are there at once, and for good.
void Disk::make_folders(const std::string& path) {
  for (auto at = path.find('/', kDiskRoot.size());; at = path.find('/', at + 1)) {
    const std::string folder = path.substr(0, at);
    auto& file = names_[folder];
    if (!file) {
      file = std::make_shared<Inode>();
      file->number = next_inode_++;
      file->is_folder = true;
      durable_[folder] = file;
    }
    if (at == std::string::npos) return;
  }
}

Disk::Answer Disk::write(Inode& inode, const std::string& path, std::size_t offset,
                         std::string_view bytes) {
  if (const Answer answer = ask(Deed::write, path); answer != Answer::done) return answer;
  ++writes_;
  trace_.fold(path, bytes);
  inode.unsynced.push_back({offset, std::string(bytes), false});
  put_into(inode.data, inode.unsynced.back());
  tell(Deed::write, path);
  return Answer::done;
}

Disk::Answer Disk::truncate(Inode& inode, const std::string& path, std::size_t size) {
  if (const Answer answer = ask(Deed::write, path); answer != Answer::done) return answer;
  if (inode.data.size() == size) return Answer::done;
  inode.unsynced.push_back({size, {}, true});
  put_into(inode.data, inode.unsynced.back());
  tell(Deed::write, path);
  return Answer::done;
}

Disk::Answer Disk::sync(Inode& inode, const std::string& path) {
  const Answer answer = ask(Deed::sync, path);
  if (is_void()) return Answer::failed;
  ++syncs_;
  trace_.fold("sync", path);
  if (answer == Answer::done)
    for (const auto& write : inode.unsynced)
      put_into(inode.durable, write);
  inode.unsynced.clear();
  if (answer == Answer::done) tell(Deed::sync, path);
  return answer;
}

Disk::Answer Disk::sync_folder(const std::string& path) {
  if (const Answer answer = ask(Deed::sync, path); answer != Answer::done) return answer;
  ++syncs_;
  const auto is_inside = [&](const auto& entry) { return folder_of(entry.first) == path; };
  std::erase_if(durable_, is_inside);
  for (const auto& entry : names_)
    if (is_inside(entry)) durable_.insert(entry);
  tell(Deed::sync, path);
  return Answer::done;
}

bool Disk::rename(const std::string& from, const std::string& to) {
  const auto found = names_.find(from);
  if (found == names_.end() || ask(Deed::rename, to) != Answer::done) return false;
  trace_.fold("rename", to);
  names_[to] = found->second;
  names_.erase(from);
  tell(Deed::rename, to);
  return true;
}

bool Disk::unlink(const std::string& path) {
  if (!names_.contains(path) || ask(Deed::unlink, path) != Answer::done) return false;
  trace_.fold("unlink", path);
  names_.erase(path);
  tell(Deed::unlink, path);
  return true;
}

int Disk::open(File file, std::string path) {
  const int handle = next_handle_++;
  open_[handle] = {std::move(file), std::move(path), 0, false, false, process_};
  return handle;
}

Disk::Open* Disk::opened(int handle) {
  const auto found = open_.find(handle);
  if (found == open_.end() || dead_.contains(found->second.process)) return nullptr;
  return &found->second;
}

bool Disk::is_open(const Inode& inode) const {
  return std::ranges::any_of(open_, [&](const auto& entry) {
    return entry.second.file.get() == &inode && !dead_.contains(entry.second.process);
  });
}

void Disk::let_go(int handle, Inode& inode) {
  if (inode.flock_owner == handle) inode.flock_owner = 0;
  inode.sql_locks.erase(handle);
  inode.shm.shared_locks.erase(handle);
  inode.shm.exclusive_locks.erase(handle);
}

void Disk::close(int handle) {
  const auto found = open_.find(handle);
  if (found == open_.end()) return;
  let_go(handle, *found->second.file);
  open_.erase(found);
}

void Disk::kill(int process) {
  dead_.insert(process);
  // What it has open stays in place: it may be in the middle of a call.
  for (const auto& [handle, open] : open_)
    if (open.process == process) let_go(handle, *open.file);
}

void Disk::lose_power(const std::function<std::uint64_t()>& draw) {
  // A name that is not on the device may have got there, or not.
  for (const auto& [path, file] : names_)
    if (!file->is_folder && !durable_.contains(path) && draw() % 2 == 0) durable_[path] = file;
  names_ = durable_;
  for (const auto& [path, file] : names_) {
    for (const auto& write : file->unsynced) {
      const std::uint64_t fate = draw();
      if (fate % 3 == 0) put_into(file->durable, write);
      if (fate % 3 == 1 && !write.truncates) tear(file->durable, write, fate >> 2U);
    }
    file->unsynced.clear();
    file->data = file->durable;
    file->shm = {};
    file->sql_locks.clear();
    file->flock_owner = 0;
  }
}

std::map<std::string, std::string> Disk::durable_image() const {
  std::map<std::string, std::string> image;
  for (const auto& [path, file] : durable_)
    if (!file->is_folder) image[path] = file->durable;
  return image;
}

std::size_t Disk::bytes() const {
  std::size_t sum = 0;
  for (const auto& [path, file] : names_)
    sum += file->data.size();
  return sum;
}

void Disk::each(const std::function<void(const std::string&, const Inode&)>& visit) const {
  for (const auto& [path, file] : names_)
    if (!file->is_folder) visit(path, *file);
}

}  // namespace bb::simulation
