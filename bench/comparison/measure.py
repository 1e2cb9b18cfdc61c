"""Room: bench/comparison. What is run in each round, and which numbers are taken from it. Touches: the programs.

A measurement yields a dict of numbers. They are independent of each other: rounds run them forwards and backwards in
turn, so that a slow drift of the machine falls on floors and on ours alike.
"""

import statistics

from .results import HISTOGRAM

MIB = 1 << 20


def latency_of(report):
    """The distribution and the throughput of any program's report."""
    result = report["result"]
    latency = result["latency_us"]
    return {"p50_us": latency["p50"], "p90_us": latency["p90"], "p99_us": latency["p99"],
            "p999_us": latency["p99.9"], "throughput": result["throughput_per_s"], HISTOGRAM: report["histogram"]}


def cpu_of(report):
    """CPU of an operation, apart: in the application (module and load tool), in the daemon, in the emulator."""
    operations = report["result"]["operations"]
    shares = {"application_cpu_us": sum(process["cpu_s"] for process in report["processes"]) * 1e6 / operations}
    for name, process in zip(("daemon_cpu_us", "emulator_cpu_us"), report["watched"]):
        if process["cpu_us_per_op"] is not None:
            shares[name] = process["cpu_us_per_op"]
    return shares


class Round:
    """One round of measurements. `duration` and `warmup` in seconds."""

    def __init__(self, programs, stack, duration, warmup):
        self._programs = programs
        self._stack = stack
        self._duration = duration
        self._warmup = warmup

    def _load(self, operation="ecdsa", **options):
        report = self._programs.load(operation, duration=self._duration, warmup=self._warmup,
                                     watch=self._stack.watched(), **options)
        private = [process["memory"]["private_kib"] for process in report["processes"]]
        return {**latency_of(report), **cpu_of(report), "process_private_kib": statistics.median(private)}

    def _floor_uds(self, threads):
        report = self._programs.floor_uds(threads, self._duration, self._warmup)
        return {**latency_of(report), "server_cpu_us": report["result"]["server_cpu_us_per_op"],
                "client_cpu_us": report["result"]["client_cpu_us_per_op"]}

    def _floor_grpc(self, in_flight):
        report = self._programs.floor_grpc(in_flight, self._duration, self._warmup)
        return {**latency_of(report), "client_cpu_us": report["result"]["client_cpu_us_per_op"],
                "private_kib": report["memory"]["private_kib"]}

    def floor_socket_1(self):
        return self._floor_uds(1)

    def floor_socket_64(self):
        return self._floor_uds(64)

    def floor_grpc_1(self):
        return self._floor_grpc(1)

    def floor_grpc_8(self):
        return self._floor_grpc(8)

    def floor_grpc_64(self):
        return self._floor_grpc(64)

    def floor_grpc_512(self):
        return self._floor_grpc(512)

    def sign_1(self):
        return self._load()

    def sign_8(self):
        return self._load(processes=8)

    def sign_64(self):
        return self._load(processes=8, threads=8)

    def sign_512(self):
        return self._load(processes=16, threads=32)

    def session_info(self):
        return self._load("session-info")

    def attribute(self):
        return self._load("attribute")

    def find(self):
        return self._load("find")

    def found(self):
        return self._load("found")

    def threads_8(self):
        return self._load(threads=8)

    def processes_8(self):
        return self._load(processes=8)

    def _upstream_use(self, run):
        before = self._stack.counters()
        numbers = run()
        after = self._stack.counters()
        return {**numbers, "token_fetches": after["token_fetches"] - before["token_fetches"],
                "connections": after["connections"] - before["connections"]}

    def daemon_16(self):
        return self._upstream_use(lambda: self._load(processes=16))

    def direct_16(self):
        return self._upstream_use(lambda: latency_of(self._programs.direct(self._duration, self._warmup, 16)))

    def attach(self):
        alone = self._programs.attach_probe(with_pin=False)
        used = self._programs.attach_probe(with_pin=True)["memory"]
        memory = alone["memory"]
        return {"attach_us": alone["attach_us"],
                "resident_added_kib": memory["attached"]["rss_kib"] - memory["before"]["rss_kib"],
                "private_added_kib": used["signed_once"]["private_kib"] - used["before"]["private_kib"],
                "bare_private_kib": used["before"]["private_kib"]}

    def digest_1m(self):
        return self._load("digest", size=MIB)

    def digest_64m(self):
        return self._load("digest-parts", size=64 * MIB)

    def hash_sign_1m(self):
        return self._load("ecdsa-sha256", size=MIB)

    def aes_cbc_1m(self):
        return self._load("aes-cbc", size=MIB)


# Group of --only, then its measurements in the order of even rounds.
GROUPS = {
    "sign": ("floor_socket_1", "floor_grpc_1", "sign_1"),
    "cpu": ("floor_socket_64", "floor_grpc_64", "sign_64"),
    "local": ("floor_socket_1", "session_info", "attribute", "find", "found"),
    "scaling": ("threads_8", "processes_8", "daemon_16", "direct_16"),
    "depth": ("floor_grpc_1", "sign_1", "floor_grpc_8", "sign_8", "floor_grpc_64", "sign_64", "floor_grpc_512",
              "sign_512"),
    "large": ("digest_1m", "digest_64m", "hash_sign_1m", "aes_cbc_1m"),
    "attach": ("floor_grpc_1", "attach"),
    "requests": (),
}

# Those that have signatures in them, so that it matters how the emulator makes them.
SIGNING = frozenset(("floor_grpc_1", "floor_grpc_8", "floor_grpc_64", "floor_grpc_512", "sign_1", "sign_8", "sign_64",
                     "sign_512", "threads_8", "processes_8", "daemon_16", "direct_16"))

# Operation, calls, and the most HSM requests for each of them. Counted over exactly so many calls beyond those of a run
# of one.
REQUEST_COUNTS = (("ecdsa", 1000, 1), ("rsa", 100, 1), ("hmac", 200, 1), ("aes-cbc", 200, 1), ("verify", 1000, 0),
                  ("digest", 1000, 0), ("find", 1000, 0), ("attribute", 1000, 0), ("session-info", 1000, 0),
                  ("login", 100, 0), ("random", 8192, 1 / 4096))


def requests_per_call(programs, stack, operation, calls):
    """HSM requests for each call of `operation`.

    What a run costs besides its calls - attaching, a key - is the same for one call and for many, so the difference of
    two runs has only the calls in it.
    """
    def cost_of(count):
        before = stack.counters()["requests"]
        programs.load(operation, count=count, verify=0)
        return stack.counters()["requests"] - before

    return (cost_of(calls + 1) - cost_of(1)) / calls


def wanted_names(groups):
    """Measurements of these groups, each once, in order."""
    return list(dict.fromkeys(name for group in groups for name in GROUPS[group]))
