"""Every rule of tools/tidy.py, once broken and once obeyed."""

import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools"))
import tidy  # noqa: E402

LISTS = {
    "src/base/CMakeLists.txt": "bb_module(base SOURCES clock.cpp random.cpp settings.cpp x.cpp)\n",
    "src/net/CMakeLists.txt": "bb_module(net SOURCES x.cpp DEPS base)\n",
    "src/domain/CMakeLists.txt": "bb_module(domain SOURCES x.cpp DEPS base)\n",
    "src/store/CMakeLists.txt": "bb_module(store SOURCES x.cpp DEPS domain PRIVATE_DEPS sql)\n",
    "src/binance/CMakeLists.txt":
        "bb_module(binance SOURCES x.cpp DEPS exchange PRIVATE_DEPS net LIBS fmt::fmt)\n",
    "src/trading/CMakeLists.txt": "bb_module(trading SOURCES x.cpp DEPS desk)\n",
    "src/app/CMakeLists.txt": "add_executable(bubble-buster x.cpp)\n",
    "tests/base/CMakeLists.txt": "bb_test(base SOURCES x_test.cpp DEPS base)\n",
}


def findings_of(files):
    """What tidy says of a small tree: the files named, and the lists of the modules."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**LISTS, **files}.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        return [str(finding) for finding in tidy.check_tree(root)]


class TidyCase(unittest.TestCase):
    def finds(self, path, text, start):
        found = findings_of({path: text})
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(start), found[0])
        self.assertIn("use ", found[0])

    def accepts(self, path, text):
        self.assertEqual(findings_of({path: text}), [])


class Layers(TidyCase):
    def test_a_module_may_include_itself_and_what_it_depends_on(self):
        self.accepts("src/domain/x.cpp", '#include "base/decimal.h"\n#include "domain/y.h"\n')

    def test_a_public_dependency_of_a_dependency_is_visible(self):
        self.accepts("src/store/x.cpp", '#include "base/clock.h"\n#include "sql/connection.h"\n')

    def test_an_include_outside_the_row_is_found(self):
        self.finds("src/trading/x.cpp", '\n#include "net/http.h"\n',
                   "src/trading/x.cpp:2: layers: trading does not see net")

    def test_a_private_dependency_is_not_handed_on(self):
        self.finds("src/trading/x.cpp", '#include "sql/connection.h"\n',
                   "src/trading/x.cpp:1: layers: trading does not see sql")

    def test_the_app_may_include_everything(self):
        self.accepts("src/app/x.cpp", '#include "binance/venue.h"\n#include "trading/entry.h"\n')

    def test_a_module_without_sources_yet_is_judged_by_the_house(self):
        found = findings_of({"src/desk/desk.h": '#include "net/http.h"\n',
                             "src/trading/x.cpp": '#include "desk/desk.h"\n'})
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith("src/desk/desk.h:1: layers: desk does not see net"))

    def test_a_list_that_breaks_the_table_is_found(self):
        self.finds("src/trading/CMakeLists.txt",
                   "bb_module(trading\n  SOURCES x.cpp\n  DEPS desk net)\n",
                   "src/trading/CMakeLists.txt:3: layers: trading may not use net")

    def test_a_private_row_does_not_become_public(self):
        self.finds("src/binance/CMakeLists.txt",
                   "bb_module(binance SOURCES x.cpp DEPS exchange net)\n",
                   "src/binance/CMakeLists.txt:1: layers: binance may not use net publicly")

    def test_a_room_that_the_house_does_not_have_is_found(self):
        self.finds("src/cellar/CMakeLists.txt", "bb_module(cellar SOURCES x.cpp)\n",
                   "src/cellar/CMakeLists.txt:1: layers: cellar is no room of the house")


class BannedNames(TidyCase):
    def banned(self, line, rule, home=None):
        self.finds("src/base/x.cpp", f"void f() {{\n  {line}\n}}\n", f"src/base/x.cpp:2: {rule}: ")
        self.accepts("src/base/x.cpp", f"void f() {{\n  {line}  // det-ok: a reason\n}}\n")
        self.accepts("src/base/x.cpp", f"void f() {{\n  // det-ok: a reason\n  {line}\n}}\n")
        self.accepts("src/base/x.cpp", f"// {line}\nconst char* s = \"{line}\";\n")
        if home:
            self.accepts(home, f"void f() {{\n  {line}\n}}\n")

    def test_clocks(self):
        self.banned("auto t = std::chrono::system_clock::now();", "clock", "src/base/clock.cpp")
        self.banned("auto t = std::chrono::steady_clock::now();", "clock", "src/base/clock.cpp")
        self.banned("asio::steady_timer timer(io);", "clock", "src/base/clock.cpp")
        self.banned("auto t = std::time(nullptr);", "clock")

    def test_randomness(self):
        self.banned("std::random_device device;", "random", "src/base/random.cpp")
        self.banned("std::mt19937_64 generator(1);", "random", "src/base/random.cpp")
        self.banned("int r = rand();", "random")
        self.banned("int r = std::rand() % 6;", "random")

    def test_threads(self):
        self.banned("std::thread worker(run);", "thread", "src/store/x.cpp")
        self.banned("std::jthread worker(run);", "thread", "src/store/x.cpp")
        self.banned("auto later = std::async(run);", "thread")

    def test_sleeping(self):
        self.banned("std::this_thread::sleep_for(1s);", "sleep")
        self.banned("usleep(10);", "sleep")
        self.banned("::sleep(1);", "sleep")
        self.accepts("src/base/x.cpp", "Task<void> f() { co_await sleep_for(clock, Millis(5)); }\n")
        self.accepts("src/base/x.cpp", "Task<void> World::sleep(Millis span);\n")

    def test_local_time(self):
        self.banned("localtime_r(&t, &parts);", "local time")

    def test_the_environment(self):
        self.banned('auto home = std::getenv("HOME");', "environment", "src/base/settings.cpp")

    def test_detached_coroutines(self):
        self.banned("co_spawn(io, run(), asio::detached);", "detached")

    def test_the_erased_handler_that_corrupts_the_heap(self):
        self.banned("asio::any_completion_handler<void()> handler;", "erased handler")

    def test_names_that_only_look_alike_are_accepted(self):
        self.accepts("src/base/x.cpp", "int operand(int);\nint b = operand(3);\nx.rand();\n")


class AwaitInChecks(TidyCase):
    def test_await_inside_a_check_is_found_where_it_stands(self):
        self.finds("tests/base/x_test.cpp", "void f() {\n  REQUIRE(\n      co_await g());\n}\n",
                   "tests/base/x_test.cpp:3: await in a check")
        self.finds("tests/base/x_test.cpp", "  CHECK_EQ((co_await g()), 3);\n",
                   "tests/base/x_test.cpp:1: await in a check")
        self.finds("src/base/x.cpp", '  BB_CHECK(co_await g(), "why");\n',
                   "src/base/x.cpp:1: await in a check")

    def test_await_before_the_check_is_accepted(self):
        self.accepts("tests/base/x_test.cpp", "  const bool ok = co_await g();\n  CHECK(ok);\n")


class HeavyHeaders(TidyCase):
    def test_a_heavy_header_in_a_header_is_found(self):
        for name in ("boost/beast/http.hpp", "boost/asio/ssl/stream.hpp", "simdjson.h",
                     "spdlog/spdlog.h", "sqlite3.h", "CLI/CLI.hpp", "nlohmann/json.hpp"):
            files = {"src/net/x.h": f"#include <{name}>\n", "src/net/x.cpp": '#include "net/x.h"\n'}
            found = findings_of(files)
            self.assertEqual(len(found), 1, found)
            self.assertTrue(found[0].startswith("src/net/x.h:1: heavy header: "), found[0])

    def test_in_a_source_it_is_accepted(self):
        self.accepts("src/net/x.cpp", "#include <boost/beast/http.hpp>\n")

    def test_awaitable_is_light(self):
        self.assertEqual(findings_of({
            "src/net/x.h": "#include <boost/asio/awaitable.hpp>\n",
            "src/net/x.cpp": '#include "net/x.h"\n'}), [])


class Lengths(TidyCase):
    def test_files(self):
        self.accepts("src/base/x.cpp", "int a;\n" * 400)
        self.finds("src/base/x.cpp", "int a;\n" * 401, "src/base/x.cpp:401: file length")
        self.accepts("tests/base/x_test.cpp", "int a;\n" * 600)
        self.finds("tests/base/x_test.cpp", "int a;\n" * 601,
                   "tests/base/x_test.cpp:601: file length")

    def test_headers(self):
        files = {"src/base/x.h": "int a;\n" * 201, "src/base/x.cpp": '#include "base/x.h"\n'}
        self.assertEqual(len(findings_of(files)), 1)
        files["src/base/x.h"] = "int a;\n" * 200
        self.assertEqual(findings_of(files), [])

    def test_a_table_may_be_long(self):
        self.accepts("src/base/x.cpp", "// det-ok: table of codes\n" + "int a;\n" * 500)

    def test_lines(self):
        self.accepts("src/base/x.cpp", "x" * 100 + "\n")
        self.finds("src/base/x.cpp", "\n" + "x" * 101 + "\n", "src/base/x.cpp:2: line length")
        self.accepts("src/base/x.cpp", "// " + "ä" * 97 + "\n")


class Words(TidyCase):
    def test_what_is_left_to_do_is_found(self):
        for word in ("TO" + "DO", "FIX" + "ME"):
            self.finds("src/base/x.cpp", f"// {word}: later\n", "src/base/x.cpp:1: left to do")

    def test_paths_of_one_machine_are_found(self):
        for path in ("/wo" + "rk/shared", "/ro" + "ot/x", "/tmp/w" + "t/tools"):
            self.finds("docs/page.md", f"See `{path}`.\n", "docs/page.md:1: machine path")
        self.accepts("docs/page.md", "See framework/root/x and /var/lib/bubble-buster.\n")

    def test_secrets_are_found(self):
        key = "aB3dE5gH" * 4 + "iJ7kL9mN" * 3 + "oP1qR3sT"
        for text in (f"api_key = {key}", "send_key = SCT12345T" + "a1B2c3D4" * 4,
                     "token = 1234567890:" + "AAb2c" * 7,
                     "-----BEGIN " + "PRIVATE KEY-----"):
            self.finds("config.ini", text + "\n", "config.ini:1: secret")

    def test_digests_are_no_secrets(self):
        self.accepts("src/base/x.cpp", '// "' + "0123456789abcdef" * 4 + '"\n')
        self.accepts("src/base/x.cpp", "// " + "A" * 64 + "\n")


class DeadFiles(TidyCase):
    def test_a_source_in_no_list_is_found(self):
        self.finds("src/base/forgotten.cpp", "int a;\n", "src/base/forgotten.cpp:1: dead file")
        self.finds("src/base/xx.cpp", "int a;\n", "src/base/xx.cpp:1: dead file")

    def test_a_source_that_an_outer_list_names_is_alive(self):
        self.assertEqual(findings_of({
            "tests/CMakeLists.txt": "add_library(s support/run.cpp)\n",
            "tests/support/run.cpp": "int a;\n"}), [])

    def test_a_header_that_nobody_includes_is_found(self):
        self.finds("src/base/lonely.h", "int a;\n", "src/base/lonely.h:1: dead file")


class CommandLine(unittest.TestCase):
    def run_tool(self, root):
        return subprocess.run([sys.executable, os.path.join(ROOT, "tools", "tidy.py"), root],
                              capture_output=True, text=True, check=False)

    def test_findings_are_printed_and_the_exit_code_is_one(self):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "src", "base"))
            with open(os.path.join(root, "src", "base", "x.cpp"), "w", encoding="utf-8") as file:
                file.write("int a;\n")
            done = self.run_tool(root)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"\Asrc/base/x\.cpp:1: dead file: .* use git rm instead\n\Z")

    def test_a_clean_tree_is_silent_and_the_exit_code_is_zero(self):
        with tempfile.TemporaryDirectory() as root:
            done = self.run_tool(root)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_files_that_git_ignores_are_not_read(self):
        with tempfile.TemporaryDirectory() as root:
            subprocess.run(["git", "init", "-q", root], check=True)
            os.makedirs(os.path.join(root, "src", "base"))
            for name, text in ((".gitignore", "ignored.cpp\n"), ("src/base/ignored.cpp", "int a;")):
                with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                    file.write(text)
            done = self.run_tool(root)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
