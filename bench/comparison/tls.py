"""Room: bench/comparison. nginx with its key in the HSM: full handshakes per second by workers and HSM latency, beside the
ideal of workers that do nothing but wait. Touches: stacks, nginx and clients that it starts, loopback.

Keys, certificates and nginx come from tests/e2e/web.sh, the clients from tests/chaos/kit.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time

from . import figures, scale, suite
from .programs import ProgramError, Programs
from .results import Results
from .stack import OwnStack, ROOT, UNLIMITED, undisturbed

sys.path.insert(0, str(ROOT / "tests" / "chaos"))

from kit.chaos import die_with_parent  # noqa: E402  (the path has to be set first)
from kit.tls_load import TlsLoad  # noqa: E402

CLIENTS_PER_WORKER, FEWEST_CLIENTS, MOST_CLIENTS = 2, 4, 96
RAMP_S = 30
FUNCTIONS = """
set -euo pipefail
say() { printf '%s\\n' "$*"; }
fail() { say "$*" >&2; exit 1; }
. "$ROOT/tests/stack/stack.sh"
. "$ROOT/tests/e2e/web.sh"
"""
MAKE_KEYS = """
mkdir -p "$WEB"
write_openssl_conf
make_key_pair web-ca 10 EC:prime256v1
make_key_pair web 11 EC:prime256v1
make_ca web-ca
make_certificate web web-ca
"""


class Web:
    """nginx on a stack; `folder` is short-lived and ours."""

    def __init__(self, stack, folder):
        self.folder = folder
        self._environment = {**stack.environment(), "ROOT": str(ROOT), "WEB": folder, "WEB_REUSEPORT": "",
                             "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        self._bash(MAKE_KEYS)

    def _bash(self, text, **more):
        done = subprocess.run(["bash", "-c", FUNCTIONS + text], env={**self._environment, **more}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise ProgramError(f"the web server: {done.stdout[-2000:]}")
        return done.stdout

    @contextlib.contextmanager
    def serving(self, workers):
        """The port of nginx with so many workers."""
        try:
            said = self._bash('nginx_up web || { cat "$WEB/error.log"; exit 1; }\nsay "$WEB_URL"', WEB_WORKERS=str(workers))
            yield int(said.strip().rsplit(":", 1)[1].strip("/"))
        finally:
            with undisturbed():
                self._bash("nginx_down")

    @property
    def ca_file(self):
        return os.path.join(self.folder, "ca.pem")


def clients_for(workers):
    return max(FEWEST_CLIENTS, min(CLIENTS_PER_WORKER * workers, MOST_CLIENTS))


def cpu_ticks():
    """(busy, all) ticks of the whole machine since it started."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = list(map(int, file.readline().split()[1:9]))
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def busy_part(before, after):
    """The part of the machine's CPU that was used between two readings, 0 to 1."""
    return (after[0] - before[0]) / max(after[1] - before[1], 1)


def handshakes(stack, web, workers, duration):
    """Numbers of one run: each full handshake is one signature, so the emulator's counter is what counts them."""
    signed = lambda: stack.counters()["rpc"].get("SignSingle", 0)
    with web.serving(workers) as port:
        load = TlsLoad(port, web.ca_file, ["ecdsa"] * clients_for(workers), die_with_parent)
        with load:
            first = signed()
            scale.until(lambda: signed() >= first + 2 * len(load.kinds), RAMP_S, "the TLS clients", 0.05)
            ticks, start, begun = cpu_ticks(), time.monotonic(), signed()
            time.sleep(duration)  # the measured phase itself
            ended, took, ticks_after = signed(), time.monotonic() - start, cpu_ticks()
    if load.failed or load.failures:
        raise ProgramError(f"{load.failed} handshakes failed: {load.failures[:3]}")
    return {"per_s": (ended - begun) / took, "busy": busy_part(ticks, ticks_after), "slowest_s": load.slowest_s}


def key_of(latency_ms, workers):
    return f"tls_{latency_ms}ms_{workers}"


def measure_all(options, results, say):
    with tempfile.TemporaryDirectory(prefix="grep11-tls.") as scratch, \
            OwnStack(options.build_dir, *UNLIMITED) as stack:
        programs = Programs(options.build_dir, stack, scratch)
        suite.require(programs, options.build_dir)
        facts = suite.about(options, programs, "compare --tls")
        facts["signatures"] = suite.MADE
        web = Web(stack, os.path.join(scratch, "web"))
        runs = [(latency, workers) for latency in options.latencies for workers in options.workers]
        for index in range(options.rounds):
            for latency, workers in runs if index % 2 == 0 else reversed(runs):
                say(f"round {index + 1} of {options.rounds}: {workers} workers, HSM {latency} ms")
                stack.set_latency(latency)
                scale.measured(results, key_of(latency, workers), index,
                               lambda: handshakes(stack, web, workers, options.duration))
    return facts


def local_cost_s(samples, latencies, workers):
    """What a handshake costs besides waiting: a lone worker's time for one, less the latency; None if not measured.

    Of the lowest latency that was measured with one worker, where waiting disturbs it least.
    """
    if 1 not in workers:
        return None
    lowest = min(latencies)
    rate = figures.value_of(samples, key_of(lowest, 1), "per_s")
    return None if rate is None or not rate.median else max(1 / rate.median - lowest / 1000, 0.0)


def ideal_per_s(workers, latency_ms, cost_s):
    """Workers that are never in each other's way, with cores to spare."""
    return workers / (latency_ms / 1000 + cost_s)


def rows(results, options):
    """One dict for each latency and number of workers."""
    cost = local_cost_s(results.samples, options.latencies, options.workers)
    found = []
    for latency in options.latencies:
        for workers in options.workers:
            rate = figures.value_of(results.samples, key_of(latency, workers), "per_s")
            if rate is None:
                continue
            ideal = ideal_per_s(workers, latency, cost) if cost else None
            found.append({"latency_ms": latency, "workers": workers, "per_s": rate._asdict(), "ideal_per_s": ideal,
                          "of_ideal": rate.median / ideal if ideal else None,
                          "busy": figures.value_of(results.samples, key_of(latency, workers), "busy").median})
    return found


def text_of(head, results, options):
    lines = [*head, "", "  full TLS handshakes per second, nginx, ECDSA P-256, TLS 1.2, no resumption",
             f"  {'HSM':>6} {'workers':>8} {'per second':>11} {'[rounds]':>20} {'ideal':>9} {'of ideal':>9} {'CPU busy':>9}"]
    for row in rows(results, options):
        rate = row["per_s"]
        ideal = f"{row['ideal_per_s']:9.0f} {row['of_ideal']:9.2f}" if row["ideal_per_s"] else f"{'-':>9} {'-':>9}"
        bracket = f"[{rate['low']:.0f} .. {rate['high']:.0f}]"
        lines.append(f"  {row['latency_ms']:>3} ms {row['workers']:>8} {rate['median']:11.1f} {bracket:>20} {ideal}"
                     f" {row['busy']:9.0%}")
    if cost := local_cost_s(results.samples, options.latencies, options.workers):
        lines += ["", f"  ideal: workers / (HSM latency + {cost * 1000:.2f} ms, a lone worker's time without the HSM's)",
                  "  where the CPU is busy, it is this machine that ends the growth: clients, nginx, daemon and emulator"
                  " share it"]
    if results.problems:
        lines += ["", "  FAILED", *(f"  {problem}" for problem in results.problems)]
    return "\n".join(lines)


def run(options, say):
    """(text, object, problems)"""
    results = Results()
    facts = measure_all(options, results, say)
    say("")
    whole = {**facts, "tls": rows(results, options), **results.as_object()}
    return text_of(suite.head_of(facts), results, options), whole, results.problems
