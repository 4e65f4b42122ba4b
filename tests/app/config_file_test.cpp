#include "app/config_file.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/run.h"

namespace bb::app {
namespace {

constexpr const char* kFile =
    "# mine\r\n[strategy]\r\ntop_n = 3\r\n\r\n[runtime]\r\n; why I did this\r\n"
    "Entry_Catchup_Enabled : yes\r\ndb_path = a.db\r\n";

TEST_CASE("config file: one line changes, comments, order and line ends stay") {
  CHECK(with_setting(kFile, "runtime", "entry_catchup_enabled", "false") ==
        "# mine\r\n[strategy]\r\ntop_n = 3\r\n\r\n[runtime]\r\n; why I did this\r\n"
        "entry_catchup_enabled = false\r\ndb_path = a.db\r\n");
}

TEST_CASE("config file: a key that is not there comes into its section, or into a new one") {
  CHECK(with_setting("[a]\nx = 1\n[runtime]\n# entry_catchup_enabled = true\n", "runtime",
                     "entry_catchup_enabled", "false") ==
        "[a]\nx = 1\n[runtime]\nentry_catchup_enabled = false\n# entry_catchup_enabled = true\n");
  CHECK(with_setting("[runtime]", "runtime", "k", "1") == "[runtime]\nk = 1\n");
  CHECK(with_setting("[a]\nx = 1", "runtime", "k", "1") == "[a]\nx = 1\n\n[runtime]\nk = 1\n");
  CHECK(with_setting("[a]\nk = 0\n[runtime]\n", "runtime", "k", "1") ==
        "[a]\nk = 0\n[runtime]\nk = 1\n");
}

TEST_CASE("config file: the file keeps its permissions, a link stays a link") {
  namespace fs = std::filesystem;
  const test::TempDir folder;
  const std::string file = folder.file("config.ini"), link = folder.file("link.ini");
  std::ofstream(file) << kFile;
  fs::permissions(file, fs::perms(0640));
  fs::create_symlink(file, link);
  REQUIRE(write_setting(link, "runtime", "entry_catchup_enabled", "false").has_value());
  CHECK(fs::is_symlink(link));
  CHECK(fs::status(file).permissions() == fs::perms(0640));
  CHECK(read_setting(file, "runtime", "entry_catchup_enabled") == "false");
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  CHECK(text.str().find("; why I did this") != std::string::npos);
  CHECK_FALSE(write_setting(folder.file("none.ini"), "runtime", "k", "1").has_value());
}

}  // namespace
}  // namespace bb::app
