"""Strategies as containers of a real Docker engine, and as services of a one-node Swarm.

Usage: docker_test.py PROGRAM

The engine is Debian's docker.io, started by the test with folders and sockets of its own, without
any network of its own making; the image is a static busybox. That needs root, mounts and cgroups.
"""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import unittest
from urllib.parse import quote

from phone import Phone, journey
from runners import (CANARY, EXIT_CONFIGURATION, EXIT_FAILED, EXIT_UNREACHABLE, EXIT_USAGE,
                     HOSTILE, Shell, Watcher, kill, needs, remove, scratch, wait_for)

IMAGE = "localhost/tick:latest"
TICK = ("trap 'exit 0' TERM; echo 'tick token: hush-hush-hush';"
        " while :; do sleep 0.2; done")
LABELS = {"app": "strategy"}


class UnixHttp(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("docker", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)  # close() of the connection closes it, connected or not


def certificates(folder):
    """A CA, and a certificate each for the server and the client, as DOCKER_CERT_PATH has them."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca-key.pem", "-out",
            "ca.pem", "-days", "2", "-subj", "/CN=test")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name, key in (("server", "server-key.pem"), ("cert", "key.pem")):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", "request.pem",
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
                "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "names")


def free_port():
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return any_socket.getsockname()[1]


class Engine:
    def __init__(self, folder):
        needs(os.geteuid() == 0, "a Docker engine needs root")
        for program in ("dockerd", "containerd", "runc", "busybox", "openssl"):
            needs(shutil.which(program),
                  f"{program} is missing: tools/install_packages.sh runners installs it")
        self.folder = folder
        self.socket = folder / "d.sock"
        self.port = free_port()
        self.log = open(folder / "dockerd.log", "wb")
        self.process = None
        certificates(folder)
        self.run()
        self.import_image()

    def run(self):
        tls = ["--tlsverify", "--tlscacert", self.folder / "ca.pem",
               "--tlscert", self.folder / "server.pem", "--tlskey", self.folder / "server-key.pem"]
        self.process = subprocess.Popen(
            ["dockerd", "-H", f"unix://{self.socket}", "-H", f"tcp://127.0.0.1:{self.port}",
             *map(str, tls), "--data-root", self.folder / "data", "--exec-root",
             self.folder / "exec", "--pidfile", self.folder / "dockerd.pid",
             "--storage-driver=vfs", "--iptables=false", "--ip6tables=false", "--bridge=none"],
            stdout=self.log, stderr=self.log)
        try:
            wait_for(lambda: self.process.poll() is not None or self.answers(), "the engine", 60)
            failed = self.process.poll() is not None
        except AssertionError:
            failed = True
        if failed:
            tail = (self.folder / "dockerd.log").read_bytes()[-1500:].decode(errors="replace")
            kill(self.process)
            needs(False, "dockerd does not start here; it needs root, mounts, cgroups and "
                         "/proc/sys/net:\n" + tail)

    def answers(self):
        try:
            return self.call("GET", "/_ping")[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None, kind="application/json"):
        connection = UnixHttp(self.socket)
        try:
            return self.ask(connection, method, path, body, kind)
        finally:
            connection.close()

    @staticmethod
    def ask(connection, method, path, body, kind):
        if body is not None and kind == "application/json":
            body = json.dumps(body)
        connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
        answer = connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if data[:1] in (b"{", b"[") else data

    def import_image(self):
        root = self.folder / "rootfs"
        for name in ("bin", "etc", "tmp"):
            (root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), root / "bin/busybox")
        for name in subprocess.run(["busybox", "--list"], capture_output=True, text=True,
                                   check=True).stdout.split():
            if name != "busybox":
                (root / "bin" / name).symlink_to("/bin/busybox")
        (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
        archive = self.folder / "rootfs.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(root, arcname=".")
        repository, tag = IMAGE.rsplit(":", 1)
        status, answer = self.call(
            "POST", f"/images/create?fromSrc=-&repo={repository}&tag={tag}",
            archive.read_bytes(), "application/x-tar")
        assert status == 200, answer

    def create(self, name, command=TICK, labels=LABELS, **more):
        host = {"NetworkMode": "none", "RestartPolicy": {"Name": "no"}, **more.pop("host", {})}
        status, answer = self.call("POST", f"/containers/create?name={name}", {
            "Image": IMAGE, "Cmd": ["/bin/sh", "-c", command], "Labels": labels,
            "Env": [f"STRATEGY_KEY={CANARY}"], "HostConfig": host, **more})
        assert status == 201, answer
        return answer["Id"]

    def start(self, name, *arguments, **more):
        ident = self.create(name, *arguments, **more)
        status, answer = self.call("POST", f"/containers/{name}/start")
        assert status == 204, answer
        return ident

    def state(self, name):
        return self.call("GET", f"/containers/{name}/json")[1]["State"]

    def pids(self):
        return {each["Names"][0]: self.state(each["Id"])["Pid"]
                for each in self.call("GET", "/containers/json?all=1")[1]}

    def end(self):
        if self.answers():
            self.call("POST", "/swarm/leave?force=1")
            for each in self.call("GET", "/containers/json?all=1")[1]:
                self.call("DELETE", f"/containers/{each['Id']}?force=1")
        kill(self.process)
        self.log.close()
        for point in ("netns/default",):
            subprocess.run(["umount", self.folder / "exec" / point], capture_output=True)
        subprocess.run(["ip", "link", "del", "docker_gwbridge"], capture_output=True)
        remove(self.folder)


class Docker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch()
        try:
            cls.engine = Engine(cls.folder)
        except BaseException:
            remove(cls.folder)
            raise
        cls.engine.start("live-1")
        cls.engine.start("live-2")
        cls.engine.start("other", labels={})
        cls.shell = cls.shell_of("label:app=strategy")

    @classmethod
    def tearDownClass(cls):
        cls.engine.end()

    @classmethod
    def shell_of(cls, strategies, **env):
        return Shell(cls.folder, **{"CTRL_MODE": "docker", "STRATEGIES": strategies,
                                    "DOCKER_HOST": f"unix://{cls.engine.socket}", **env})

    def test_a_stop_a_start_and_a_restart_answer_with_what_is(self):
        rows = self.shell.rows()
        self.assertTrue({"live-1", "live-2", "other"} <= set(rows))
        self.assertFalse(rows["other"]["touchable"])
        process = rows["live-2"]["processes"][0]
        self.assertEqual(64, len(process["id"]))
        self.assertGreater(process["memory_bytes"], 0)
        code, result = self.shell.result("stop", "live-1")
        self.assertEqual((0, "done", 0), (code, result["verdict"], result["now"]["exit_code"]))
        self.assertFalse(self.engine.state("live-1")["Running"])
        self.assertEqual("already", self.shell.result("stop", "live-1")[1]["verdict"])
        code, result = self.shell.result("start", "live-1")
        self.assertEqual((0, "done", "running"), (code, result["verdict"], result["now"]["state"]))
        before = self.engine.state("live-1")["Pid"]
        self.assertEqual("already", self.shell.result("start", "live-1")[1]["verdict"])
        code, result = self.shell.result("restart", "live-1")
        self.assertEqual((0, "done"), (code, result["verdict"]))
        self.assertEqual(result["now"]["pid"], self.engine.state("live-1")["Pid"])
        self.assertNotEqual(before, result["now"]["pid"])

    def test_a_strategy_that_dies_at_once_is_not_called_started(self):
        self.engine.create("dies", "echo dying; exit 3")
        code, result = self.shell.result("start", "dies")
        self.assertEqual((EXIT_FAILED, "not_reached"), (code, result["verdict"]), result)
        self.assertIn("code 3", result["text"])
        self.assertEqual("failed", self.shell.rows()["dies"]["state"])

    def test_a_crash_loop_is_seen_and_can_be_stopped(self):
        self.engine.start("loops", "exit 4", host={"RestartPolicy": {"Name": "always"}})
        wait_for(lambda: self.engine.call("GET", "/containers/loops/json")[1]["RestartCount"] > 1,
                 "restarts")
        seen = wait_for(lambda: self.shell.rows()["loops"]["state"] == "restarting", "the pause")
        self.assertTrue(seen)
        self.assertGreater(self.shell.rows()["loops"]["processes"][0]["restarts"], 1)
        code, result = self.shell.result("stop", "loops")
        self.assertEqual((0, "done"), (code, result["verdict"]), result)
        time.sleep(1)
        self.assertFalse(self.engine.state("loops")["Running"])

    def test_health_is_told(self):
        check = {"Test": ["CMD-SHELL", "exit 1"], "Interval": 10 ** 9, "Retries": 1,
                 "Timeout": 10 ** 9}
        self.engine.start("sick", Healthcheck=check)
        wait_for(lambda: self.shell.rows()["sick"]["processes"][0]["health"] == "unhealthy",
                 "the health check")

    def test_a_process_that_ignores_the_signal_is_down_when_that_is_said(self):
        self.engine.start("stubborn", "trap '' TERM; while :; do sleep 1; done")
        config = f"""[supervise]
ctrl_mode = docker
[runner.docker]
kind = docker
address = unix://{self.engine.socket}
[process.stubborn]
grace_sec = 1
"""
        code, result = Shell(self.folder, config).result("stop", "stubborn")
        self.assertEqual((0, "done", 137), (code, result["verdict"], result["now"]["exit_code"]))

    def test_what_the_engine_refuses_is_told_in_its_words(self):
        self.engine.create("broken", Cmd=["/no/such/program"])
        code, result = self.shell.result("start", "broken")
        self.assertEqual((EXIT_FAILED, "refused"), (code, result["verdict"]), result)
        self.assertIn("Docker refuses", result["text"])

    def test_logs_are_shown_without_secrets_with_and_without_a_terminal(self):
        self.engine.start("terminal", Tty=True)
        for name in ("live-2", "terminal"):
            answer = self.shell("logs", name, "--lines", "1")
            self.assertEqual(0, answer.code, answer)
            self.assertEqual("tick token: ***\n", answer.json["log"])

    def test_no_word_reaches_what_it_does_not_name(self):
        before = self.engine.pids()
        full = self.engine.call("GET", "/containers/live-1/json")[1]["Id"]
        for word in [*HOSTILE, full[:4], full[:11], full.upper(), "/live-1"]:
            answer = self.shell("stop", "--", word)
            self.assertNotEqual(0, answer.code, (word, answer.out))
        still = self.engine.pids()
        self.assertEqual({k: before[k] for k in ("/live-1", "/live-2", "/other")},
                         {k: still[k] for k in ("/live-1", "/live-2", "/other")})
        code, result = self.shell.result("stop", "other")
        self.assertEqual((EXIT_USAGE, "refused"), (code, result["verdict"]))
        self.assertEqual(0, self.shell("restart", full[:12]).code)

    def test_another_host_is_reached_with_a_certificate_and_not_without(self):
        env = {"DOCKER_HOST": f"tcp://127.0.0.1:{self.engine.port}", "DOCKER_TLS_VERIFY": "1",
               "DOCKER_CERT_PATH": str(self.folder)}
        shell = self.shell_of("live-2", **env)
        self.assertEqual("running", shell.rows()["live-2"]["state"])
        self.assertEqual(0, shell("restart", "live-2").code)
        plain = self.shell_of("live-2", **{**env, "DOCKER_TLS_VERIFY": ""})
        self.assertNotEqual(0, plain("list").code)
        stranger = self.folder / "stranger"
        stranger.mkdir()
        certificates(stranger)
        shutil.copy(self.folder / "ca.pem", stranger / "ca.pem")
        answer = self.shell_of("live-2", **{**env, "DOCKER_CERT_PATH": str(stranger)})("list")
        self.assertNotEqual(0, answer.code, answer)

    def test_the_watch_tells_what_changes_and_tries_what_it_may(self):
        config = f"""[supervise]
sample_ms = 500
[runner.here]
kind = docker
address = unix://{self.engine.socket}
strategies = night
[process.fragile]
runner = here
restart_attempts = 1
"""
        self.engine.start("night", host={"RestartPolicy": {"Name": "always"}})
        self.engine.start("fragile", "trap 'exit 3' USR1; while :; do sleep 0.2; done")
        watcher = Watcher(Shell(self.folder, config))
        try:
            os.kill(self.engine.state("night")["Pid"], signal.SIGKILL)
            watcher.hears("crashed", "night")
            self.engine.call("POST", "/containers/night/kill?signal=SIGKILL")
            watcher.hears("stopped", "night")
            self.engine.call("POST", "/containers/night/start")
            watcher.hears("recovered", "night")
            self.engine.call("POST", "/containers/fragile/kill?signal=SIGUSR1")
            self.assertIn("code 3", watcher.hears("failed", "fragile"))
            watcher.hears("restarted", "fragile")
            self.engine.call("DELETE", "/containers/night?force=1")
            watcher.hears("vanished", "night")
        finally:
            watcher.end()

    def test_a_user_without_rights_is_told_so(self):
        needs(shutil.which("setpriv"), "setpriv")
        shell = self.shell_of("live-1")
        shell.prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        answer = shell("list")
        self.assertEqual(EXIT_CONFIGURATION, answer.code, answer)
        self.assertIn("socket proxy", answer.json["troubles"][0]["error"])

    def test_from_telegram_and_an_engine_that_hangs_delays_nothing_else_there(self):
        self.engine.start("phoned")
        phone = Phone(self.folder, CTRL_MODE="Docker", STRATEGIES="phoned",
                      DOCKER_HOST=f"unix://{self.engine.socket}",
                      BUBBLE_BUSTER_SUPERVISE_SAMPLE_MS="500")
        try:
            journey(self, phone, "phoned", "other",
                    lambda: self.engine.state("phoned")["Running"])
            self.engine.process.send_signal(signal.SIGSTOP)
            try:
                phone.hears("runner does not answer")
                begun = time.monotonic()
                for _ in range(5):
                    phone.type("/version", "Bubble Buster")
                self.assertLess(time.monotonic() - begun, 1.5)
                phone.type("/stop_strategy phoned", "could not be asked")
            finally:
                self.engine.process.send_signal(signal.SIGCONT)
            phone.hears("reached again")
            self.assertTrue(self.engine.state("phoned")["Running"])
        finally:
            phone.end()

    def test_an_engine_that_stopped_is_a_clear_message(self):
        shell = self.shell_of("live-1", DOCKER_HOST=f"unix://{self.folder}/nobody.sock")
        begun = time.monotonic()
        answer = shell("stop", "live-1")
        self.assertLess(time.monotonic() - begun, 3)
        self.assertEqual(EXIT_UNREACHABLE, answer.code, answer)
        self.assertIn("does not answer", answer.json["results"][0]["text"])


class Swarm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch()
        try:
            cls.engine = Engine(cls.folder)
        except BaseException:
            remove(cls.folder)
            raise
        port = free_port()
        status, answer = cls.engine.call("POST", "/swarm/init", {
            "ListenAddr": f"127.0.0.1:{port}", "AdvertiseAddr": f"127.0.0.1:{port}",
            "DataPathAddr": "127.0.0.1"})
        if status != 200:
            cls.engine.end()
            needs(False, f"a Swarm does not start here: {answer}")
        cls.create("grid", TICK)
        cls.shell = Shell(cls.folder, CTRL_MODE="SWARM", STRATEGIES="label:app",
                          DOCKER_HOST=f"unix://{cls.engine.socket}")
        wait_for(lambda: cls.shell.rows()["grid"]["state"] == "running", "the first task", 60)

    @classmethod
    def create(cls, name, command, labels=LABELS):
        status, answer = cls.engine.call("POST", "/services/create", {
            "Name": name, "Labels": labels,
            "TaskTemplate": {"ContainerSpec": {"Image": IMAGE, "Env": [f"STRATEGY_KEY={CANARY}"],
                                               "Command": ["/bin/sh", "-c", command]},
                             "RestartPolicy": {"Condition": "any", "Delay": 500_000_000},
                             "Networks": []},
            "UpdateConfig": {"Order": "stop-first"}, "Mode": {"Replicated": {"Replicas": 1}}})
        assert status == 201, answer

    @classmethod
    def tearDownClass(cls):
        cls.engine.end()

    def running(self):
        return self.tasks("grid")

    def test_a_service_is_scaled_to_nothing_and_back_and_restarted(self):
        code, result = self.shell.result("stop", "grid")
        self.assertEqual((0, "done"), (code, result["verdict"]), result)
        wait_for(lambda: not self.running(), "the task to be gone", 20)
        code, result = self.shell.result("start", "grid")
        self.assertEqual((0, "done"), (code, result["verdict"]), result)
        first = [each["Id"] for each in self.running()]
        self.assertEqual(1, len(first))
        code, result = self.shell.result("restart", "grid")
        self.assertEqual((0, "done"), (code, result["verdict"]), result)
        self.assertNotEqual(first, [each["Id"] for each in self.running()])
        status, service = self.engine.call("GET", "/services/grid")
        self.assertEqual([f"STRATEGY_KEY={CANARY}"],
                         service["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"])

    def test_from_telegram(self):
        self.create("phoned", TICK)
        self.create("other", TICK, {})
        phone = Phone(self.folder, CTRL_MODE="swarm", STRATEGIES="phoned",
                      DOCKER_HOST=f"unix://{self.engine.socket}")
        try:
            wait_for(lambda: self.tasks("phoned"), "its first task", 60)
            journey(self, phone, "phoned", "other", lambda: self.tasks("phoned"))
        finally:
            phone.end()
            for name in ("phoned", "other"):
                self.engine.call("DELETE", f"/services/{name}")

    def tasks(self, service):
        return [each for each in self.engine.call("GET", "/containers/json")[1]
                if each["Labels"].get("com.docker.swarm.service.name") == service]

    def test_logs_of_its_tasks(self):
        answer = wait_for(lambda: (lambda a: a if "tick" in a.out else None)(
            self.shell("logs", "grid")), "a line")
        self.assertIn("tick token: ***", answer.json["log"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
