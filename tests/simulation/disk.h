// Disk: the file system of a simulated host, in memory, below everything that the program does with
// files: SQLite comes through a VFS of our own (vfs.cpp), all else through the wrapped calls of
// libc (posix.cpp). It knows what a device knows: what was synced, what was only written, and which
// names of a folder are on the device.
//
// A killed process loses nothing that it wrote. A host that loses power keeps what was synced; of
// each write since then a draw decides: all of it, none, or some of its sectors, in any order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bb::simulation {

class Trace;

/// Where the simulated file systems are; nothing else is ever simulated.
inline constexpr std::string_view kDiskRoot = "/sim/";

struct Inode {
  std::uint64_t number = 0;
  bool is_folder = false;
  std::string data;     // as every process of the host sees it
  std::string durable;  // as the device has it
  struct Write {
    std::size_t offset = 0;
    std::string bytes;
    bool truncates = false;  // to `offset`
  };
  std::vector<Write> unsynced;
  // Locks: an owner is an open file.
  int flock_owner = 0;
  std::map<int, int> sql_locks;  // level by open file
  struct Shared {
    std::vector<std::unique_ptr<char[]>> regions;
    std::map<int, std::uint32_t> shared_locks, exclusive_locks;  // bits by open file
  } shm;
};

class Disk {
 public:
  /// What the device does when a program acts on it.
  enum class Deed { write, sync, rename, unlink, create };
  enum class Answer { done, full, failed };
  /// Asked before each deed and told after it: faults and crash points hang here.
  struct Hooks {
    std::function<Answer(Deed, const std::string& path)> before;
    std::function<void(Deed, const std::string& path)> after;
  };

  explicit Disk(Trace& trace) : trace_(trace) {}
  Hooks hooks;

  using File = std::shared_ptr<Inode>;
  File find(const std::string& path) const;
  /// Nothing where the device refuses.
  File create(const std::string& path);
  void make_folders(const std::string& path);
  Answer write(Inode& inode, const std::string& path, std::size_t offset, std::string_view bytes);
  Answer truncate(Inode& inode, const std::string& path, std::size_t size);
  /// A failed sync forgets that the writes were to be synced: they are in memory, and nowhere else.
  Answer sync(Inode& inode, const std::string& path);
  Answer sync_folder(const std::string& path);
  bool rename(const std::string& from, const std::string& to);
  bool unlink(const std::string& path);

  // Open files: SQLite's and the descriptors of posix.cpp.
  struct Open {
    File file;
    std::string path;
    std::size_t position = 0;
    bool appends = false, syncs = false;
    int process = 0;
  };
  int open(File file, std::string path);
  Open* opened(int handle);
  void close(int handle);
  bool is_open(const Inode& inode) const;
  /// Who opens files now; 0 = nobody of the simulation.
  void act_as(int process) { process_ = process; }
  int process() const { return process_; }
  /// Nothing that it still does has an effect; its locks are gone.
  void kill(int process);
  bool is_dead(int process) const { return dead_.contains(process); }

  /// Power is lost: every process must be dead. `draw` gives 64 fresh bits.
  void lose_power(const std::function<std::uint64_t()>& draw);
  /// What the device would hold after a loss of power that keeps nothing unsynced.
  std::map<std::string, std::string> durable_image() const;

  std::uint64_t writes() const { return writes_; }
  std::uint64_t syncs() const { return syncs_; }
  std::size_t bytes() const;
  void each(const std::function<void(const std::string&, const Inode&)>& visit) const;

 private:
  Answer ask(Deed deed, const std::string& path);
  static void let_go(int handle, Inode& inode);
  void tell(Deed deed, const std::string& path);
  bool is_void() const { return dead_.contains(process_); }

  Trace& trace_;
  std::map<std::string, File> names_;    // as seen
  std::map<std::string, File> durable_;  // as on the device
  std::map<int, Open> open_;
  std::set<int> dead_;
  std::uint64_t next_inode_ = 1;
  int next_handle_ = 1'000'000;
  int process_ = 0;
  std::uint64_t writes_ = 0, syncs_ = 0;
};

/// The disk that the calls of this process go to; nothing outside of a simulation.
Disk*& current_disk();
/// Registers SQLite's way to it as the default one. Once.
void install_vfs();

}  // namespace bb::simulation
