"""Room: bench/comparison. Running one program and taking its JSON. Touches: child processes, one file with the PIN."""

import json
import pathlib
import subprocess


class ProgramError(Exception):
    """A program failed; the text names it and repeats what it said."""


class Programs:
    """The programs of a build folder, pointed at a stack. `scratch` is a folder of ours, readable by us alone."""

    def __init__(self, build_dir, stack, scratch):
        self._bin = pathlib.Path(build_dir) / "bin"
        self._stack = stack
        self._pin_file = pathlib.Path(scratch) / "pin"
        self._pin_file.touch(mode=0o600)
        self._pin_file.write_text(stack.get("USER_PIN") + "\n", encoding="utf-8")

    def missing(self, names=("grep11-load", "grep11-load-direct", "floor_uds", "floor_grpc", "attach_probe")):
        return [name for name in names if not (self._bin / name).exists()]

    def _run(self, name, *options):
        words = [str(self._bin / name), *map(str, options), "--json", "-"]
        done = subprocess.run(words, env=self._stack.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
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
        return self._run("floor_grpc", *self._service(), "--in-flight", in_flight, "--duration", duration, "--warmup",
                         warmup)

    def load(self, operation, duration=None, warmup=0.0, count=None, processes=1, threads=1, watch=None, verify=1000):
        words = ["--module", self._stack.get("PKCS11_MODULE"), "--pin-file", self._pin_file, "--op", operation,
                 "--processes", processes, "--threads", threads, "--verify-every", verify]
        if self._stack.get("PKCS11_SLOT"):
            words += ["--slot", self._stack.get("PKCS11_SLOT")]
        words += ["--count", count] if count else ["--duration", duration, "--warmup", warmup]
        if watch:
            words += ["--watch-pid", watch]
        return self._run("grep11-load", *words)

    def direct(self, duration, warmup, processes):
        return self._run("grep11-load", "--direct", *self._service(), "--duration", duration, "--warmup", warmup,
                         "--processes", processes)

    def attach_probe(self, with_pin):
        pin = ["--pin-file", self._pin_file] if with_pin else []
        return self._run("attach_probe", "--module", self._stack.get("PKCS11_MODULE"), *pin)

    def _service(self):
        get = self._stack.get
        words = ["--grep11", get("GREP11_EMULATOR_ADDRESS"), "--ca", get("GREP11_CA_FILE")]
        if get("GREP11_IAM_URL"):
            words += ["--iam", get("GREP11_IAM_URL"), "--apikey-file", self._pin_file]
        if get("GREP11_CLIENT_CERT_FILE"):
            words += ["--cert", get("GREP11_CLIENT_CERT_FILE"), "--key", get("GREP11_CLIENT_KEY_FILE")]
        return words
