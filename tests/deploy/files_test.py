"""What the package ships, by the tools that will read it: units, timers, completion, man page.

Usage: files_test.py PROGRAM
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parent.parent.parent
PROGRAM = os.environ.get("BB_PROGRAM", sys.argv[1])
UNITS = ROOT / "deploy" / "systemd"
WORST = 2.0  # of systemd's own exposure score


def commands():
    text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    listed = text.split("Subcommands:")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z][a-z-]*) ", listed, re.M)


class TestUnits(unittest.TestCase):
    def setUp(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        holder = tempfile.TemporaryDirectory(prefix="bb-units-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        for unit in UNITS.iterdir():
            # verify wants the program to be there, and knows no manual page of ours.
            text = unit.read_text().replace("/usr/bin/bubble-buster", "/bin/true")
            text = re.sub(r"^Documentation=.*\n", "", text, flags=re.M)
            (self.folder / unit.name).write_text(text)

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True,
                              text=True, timeout=120)

    def test_exposure_is_low(self):
        services = sorted(self.folder.glob("*.service"))
        self.assertGreaterEqual(len(services), 6)
        for unit in services:
            with self.subTest(unit.name):
                done = self.analyze("security", "--offline=true", unit)
                level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
                self.assertTrue(level, done.stdout + done.stderr)
                self.assertLessEqual(float(level.group(1)), WORST)

    def test_every_line_is_understood(self):
        for unit in sorted(self.folder.iterdir()):
            name = unit.name.replace("@.", "@b.")
            with self.subTest(name):
                done = self.analyze("verify", self.folder / name)
                said = [line for line in (done.stdout + done.stderr).splitlines()
                        if "bubble_buster" in line]
                self.assertEqual(said, [])

    def test_the_loss_cut_is_timed_in_its_own_zone(self):
        text = (UNITS / "bubble_buster_loss_cut@.timer").read_text()
        when = re.search(r"^OnCalendar=(.*)$", text, re.M).group(1)
        self.assertTrue(when.endswith(" Asia/Shanghai"))
        done = self.analyze("calendar", "--base-time=2025-10-10 00:00:00 UTC", when)
        self.assertIn("03:55:00 UTC", done.stdout)

    def test_the_page_never_runs_a_second_service(self):
        text = (UNITS / "bubble_buster_dashboard.service").read_text()
        self.assertIn("\nEnvironment=BUBBLE_BUSTER_RUNTIME_RUN_SERVICE_WITH_DASHBOARD=false\n",
                      text)

    def test_every_unit_calls_a_command_that_there_is(self):
        known = commands()
        for unit in UNITS.glob("*.service"):
            words = re.search(r"^ExecStart=(.*)$", unit.read_text(), re.M).group(1).split()
            self.assertEqual(words[0], "/usr/bin/bubble-buster")
            self.assertIn(words[1], known)
            options = [word for word in words if word.startswith("--")]
            shown = subprocess.run([PROGRAM, words[1], "--help"], capture_output=True, text=True)
            top = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True)
            for option in options:
                self.assertIn(option, shown.stdout + top.stdout)


class TestParts(unittest.TestCase):
    def test_the_bill_of_materials_names_what_is_linked_and_what_the_page_carries(self):
        if not shutil.which("dpkg-query"):
            self.skipTest("not a Debian host")
        made = subprocess.run([ROOT / "tools" / "sbom.py", PROGRAM,
                               ROOT / "web" / "package-lock.json"],
                              capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        bill = json.loads(made.stdout)
        names = {part["name"] for part in bill["components"]}
        for expected in ("libssl3", "libsqlite3-0", "preact", "lightweight-charts"):
            self.assertIn(expected, {name.lower() for name in names})
        self.assertEqual(len({part["purl"] for part in bill["components"]}),
                         len(bill["components"]))

    def test_the_version_says_the_build(self):
        said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout
        self.assertRegex(said, r"^bubble-buster \d+\.\d+\.\d+ \(build [0-9a-f]{7,}\)\n$")


class TestManual(unittest.TestCase):
    def test_every_command_stands_in_it(self):
        text = (ROOT / "deploy" / "bubble-buster.1").read_text()
        bold = {word for line in re.findall(r"^\.BR? (.*)$", text, re.M)
                for word in re.findall(r"[a-z][a-z-]*", line)}
        for command in commands():
            self.assertIn(command, bold)


class TestCompletion(unittest.TestCase):
    def complete(self, *words):
        script = f"""
        PATH={pathlib.Path(PROGRAM).resolve().parent}:$PATH
        . {ROOT}/deploy/bubble-buster.bash-completion
        COMP_WORDS=({' '.join(map(repr, words))}) COMP_CWORD={len(words) - 1}
        _bubble_buster
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        return subprocess.run(["bash", "-c", script], capture_output=True, text=True,
                              check=True).stdout.split()

    def test_commands_and_options_are_the_programs(self):
        self.assertEqual(sorted(self.complete("bubble-buster", "")), sorted(commands()))
        self.assertEqual(self.complete("bubble-buster", "flat"), ["flatten"])
        self.assertIn("--percent", self.complete("bubble-buster", "flatten", "--"))
        self.assertIn("--apply", self.complete("bubble-buster", "import", "--a"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
