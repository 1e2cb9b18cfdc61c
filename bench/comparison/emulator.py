"""Room: bench/comparison. The emulator alone beside the least that a GREP11 service can be, under the same client.

Touches: the programs, an emulator and a bare server of its own.
"""

import contextlib
import json
import os
import pathlib
import select
import subprocess
import tempfile

from . import figures, measure, report, scale, suite
from .programs import ProgramError, Programs
from .results import Results

IN_FLIGHT = (1, 8, 64)
REACH = 0.9  # at the depth that keeps the cores busy
START_S = 30
NAMES = ("grep11-emulator", "floor_server", "floor_grpc", "floor_uds")
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Service:
    """What Programs asks of a stack: where a service is, and how to get in. The floor asks for no token and gets one all
    the same, so that both carry the same metadata."""

    def __init__(self, values):
        self._values = values

    def get(self, name):
        return self._values.get(name, "")

    @staticmethod
    def environment():
        return dict(os.environ)

    @staticmethod
    def gives_canned_signatures():
        return False


def server(words, log):
    return subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)


def first_line(process, log):
    """What a server prints when it serves."""
    readable, _, _ = select.select([process.stdout], [], [], START_S)
    line = process.stdout.readline().strip() if readable else ""
    if not line:
        log.seek(0)
        raise ProgramError(f"{process.args[0]} did not start: {log.read().strip() or 'no reason given'}")
    return line


@contextlib.contextmanager
def ended(process):
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def cpu_s(pid):
    """User and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


class Side:
    """One service under floor_grpc."""

    def __init__(self, build_dir, scratch, name, process, values):
        folder = os.path.join(scratch, name)
        os.mkdir(folder, mode=0o700)
        self.process = process
        self.programs = Programs(build_dir, Service(values), folder)

    def run(self, in_flight, duration, warmup):
        before = cpu_s(self.process.pid)
        told = self.programs.floor_grpc(in_flight, duration, warmup)
        used = cpu_s(self.process.pid) - before
        # The clock of the process also saw the warm-up, at the same pace.
        operations = told["result"]["throughput_per_s"] * (duration + warmup)
        return {**measure.latency_of(told), "server_cpu_us": used * 1e6 / operations,
                "client_cpu_us": told["result"]["client_cpu_us_per_op"]}


@contextlib.contextmanager
def sides(build_dir, scratch):
    """{"emulator": Side, "floor": Side}"""
    binaries = pathlib.Path(build_dir) / "bin"
    emulator_bin, certs = binaries / "grep11-emulator", pathlib.Path(scratch) / "certs"
    subprocess.run([emulator_bin, "--make-certs", certs], check=True, stdout=subprocess.DEVNULL)
    tls = ["--tls-cert", certs / "server.pem", "--tls-key", certs / "server.key"]
    ready = pathlib.Path(scratch) / "ready.json"
    with contextlib.ExitStack() as context:
        log = context.enter_context(tempfile.TemporaryFile("w+"))
        emulator = context.enter_context(ended(server([emulator_bin, *tls, "--ready-file", ready], log)))
        first_line(emulator, log)  # printed after the ready file is there
        floor = context.enter_context(ended(server([binaries / "floor_server", *tls], log)))
        address = first_line(floor, log)
        told = json.loads(ready.read_text(encoding="utf-8"))
        values = {"GREP11_EMULATOR_ADDRESS": told["grep11"], "GREP11_IAM_URL": told["iam"],
                  "GREP11_CA_FILE": str(certs / "ca.pem"), "USER_PIN": told["api_keys"]["normal"]}
        yield {"emulator": Side(build_dir, scratch, "emulator", emulator, values),
               "floor": Side(build_dir, scratch, "floor", floor, {**values, "GREP11_EMULATOR_ADDRESS": address})}


def measure_all(options, results, scratch, say):
    with sides(options.build_dir, scratch) as both:
        programs = both["emulator"].programs
        if missing := programs.missing(NAMES):
            raise ProgramError(f"{options.build_dir}/bin lacks {', '.join(missing)}")
        facts = suite.about(options, programs, "compare --emulator")
        facts["signatures"] = suite.MADE
        warmup = min(1.0, options.duration / 3)
        runs = [(name, in_flight) for in_flight in IN_FLIGHT for name in both]
        for index in range(options.rounds):
            for name, in_flight in runs if index % 2 == 0 else reversed(runs):
                say(f"round {index + 1} of {options.rounds}: {name}, {in_flight} in flight")
                scale.measured(results, f"{name}_{in_flight}", index,
                               lambda: both[name].run(in_flight, options.duration, warmup))
    return facts


def figures_of():
    """Throughput at each depth, the deepest with its target; then what a signature costs."""
    for in_flight in IN_FLIGHT:
        yield figures.Figure(f"signatures, {in_flight} in flight", "/s", ((f"emulator_{in_flight}", "throughput"),),
                             ((f"floor_{in_flight}", "throughput"),), REACH if in_flight == IN_FLIGHT[-1] else None,
                             at_least=True)
    for number, name in (("p50_us", "p50"), ("server_cpu_us", "CPU of the server")):
        depth = IN_FLIGHT[-1]
        yield figures.Figure(f"{name}, {depth} in flight", "us", ((f"emulator_{depth}", number),),
                             ((f"floor_{depth}", number),))


def text_of(head, rows, problems):
    lines = [*head, "", f"  {'ECDSA P-256 by SignSingle over TLS':<48} {'emulator':>8} {'bare':>8} {'':<3} {'ratio':>6}",
             *map(report.line_of, rows)]
    if problems:
        lines += ["", "  FAILED", *(f"  {problem}" for problem in problems)]
    return "\n".join(lines)


def run(options, say):
    """(text, object, problems)"""
    results = Results()
    with tempfile.TemporaryDirectory(prefix="grep11-emulator-bench.") as scratch:
        facts = measure_all(options, results, scratch, say)
    say("")
    rows = [row for row in (figures.compare(figure, results.samples) for figure in figures_of()) if row]
    found = [{"name": row.figure.name, "unit": row.figure.unit, "emulator": row.ours._asdict(), "floor": row.floor._asdict(),
              "ratio": row.ratio._asdict(), "met": row.met()} for row in rows]
    return text_of(suite.head_of(facts), rows, results.problems), {**facts, "figures": found, **results.as_object()}, \
        results.problems
