"""Room: tests/stack. A private stack for tests in Python: started by ./dev, stopped at the end of its scope.

May touch: the folder it makes, processes it starts, loopback. Needs GW_BUILD_DIR: the build to test.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.request

DEV = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "dev")
UP_S = 120


def build_dir():
    return os.environ["GW_BUILD_DIR"]


def binary(name):
    return os.path.join(build_dir(), "bin", name)


def until(condition, most_s=20, what="the condition"):
    """Looks every 10 ms; the last value of the condition, or an error when the time is over."""
    end = time.monotonic() + most_s
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {most_s} s")
        time.sleep(0.01)
    return value


class Stack:
    """Emulator, daemon and an initialised token in a folder; `options` go to ./dev up.

    Members of `group` may open the socket, too.
    """

    def __init__(self, *options, state_tmpfs=None, group=None):
        self.dir = tempfile.mkdtemp(prefix="gw-stack.")
        os.chmod(self.dir, 0o755)
        self.mounted = None
        if group:
            self._give_socket_to(group)
        if state_tmpfs:
            self._mount(state_tmpfs)
        self.options = options
        self.env = {}
        self.dev("up", "--build-dir", build_dir(), *options)
        self._read_env()

    def _mount(self, size):
        state = os.path.join(self.dir, "daemon", "state")
        os.makedirs(state)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "gw", state], check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            shutil.rmtree(self.dir)
            raise unittest.SkipTest(f"no right to mount a small file system: {done.stderr.strip()}")
        self.mounted = state

    def _give_socket_to(self, group):
        """What is made in a folder with the set-group-id bit belongs to the folder's group: the socket at each start."""
        folder = os.path.join(self.dir, "daemon")
        os.mkdir(folder)
        shutil.chown(folder, group=group)
        os.chmod(folder, 0o2755)

    def _read_env(self):
        with open(os.path.join(self.dir, "env"), encoding="utf-8") as file:
            self.env = dict(re.findall(r"^export (\w+)='(.*)'$", file.read(), re.MULTILINE))

    def dev(self, command, *arguments):
        done = subprocess.run([DEV, command, "--dir", self.dir, *arguments], check=False, timeout=UP_S,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise AssertionError(f"./dev {command} failed:\n{done.stdout}")

    def restart(self, kill=False):
        self.dev("restart", *(["--kill"] if kill else []))
        self._read_env()

    def down(self):
        self.dev("down")
        if self.mounted:
            subprocess.run(["umount", self.mounted], check=True)
        shutil.rmtree(self.dir)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    # The processes.
    def pid(self, program="daemon"):
        with open(os.path.join(self.dir, f"{program}.pid"), encoding="utf-8") as file:
            return int(file.read())

    def signal(self, number, program="daemon"):
        os.kill(self.pid(program), number)

    def is_running(self, program="daemon"):
        try:
            with open(f"/proc/{self.pid(program)}/stat", encoding="utf-8") as file:
                return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def stopped(self, program):
        """The process exists and answers nobody: what a network that swallows packets looks like."""
        self.signal(signal.SIGSTOP, program)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT, program)

    # The emulator's control page.
    def control(self, path, body=None):
        request = urllib.request.Request(self.env["GREP11_EMULATOR_CONTROL"] + path,
                                         data=None if body is None else body.encode())
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.read().decode()

    def counters(self):
        return json.loads(self.control("/counters.json"))

    def reset_counters(self):
        self.control("/counters/reset", "")

    @contextlib.contextmanager
    def fault(self, **fault):
        self.control("/faults", json.dumps(fault))
        try:
            yield
        finally:
            self.control("/faults", json.dumps({"clear": True, "iam": "ok", "latency": "0ms"}))

    # What the daemon says.
    def daemon_log(self):
        with open(self.env["GREP11_DAEMON_LOG"], encoding="utf-8", errors="replace") as file:
            return file.read()

    def metrics(self):
        with urllib.request.urlopen(self.env["GREP11_METRICS_URL"], timeout=10) as reply:
            return reply.read().decode()

    # Programs pointed at the stack.
    def run(self, *command, check=True, text=True, most_s=120, stdin=None, env=None):
        """Runs a program with the stack's environment; output and errors together in stdout."""
        done = subprocess.run(command, check=False, timeout=most_s, text=text, input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, **self.env, **(env or {})})
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done

    def tool(self, *arguments, login=True, **options):
        """pkcs11-tool on the stack's token."""
        command = ["pkcs11-tool", "--module", self.env["PKCS11_MODULE"], "--slot", self.env["PKCS11_SLOT"]]
        return self.run(*command, *(["--login", "--pin", "env:USER_PIN"] if login else []), *arguments, **options)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def iam_context(self):
        return ssl.create_default_context(cafile=self.env["GREP11_CA_FILE"])


class StackTest(unittest.TestCase):
    """Tests of one class share a stack, made with the class's OPTIONS; its logs are shown when a test failed."""

    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(*cls.OPTIONS)
        cls.addClassCleanup(cls.stack.down)
        cls.addClassCleanup(cls._show_log)

    @classmethod
    def _show_log(cls):
        if cls.stack.is_running():
            return
        with contextlib.suppress(OSError):
            print(f"the daemon has ended; its last lines:\n{cls.stack.daemon_log()[-3000:]}")
