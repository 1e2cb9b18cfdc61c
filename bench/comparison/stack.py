"""Room: bench/comparison. The stack under measurement: one that is up already, or one that is started for it.

Touches: the env file of a stack, the emulator's control page, and ./dev when it has to start a stack.
"""

import contextlib
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$")
# What every measurement needs; the client certificate and IAM may be missing.
REQUIRED = ("PKCS11_MODULE", "USER_PIN", "GREP11_EMULATOR_ADDRESS", "GREP11_EMULATOR_CONTROL", "GREP11_CA_FILE",
            "GREP11_DAEMON_PID_FILE")
QUIET_LOG = ("--log-level", "warning")
# No limit anywhere: the floors have none either, and a budget would be all that is measured.
UNLIMITED = ("--rate", "0", "--gateway", "tokens: {0: {rate_per_s: 0}}", *QUIET_LOG)
CANNED_SIGNATURES = "--canned-signatures"


class StackError(Exception):
    """The stack cannot be used; the text says why."""


def parse_env(text):
    """Variables of `export NAME=value` and `NAME=value` lines, quoted as a shell would have it; others are skipped."""
    variables = {}
    for line in text.splitlines():
        match = ASSIGNMENT.match(line)
        if not match:
            continue
        words = shlex.split(match.group(2), comments=True)
        variables[match.group(1)] = words[0] if words else ""
    return variables


class Stack:
    """Addresses and processes of a stack that is up."""

    def __init__(self, variables):
        missing = [name for name in REQUIRED if not variables.get(name)]
        if missing:
            raise StackError("the env file does not set " + ", ".join(missing))
        self.variables = variables
        control = variables["GREP11_EMULATOR_CONTROL"]
        self._control_url = (control if "://" in control else "http://" + control).rstrip("/")
        self._counters_url = self._control_url + "/counters.json"
        self._canned = None

    @classmethod
    def from_file(cls, path):
        try:
            return cls(parse_env(pathlib.Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise StackError(f"{path}: {error.strerror}") from error

    def environment(self):
        """What the programs under measurement see."""
        return {**os.environ, **self.variables}

    def get(self, name):
        return self.variables.get(name, "")

    def pid(self, name):
        """Process number in the file that a variable names."""
        path = self.variables.get(name, "")
        try:
            return int(pathlib.Path(path).read_text(encoding="ascii").split()[0])
        except (OSError, ValueError, IndexError) as error:
            raise StackError(f"no process number in {name}={path}") from error

    def watched(self):
        """Processes whose CPU belongs to an operation: daemon, then emulator."""
        names = ("GREP11_DAEMON_PID_FILE", "GREP11_EMULATOR_PID_FILE")
        return [self.pid(name) for name in names if self.variables.get(name)]

    def gives_canned_signatures(self):
        """The emulator says so in its counters; then nobody verifies them."""
        if self._canned is None:
            self._canned = "canned_signatures" in self.counters()
        return self._canned

    def set_latency(self, milliseconds):
        """How long the emulator takes for each request from here on."""
        body = json.dumps({"latency": f"{milliseconds}ms"}).encode()
        try:
            with urllib.request.urlopen(self._control_url + "/faults", data=body, timeout=10) as reply:
                reply.read()
        except OSError as error:
            raise StackError(f"{self._control_url}/faults: {error}") from error

    def counters(self):
        """The emulator's counters: requests, connections, token_fetches, rpc by name."""
        try:
            with urllib.request.urlopen(self._counters_url, timeout=10) as reply:
                return json.load(reply)
        except (OSError, ValueError) as error:
            raise StackError(f"{self._counters_url}: {error}") from error


@contextlib.contextmanager
def undisturbed():
    """Ctrl-C does not break off what takes things down."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class OwnStack:
    """A private stack for the time of a `with` block, started and stopped by ./dev. `options` are those of ./dev up."""

    def __init__(self, build_dir, *options):
        self._build_dir = build_dir
        self._options = options or UNLIMITED
        self._folder = tempfile.TemporaryDirectory(prefix="grep11-bench.")

    def __enter__(self):
        try:
            self._dev("up", "--build-dir", str(self._build_dir), *self._options)
            return Stack.from_file(self._path("env"))
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        with undisturbed():
            try:
                if os.path.exists(self._path("stack.conf")):
                    self._dev("down")
            finally:
                self._folder.cleanup()

    def _path(self, name):
        return os.path.join(self._folder.name, "stack", name)

    def _dev(self, command, *options):
        words = [str(ROOT / "dev"), command, "--dir", os.path.join(self._folder.name, "stack"), *options]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"./dev {command} failed:\n{done.stdout}")
