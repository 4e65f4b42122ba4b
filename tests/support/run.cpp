#include "support/run.h"

#include <filesystem>
#include <stdexcept>

namespace bb::test {

TimePoint some_day() { return from_ms(1760054400000); }

void run_sim(const SimBody& body, TimePoint start) {
  SimLoop loop(start);
  run_to_end(loop.clock, loop.io, body(loop));
}

void run_real(const RealBody& body) {
  RealLoop loop;
  run_to_end(loop.io, body(loop));
}

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "bb-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace bb::test
