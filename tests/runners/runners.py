"""What the tests of strategy processes share: the program, real runners of the test's own, waiting.

A test file is called as FILE PROGRAM; BB_PROGRAM in the environment wins over PROGRAM. What a test
needs and the machine cannot give is a failure where CI=true, and a skip with its reason elsewhere.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = os.environ.get("BB_PROGRAM", sys.argv[1] if len(sys.argv) > 1 else "")
HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 120
# Stands in the environment of every process of these tests, and must be seen nowhere.
CANARY = "canary-5f0c1d"

EXIT_FAILED, EXIT_USAGE, EXIT_PARTIAL, EXIT_UNREACHABLE, EXIT_CONFIGURATION = 1, 2, 3, 5, 78


def needs(condition, what):
    """Ends the test that needs something this machine lacks."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        raise AssertionError(f"this machine cannot run the test: {what}")
    raise unittest.SkipTest(what)


def environment(**more):
    keep = {k: os.environ[k] for k in ("PATH", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS")
            if k in os.environ}
    return {**keep, **more}


class Answer:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        if CANARY in self.out or CANARY in self.err:
            raise AssertionError("an environment variable of a strategy was shown: " + self.out)

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


class Shell:
    """`bubble-buster strategies` with one configuration and environment."""

    def __init__(self, folder, config="", **env):
        self.folder = pathlib.Path(folder)
        self.env = env
        self.prefix = []
        self.config = []
        if config:
            path = self.folder / f"config-{time.monotonic_ns()}.ini"
            path.write_text(config)
            path.chmod(0o600)
            self.config = ["--config", str(path)]

    def __call__(self, *arguments):
        command = [*self.prefix, PROGRAM, *self.config, "strategies", "--json", *arguments]
        return Answer(subprocess.run(command, cwd=self.folder, env=environment(**self.env),
                                     capture_output=True, text=True, timeout=TIMEOUT))

    def rows(self, *arguments):
        return {row["name"]: row for row in self("list", *arguments).json["strategies"]}

    def result(self, *arguments):
        answer = self(*arguments)
        results = answer.json["results"]
        assert len(results) == 1, answer
        return answer.code, results[0]


class Watcher:
    """`bubble-buster strategies watch`, and what it told since the last question."""

    def __init__(self, shell):
        self.told = []
        self.seen = 0
        self.process = subprocess.Popen(
            [*shell.prefix, PROGRAM, *shell.config, "strategies", "--json", "watch"],
            cwd=shell.folder, env=environment(**shell.env), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        time.sleep(2)  # the first look tells nothing, so nothing says that it is over

    def read(self):
        for line in self.process.stdout:
            self.told.append(json.loads(line))

    def hears(self, kind, word, seconds=30):
        """The text of the next alert of that kind about that word."""
        def found():
            for i in range(self.seen, len(self.told)):
                if self.told[i]["kind"] == kind and word in self.told[i]["text"]:
                    self.seen = i + 1
                    return self.told[i]["text"]
            return None
        try:
            return wait_for(found, f"{kind} of {word}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; told: {self.told}") from None

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        assert code == 0, code
        assert CANARY not in json.dumps(self.told), self.told


def wait_for(condition, what, seconds=30, pause=0.05):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        value = condition()
        if value:
            return value
        time.sleep(pause)
    raise AssertionError(f"waited {seconds} s for {what}")


def kill(process):
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def scratch():
    """A folder that others may look into; short, for the paths of sockets."""
    folder = tempfile.mkdtemp(prefix="bbr")
    os.chmod(folder, 0o755)
    return pathlib.Path(folder)


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)


# What a word must not be able to do, whatever it means to a shell, an option parser, PM2, Docker or
# systemd.
HOSTILE = ["", " ", "all", "ALL", "/.*/", "/live/", "*", "live-*", "--all", "-rf", "-h", "--help",
           "; reboot", "$(reboot)", "`reboot`", "a && b", "a|b", "../../etc/passwd", "live-1\n",
           "live-1\t", " live-1", "live-1 ", "LIVE-1", "live-1;", "live-1,live-2", "[live-1]",
           "[live-1,live-2]", "live\u20101", "l\u0456ve-1", "live-1\u200b", "\u202elive-1",
           "live-1\x1b[0m", "%6cive-1", "live-1?force=1", "live-1/../live-2", "0x0", "-1", "1e0",
           "namespace:live", "label:app", "pm2:", ":live-1", "'live-1'", '"live-1"', "x" * 5000]
