#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/bypass_journal.h"
#include "store/durable_file.h"
#include "store/latch.h"
#include "support/run.h"

namespace bb::store {

namespace {

LatchNote note(LatchKind kind, std::string who) {
  return {kind, std::move(who), "because", from_ms(1'760'000'000'000)};
}

}  // namespace

TEST_CASE("a latch holds for every process that looks, until somebody resumes") {
  const test::TempDir dir;
  const Latch latch(dir.path());
  CHECK(!latch.read());
  REQUIRE(latch.set(note(LatchKind::paused, "shell")));
  const auto seen = Latch(dir.path()).read();
  REQUIRE(seen);
  CHECK(seen->kind == LatchKind::paused);
  CHECK(seen->who == "shell");
  CHECK(seen->why == "because");
  CHECK(to_ms(seen->since) == 1'760'000'000'000);
  REQUIRE(latch.clear());
  CHECK(!latch.read());
  CHECK(latch.clear());
}

TEST_CASE("a halt replaces a pause, a pause never a halt, and who came first stays") {
  const test::TempDir dir;
  const Latch latch(dir.path());
  REQUIRE(latch.set(note(LatchKind::paused, "first")));
  REQUIRE(latch.set(note(LatchKind::paused, "second")));
  CHECK(latch.read()->who == "first");
  REQUIRE(latch.set(note(LatchKind::halted, "service")));
  REQUIRE(latch.set(note(LatchKind::paused, "third")));
  CHECK(latch.read()->kind == LatchKind::halted);
  CHECK(latch.read()->who == "service");
}

TEST_CASE("a latch that cannot be understood halts") {
  const test::TempDir dir;
  const Latch latch(dir.path());
  for (const char* text :
       {"", "paused", "paused\n1\nwho\n", "open\n1\na\nb\n", "paused\nx\na\nb\n"}) {
    CAPTURE(text);
    std::ofstream(latch.file(), std::ios::trunc) << text;
    REQUIRE(latch.read());
    CHECK(latch.read()->kind == LatchKind::halted);
  }
  std::filesystem::remove(latch.file());
  std::filesystem::create_directory(latch.file());
  REQUIRE(latch.read());
  CHECK(latch.read()->kind == LatchKind::halted);
}

TEST_CASE("a line break in who or why does not break the note") {
  const test::TempDir dir;
  const Latch latch(dir.path());
  REQUIRE(latch.set({LatchKind::paused, "a\nb", "c\r\nd", {}}));
  CHECK(latch.read()->who == "a b");
  CHECK(latch.read()->why == "c  d");
}

TEST_CASE("a resume ends what it saw, and nothing that was asked for since") {
  const test::TempDir dir;
  const Latch latch(dir.path());
  REQUIRE(latch.set(note(LatchKind::paused, "first")));
  const auto seen = latch.read();
  REQUIRE(latch.set(note(LatchKind::paused, "second")));
  CHECK(latch.read()->who == "first");
  CHECK(latch.read()->asked == 2);
  const auto refused = latch.clear(seen);
  REQUIRE(!refused);
  CHECK(refused.error().kind == ErrorKind::conflict);
  const auto again = latch.read();
  REQUIRE(latch.set(note(LatchKind::halted, "service")));
  CHECK(!latch.clear(again));
  CHECK(!latch.clear(std::nullopt));
  REQUIRE(latch.clear(latch.read()));
  CHECK(!latch.read());
}

TEST_CASE("a stop waits for nobody who was stopped while he wrote, a resume does") {
  const test::TempDir dir;
  const Latch latch(dir.path());
  const FolderLock other(dir.path());
  REQUIRE(other.held());
  REQUIRE(latch.set(note(LatchKind::paused, "shell")));
  REQUIRE(latch.read());
  CHECK(!latch.clear(latch.read()));
  CHECK(latch.read());
}

TEST_CASE("what root writes belongs to the owner of the folder") {
  if (::geteuid() != 0) return;
  const test::TempDir dir;
  constexpr uid_t kService = 65534;
  REQUIRE(::chown(dir.path().c_str(), kService, kService) == 0);
  REQUIRE(Latch(dir.path()).set(note(LatchKind::paused, "root")));
  REQUIRE(BypassJournal(dir.path()).append(BypassCommand{"0", "flatten", "root", {}}));
  for (const char* name : {"latch", "bypass.journal"}) {
    CAPTURE(name);
    struct stat status{};
    REQUIRE(::stat(dir.file(name).c_str(), &status) == 0);
    CHECK(status.st_uid == kService);
  }
}

}  // namespace bb::store
