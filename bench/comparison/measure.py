"""Room: bench/comparison. What is run in each round, and which numbers are taken from it. Touches: the programs.

A measurement yields a dict of numbers. They are independent of each other: rounds run them forwards and backwards in
turn, so that a slow drift of the machine falls on floors and on ours alike.
"""


class Round:
    """One round of measurements. `duration` and `warmup` in seconds."""

    def __init__(self, programs, stack, duration, warmup):
        self._programs = programs
        self._stack = stack
        self._duration = duration
        self._warmup = warmup

    def _load(self, operation="ecdsa", **options):
        return self._programs.load(operation, duration=self._duration, warmup=self._warmup, **options)

    def floor_socket_1(self):
        report = self._programs.floor_uds(1, self._duration, self._warmup)
        return {"p50_us": report["result"]["latency_us"]["p50"]}

    def floor_socket_64(self):
        report = self._programs.floor_uds(64, self._duration, self._warmup)
        return {"server_cpu_us": report["result"]["server_cpu_us_per_op"]}

    def floor_grpc_1(self):
        report = self._programs.floor_grpc(1, self._duration, self._warmup)
        return {"p50_us": report["result"]["latency_us"]["p50"], "private_kib": report["memory"]["private_kib"]}

    def floor_grpc_64(self):
        report = self._programs.floor_grpc(64, self._duration, self._warmup)
        return {"client_cpu_us": report["result"]["client_cpu_us_per_op"],
                "throughput": report["result"]["throughput_per_s"]}

    def sign_1(self):
        return {"p50_us": self._load()["result"]["latency_us"]["p50"]}

    def sign_64(self):
        report = self._load(processes=8, threads=8, watch=self._stack.pid("GREP11_DAEMON_PID_FILE"))
        return {"daemon_cpu_us": report["watched"][0]["cpu_us_per_op"],
                "throughput": report["result"]["throughput_per_s"]}

    def session_info(self):
        return {"p50_us": self._load("session-info")["result"]["latency_us"]["p50"]}

    def attribute(self):
        return {"p50_us": self._load("attribute")["result"]["latency_us"]["p50"]}

    def find(self):
        return {"p50_us": self._load("find")["result"]["latency_us"]["p50"]}

    def threads_8(self):
        return {"throughput": self._load(threads=8)["result"]["throughput_per_s"]}

    def processes_8(self):
        return {"throughput": self._load(processes=8)["result"]["throughput_per_s"]}

    def _upstream_use(self, run):
        before = self._stack.counters()
        report = run()
        after = self._stack.counters()
        return {"throughput": report["result"]["throughput_per_s"],
                "token_fetches": after["token_fetches"] - before["token_fetches"],
                "connections": after["connections"] - before["connections"]}

    def daemon_16(self):
        return self._upstream_use(lambda: self._load(processes=16))

    def direct_16(self):
        return self._upstream_use(lambda: self._programs.direct(self._duration, self._warmup, 16))

    def attach(self):
        alone = self._programs.attach_probe(with_pin=False)
        used = self._programs.attach_probe(with_pin=True)["memory"]
        memory = alone["memory"]
        return {"attach_us": alone["attach_us"],
                "resident_added_kib": memory["attached"]["rss_kib"] - memory["before"]["rss_kib"],
                "private_added_kib": used["signed_once"]["private_kib"] - used["before"]["private_kib"],
                "bare_private_kib": used["before"]["private_kib"]}


# Group of --only, then its measurements in the order of even rounds.
GROUPS = {
    "sign": ("floor_socket_1", "floor_grpc_1", "sign_1"),
    "cpu": ("floor_socket_64", "floor_grpc_64", "sign_64"),
    "local": ("floor_socket_1", "session_info", "attribute", "find"),
    "scaling": ("threads_8", "processes_8", "daemon_16", "direct_16"),
    "attach": ("floor_grpc_1", "attach"),
    "requests": (),
}

# Operation, calls. Counted over exactly so many calls beyond those of a run of one.
REQUEST_COUNTS = (("ecdsa", 1000), ("rsa", 100), ("hmac", 200), ("aes-cbc", 200), ("verify", 1000), ("digest", 1000),
                  ("find", 1000), ("attribute", 1000), ("session-info", 1000), ("login", 100), ("random", 8192))


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
