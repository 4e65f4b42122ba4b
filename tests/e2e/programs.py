"""What the end-to-end tests share: the program, its paper exchange, configurations, waiting.

A test file is called as FILE PROGRAM [DATA]; BB_PROGRAM in the environment wins over PROGRAM.
"""

import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PROGRAM = os.environ.get("BB_PROGRAM", sys.argv[1] if len(sys.argv) > 1 else "")
DATA = sys.argv[2] if len(sys.argv) > 2 else "data"
TIMEOUT = 120


def clean_environment(more=None):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BUBBLE_BUSTER")}
    environment.update(more or {})
    return environment


def run(*arguments, cwd=None, env=None):
    """Runs a command to its end."""
    return subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd, env=clean_environment(env),
                          capture_output=True, text=True, timeout=TIMEOUT)


def start(*arguments):
    return subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def end(process):
    """SIGTERM; returns the exit code and the seconds it took."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    return process.returncode, time.monotonic() - begun


def wait_for(condition, seconds=30, pause=0.05):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(pause)
    return False


def config_text(url, key, secret, strategy="", runtime="", timeout=10):
    """A configuration without what belongs to one instance: lock, database, logs."""
    return f"""[binance]
api_key = {key}
api_secret = {secret}
base_url = {url}
timeout_sec = {timeout}
retry_count = 2
retry_delay_sec = 0.1
[strategy]
{strategy}
[runtime]
{runtime}
[notify]
enabled = false
"""


def write_private(path, text):
    path = pathlib.Path(path)
    path.write_text(text)
    path.chmod(0o600)
    return path


class PaperProcess:
    """A paper exchange with its journal open and its control at hand."""

    def __init__(self, accounts, *options, data=None):
        self.folder = tempfile.TemporaryDirectory(prefix="bb-paper-")
        self.token = secrets.token_hex(24)
        token_file = write_private(pathlib.Path(self.folder.name) / "token", self.token + "\n")
        flags = []
        for account in accounts:
            flags += ["--account", account]
        self.process = start("paper", "--port", 0, "--data", data or DATA, "--json",
                             "--expose-journal", "--control-port", 0, "--control-token-file",
                             token_file, *options, *flags)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the paper exchange did not start: " + self.process.stderr.read())
        announced = json.loads(line)
        self.url = announced["base_url"]
        self.control_url = f"http://127.0.0.1:{announced['control_port']}/control/"

    def control(self, path, **body):
        """A deed of the control; GET where no body is given."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(
            self.control_url + path, data=data,
            headers={"Authorization": "Bearer " + self.token})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {error.read().decode()}") from error

    def journal(self, start_at=0):
        url = f"{self.url}/paper/journal?from={start_at}&limit=100000"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return [json.loads(line) for line in answer.read().splitlines()]

    def close(self):
        try:
            return end(self.process)
        finally:
            self.folder.cleanup()
