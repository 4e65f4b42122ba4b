"""Every command line of README and handbook: carried out here, or named below with the reason.

Usage: documents_test.py PROGRAM DATA
"""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from programs import PROGRAM, PaperProcess, clean_environment, config_text  # noqa: E402
from programs import run, write_private  # noqa: E402
from upkeep_test import python_state  # noqa: E402

DOCUMENTS = ("README.md", "docs/handbook.md")
PAIRS = (("docs/handbook.md", "docs/handbook.zh.md"),)
# A line that begins so is not carried out here; who does it, or why nobody can.
ELSEWHERE = {
    "make demo": "the whole build and 19 s of demo: e2e's driver_test.py plays one",
    "make test": "the test that this is a part of",
    "tools/package.sh": "package_test.sh",
    "apt install ./": "package_test.sh",
    "sudo -u bubble-buster": "package_test.sh, as that user",
    "systemctl ": "needs systemd as the first process; files_test.py reads the units",
    "docker ": "container_test.sh",
    "bubble-buster init": "upkeep_test.py types the answers at a terminal",
    "bubble-buster paper": "every test here stands on one; a port of its own is taken instead",
}


def lines_of(document):
    """Command lines of the fenced blocks, without comments."""
    found = []
    for kind, block in re.findall(r"```(\w*)\n(.*?)```", (ROOT / document).read_text(), re.S):
        if kind not in ("", "sh"):
            continue
        for line in block.splitlines():
            line = line.split("  #")[0].strip()
            if re.match(r"(bubble-buster|make|tools/|apt|sudo|systemctl|docker)\b", line):
                found.append(line)
    return found


def mentions_of(document):
    """Commands in running text: they must be ones that the program knows."""
    text = re.sub(r"```.*?```", "", (ROOT / document).read_text(), flags=re.S)
    return re.findall(r"`(?:build/)?bubble-buster ([^`]*)`", text.replace("\n", " "))


class TestDocuments(unittest.TestCase):
    def test_the_lines_work(self):
        with tempfile.TemporaryDirectory(prefix="bb-documents-") as name:
            folder = pathlib.Path(name)
            paper = PaperProcess(["paper:key-1:secret-1:10000"])
            self.addCleanup(paper.close)
            old = folder / "old"
            old.mkdir()
            text = config_text(paper.url, "key-1", "secret-1")
            write_private(old / "config.ini", text)
            python_state(old / "state.db")
            write_private(folder / "config.ini", text)
            env = {"HOME": name, "XDG_STATE_HOME": name + "/state"}
            self.assertEqual(run("manage", cwd=folder, env=env).returncode, 0)
            carried_out = 0
            for document in DOCUMENTS:
                for line in lines_of(document):
                    if any(line.startswith(known) for known in ELSEWHERE):
                        continue
                    words = shlex.split(line.replace("/opt/bubble_buster", str(old))
                                        .replace("/etc/bubble-buster/config.ini",
                                                 str(folder / "new.ini")))
                    self.assertEqual(words[0], "bubble-buster", f"{document}: {line}")
                    with self.subTest(line):
                        done = run(*words[1:], cwd=folder, env=env)
                        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                        carried_out += 1
            self.assertGreaterEqual(carried_out, 5)

    def test_every_command_in_the_text_is_one(self):
        helps = {}
        for document in DOCUMENTS:
            for mention in mentions_of(document):
                words = [word.strip("[]") for word in mention.split()]
                with self.subTest(f"{document}: {mention}"):
                    name = next((w for w in words if not w.startswith("-")), "")
                    arguments = [name, "--help"] if re.fullmatch(r"[a-z-]+", name) else ["--help"]
                    key = " ".join(arguments)
                    if key not in helps:
                        helps[key] = run(*arguments)
                    self.assertEqual(helps[key].returncode, 0, helps[key].stderr)
                    if "--help" not in helps:
                        helps["--help"] = run("--help")
                    known = helps[key].stdout + helps["--help"].stdout
                    for word in words:
                        if word.startswith("--"):
                            self.assertIn(word, known)

    def test_reasons_are_still_needed(self):
        lines = [line for document in DOCUMENTS for line in lines_of(document)]
        for known in ELSEWHERE:
            if known.startswith("sudo"):
                continue
            self.assertTrue(any(line.startswith(known) for line in lines), known)

    def test_both_languages_name_the_same_lines(self):
        for english, chinese in PAIRS:
            self.assertEqual(lines_of(english), lines_of(chinese))

    def test_the_compose_file_is_read_by_its_own_tool(self):
        compose = ["docker", "compose", "-f", str(ROOT / "deploy/docker/compose.yml"), "config",
                   "--quiet"]
        try:
            done = subprocess.run(compose, capture_output=True, text=True, timeout=60,
                                  env=clean_environment())
        except FileNotFoundError:
            self.skipTest("docker is not installed")
        if "is not a docker command" in done.stderr or "unknown shorthand flag" in done.stderr:
            self.skipTest("docker compose is not installed (Debian 12 has no v2)")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
