"""Room: bench/comparison. The same workload the other ways: a channel and a token in each process, as a monolithic
library works; and p11-kit's server in front of SoftHSM, for the local hop alone. Touches: the programs, stacks of its own.
"""

import os
import statistics
import tempfile

from . import figures, measure, report, scale, softhsm, suite
from .programs import Programs
from .results import Results
from .stack import CANNED_SIGNATURES, OwnStack, UNLIMITED

PROCESSES = (1, 4, 16)
# Operations that every module does without an HSM; SoftHSM signs in its process.
HOPS = ("session-info", "attribute", "find", "digest")
SIGN = "ecdsa"
THREADS = 8


def load_numbers(report_of_load):
    memory = [process["memory"]["private_kib"] for process in report_of_load["processes"]]
    attach = [process["attach_us"] for process in report_of_load["processes"]]
    cpu = sum(process["cpu_s"] for process in report_of_load["processes"]) * 1e6 / report_of_load["result"]["operations"]
    return {**measure.latency_of(report_of_load), "private_kib": statistics.median(memory),
            "attach_us": statistics.median(attach), "application_cpu_us": cpu}


class Ways:
    """One round of each way on one stack."""

    def __init__(self, programs, stack, hsm, options):
        self.programs, self.stack, self.hsm = programs, stack, hsm
        self.times = {"duration": options.duration, "warmup": min(1.0, options.duration / 3)}

    def counted(self, run):
        before = self.stack.counters()
        numbers = run()
        after = self.stack.counters()
        return {**numbers, **{name: after[name] - before[name] for name in ("token_fetches", "connections")}}

    def daemon(self, processes):
        """The daemon's CPU is part of what a signature costs this way."""
        def run():
            loaded = self.programs.load(SIGN, processes=processes, watch=self.stack.watched(), **self.times)
            return {**load_numbers(loaded), "daemon_cpu_us": loaded["watched"][0]["cpu_us_per_op"]}
        return self.counted(run)

    def direct(self, processes):
        return self.counted(lambda: load_numbers(self.programs.direct(processes=processes, **self.times)))

    def ours(self, operation, threads=1):
        return load_numbers(self.programs.load(operation, threads=threads, **self.times))

    def floor_grpc(self):
        return measure.latency_of(self.programs.floor_grpc(1, **self.times))

    def in_process(self, operation, threads=1):
        return self._softhsm(self.hsm.module, self.hsm.environment, operation, threads)

    def through_p11_kit(self, operation, threads=1):
        with self.hsm.behind_p11_kit() as environment:
            return self._softhsm(softhsm.client_module(), environment, operation, threads)

    def _softhsm(self, module, environment, operation, threads):
        return load_numbers(self.programs.load(operation, module=module, environment=environment,
                                               pin_file=self.hsm.pin_file, verify=0, threads=threads, **self.times))


def runs_of(ways):
    """[(key, what runs)] in the order of even rounds."""
    runs = []
    for processes in PROCESSES:
        runs += [(f"daemon_{processes}", lambda n=processes: ways.daemon(n)),
                 (f"direct_{processes}", lambda n=processes: ways.direct(n))]
    for operation in (*HOPS, SIGN):
        runs += [(f"in_process_{operation}", lambda op=operation: ways.in_process(op)),
                 (f"p11_kit_{operation}", lambda op=operation: ways.through_p11_kit(op)),
                 (f"ours_{operation}", lambda op=operation: ways.ours(op))]
    runs += [("floor_grpc", ways.floor_grpc)]
    runs += [("p11_kit_threads", lambda: ways.through_p11_kit("session-info", THREADS)),
             ("ours_threads", lambda: ways.ours("session-info", THREADS))]
    return runs


def measure_all(options, results, scratch, say):
    canned = (CANNED_SIGNATURES,) if options.signatures == suite.CANNED_ONLY else ()
    with OwnStack(options.build_dir, *UNLIMITED, *canned) as stack:
        programs = Programs(options.build_dir, stack, scratch)
        suite.require(programs, options.build_dir)
        facts = suite.about(options, programs, "compare --peers")
        runs = runs_of(Ways(programs, stack, softhsm.SoftHsm(os.path.join(scratch, "softhsm")), options))
        for index in range(options.rounds):
            for key, run in runs if index % 2 == 0 else reversed(runs):
                say(f"round {index + 1} of {options.rounds}: {key.replace('_', ' ')}")
                scale.measured(results, key, index, run)
    return facts


# What is printed.


def median_of(samples, key, number):
    value = figures.value_of(samples, key, number)
    return None if value is None else value.median


def cell(value):
    return "-" if value is None else report.number(value)


def process_lines(samples):
    numbers = (("throughput", "per second"), ("p50_us", "p50 us"), ("p99_us", "p99 us"), ("private_kib", "KiB each"),
               ("token_fetches", "tokens"), ("connections", "TLS"), ("application_cpu_us", "CPU us"),
               ("daemon_cpu_us", "daemon us"))
    lines = [f"  {'signatures by N processes':<28}" + "".join(f" {title:>11}" for _, title in numbers)]
    for processes in PROCESSES:
        for way, name in (("daemon", "through the daemon"), ("direct", "a channel each")):
            cells = (cell(median_of(samples, f"{way}_{processes}", number)) for number, _ in numbers)
            lines.append(f"  {processes:>3} {name:<24}" + "".join(f" {text:>11}" for text in cells))
    return lines


def hop_of(samples, operation):
    """What the way to another process adds to a call, for p11-kit and for us, in us; None where a side is missing.

    Ours has no way without the hop: for a signature it is what exceeds a bare gRPC client, for the rest the whole call.
    """
    kit = difference(median_of(samples, f"p11_kit_{operation}", "p50_us"),
                     median_of(samples, f"in_process_{operation}", "p50_us"))
    ours = median_of(samples, f"ours_{operation}", "p50_us")
    if operation == SIGN:
        ours = difference(ours, median_of(samples, "floor_grpc", "p50_us"))
    return kit, ours


def difference(one, other):
    return None if one is None or other is None else one - other


def hop_lines(samples):
    titles = ("in process", "p11-kit", "its hop", "ours", "our hop", "ours / its hop")
    lines = [f"  {'one call, p50 us':<28}" + "".join(f" {title:>14}" for title in titles)]
    for operation in (*HOPS, SIGN):
        kit, ours = hop_of(samples, operation)
        ratio = f"{ours / kit:.2f}" if kit and kit > 0 and ours is not None else "-"
        cells = (cell(median_of(samples, f"in_process_{operation}", "p50_us")),
                 cell(median_of(samples, f"p11_kit_{operation}", "p50_us")), cell(kit),
                 cell(median_of(samples, f"ours_{operation}", "p50_us")), cell(ours), ratio)
        lines.append(f"  {operation:<28}" + "".join(f" {text:>14}" for text in cells))
    return lines


def thread_lines(samples):
    return [f"  C_GetSessionInfo by {THREADS} threads of a process, per second: p11-kit"
            f" {cell(median_of(samples, 'p11_kit_threads', 'throughput'))}, ours"
            f" {cell(median_of(samples, 'ours_threads', 'throughput'))}"]


def text_of(head, results):
    samples = results.samples
    lines = [*head, "", *process_lines(samples), "", *hop_lines(samples), "", *thread_lines(samples)]
    if results.problems:
        lines += ["", "  FAILED", *(f"  {problem}" for problem in results.problems)]
    return "\n".join(lines)


def run(options, say):
    """(text, object, problems)"""
    results = Results()
    with tempfile.TemporaryDirectory(prefix="grep11-peers.") as scratch:
        facts = measure_all(options, results, scratch, say)
    say("")
    hops = {operation: dict(zip(("p11_kit_us", "ours_us"), hop_of(results.samples, operation)))
            for operation in (*HOPS, SIGN)}
    return text_of(suite.head_of(facts), results), {**facts, "hops": hops, **results.as_object()}, results.problems
