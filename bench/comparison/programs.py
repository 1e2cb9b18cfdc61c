"""Room: bench/comparison. Running one program and taking its JSON. Touches: child processes, one file with the PIN."""

import contextlib
import json
import pathlib
import subprocess


class ProgramError(Exception):
    """A program failed; the text names it and repeats what it said."""


class Programs:
    """The programs of a build folder, pointed at a stack. `scratch` is a folder of ours, readable by us alone."""

    NAMES = ("grep11-load", "grep11-load-direct", "floor_uds", "floor_grpc", "attach_probe", "attach_many")

    def __init__(self, build_dir, stack, scratch):
        self._bin = pathlib.Path(build_dir) / "bin"
        self._stack = stack
        self._pin_file = pathlib.Path(scratch) / "pin"
        self._pin_file.touch(mode=0o600)
        self._pin_file.write_text(stack.get("USER_PIN") + "\n", encoding="utf-8")

    def missing(self, names=NAMES):
        return [name for name in names if not (self._bin / name).exists()]

    def _words(self, name, options):
        return [str(self._bin / name), *map(str, options), "--json", "-"]

    def _run(self, name, *options, environment=None):
        done = subprocess.run(self._words(name, options), env={**self._stack.environment(), **(environment or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = {}
        if done.returncode != 0:
            problems = report.get("result", {}).get("errors_by_name") or done.stderr.strip() or "no reason given"
            raise ProgramError(f"{name} {' '.join(map(str, options))}: {problems}")
        return report

    def floor_uds(self, threads, duration, warmup):
        return self._run("floor_uds", "--threads", threads, "--duration", duration, "--warmup", warmup)

    def floor_grpc(self, in_flight, duration, warmup):
        return self._run("floor_grpc", *self._service(), *self._canned(), "--in-flight", in_flight, "--duration",
                         duration, "--warmup", warmup)

    def load(self, operation, module=None, slot=None, environment=None, pin_file=None, canned=None, **shape):
        """grep11-load through our module, or through another one with its slot and environment."""
        words = ["--module", module or self._stack.get("PKCS11_MODULE"), "--pin-file", pin_file or self._pin_file, "--op",
                 operation]
        if slot := slot or (not module and self._stack.get("PKCS11_SLOT")):
            words += ["--slot", slot]
        if not module:
            words += self._canned()
        return self._run("grep11-load", *words, *load_words(**shape), environment=environment)

    def start_load(self, operation, **shape):
        """The same in the background, ours alone; a context that ends it."""
        words = ["--module", self._stack.get("PKCS11_MODULE"), "--pin-file", self._pin_file, "--op", operation,
                 *self._canned(), *load_words(**shape)]
        return self._in_background("grep11-load", words)

    def direct(self, duration, warmup, processes, threads=1):
        return self._run("grep11-load", "--direct", *self._service(), *self._canned(), "--duration", duration, "--warmup",
                         warmup, "--processes", processes, "--threads", threads)

    def attach_probe(self, with_pin):
        pin = ["--pin-file", self._pin_file] if with_pin else []
        return self._run("attach_probe", "--module", self._stack.get("PKCS11_MODULE"), *pin)

    @contextlib.contextmanager
    def attached(self, applications, sessions=0):
        """So many applications, attached for the time of the block; the report of attach_many."""
        words = ["--applications", applications, "--sessions", sessions, "--watch-pid",
                 self._stack.pid("GREP11_DAEMON_PID_FILE"), "--hold"]
        with self._in_background("attach_many", words) as process:
            yield report_of(process, "attach_many")

    @contextlib.contextmanager
    def _in_background(self, name, words):
        """Ends with the block, also when it fails: by the end of its input if it holds on, else by SIGTERM."""
        process = subprocess.Popen(self._words(name, words), env=self._stack.environment(), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            if name != "attach_many":
                process.terminate()
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()

    def _canned(self):
        return ["--canned-signatures"] if self._stack.gives_canned_signatures() else []

    def _service(self):
        get = self._stack.get
        words = ["--grep11", get("GREP11_EMULATOR_ADDRESS"), "--ca", get("GREP11_CA_FILE")]
        if get("GREP11_IAM_URL"):
            words += ["--iam", get("GREP11_IAM_URL"), "--apikey-file", self._pin_file]
        if get("GREP11_CLIENT_CERT_FILE"):
            words += ["--cert", get("GREP11_CLIENT_CERT_FILE"), "--key", get("GREP11_CLIENT_KEY_FILE")]
        return words


def load_words(duration=None, warmup=0.0, count=None, processes=1, threads=1, watch=(), verify=None, size=None, label=None,
               rate=None):
    """Options of grep11-load; those that are None are left out. `watch`: process numbers."""
    words = ["--processes", processes, "--threads", threads]
    words += ["--count", count] if count else ["--duration", duration, "--warmup", warmup]
    for name, value in (("--verify-every", verify), ("--size", size), ("--key-label", label), ("--rate", rate)):
        if value is not None:
            words += [name, value]
    for pid in watch:
        words += ["--watch-pid", pid]
    return words


def report_of(process, name):
    """The JSON that a program which goes on has printed: to the line that closes it."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.rstrip() == "}":
            return json.loads("".join(lines))
    raise ProgramError(f"{name}: {process.stderr.read().strip() or 'no reason given'}")
