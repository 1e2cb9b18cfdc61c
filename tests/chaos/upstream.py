#!/usr/bin/env python3
"""Troubles on the way to the HSM, in random order, under mixed load: ten times the latency, some UNAVAILABLE, dropped
connections, garbled octets, silence, throttling, revoked tokens. No result is ever wrong, and a call fails only where
its deadline ended.
"""

import contextlib
import json
import threading
import time

from kit.chaos import run
from kit.crew import Crew, make_key
from kit.upstream import BreakableStack

CALL_S = 8
TIMES = f"call: {CALL_S}s, key_generation: {CALL_S}s, rpc: 2s, iam: 2s"
LATENCY, TENFOLD = "3ms", "30ms"
PART = 0.05
LAST_S, LONG_LAST_S = 2.0, 30.0
LONG_ROUNDS = 4
QUIET_S = 1.0
WORKERS, THREADS = 2, 4
WEIGHTS = {"sign": 60, "find": 10, "objects": 5, "generate": 10, "encrypt": 10}


class Troubles:
    """Each is a scope in which something is broken."""

    def __init__(self, chaos, stack):
        self.chaos, self.stack = chaos, stack

    @contextlib.contextmanager
    def _control(self, on, off):
        self.stack.control("/faults", json.dumps(on))
        try:
            yield
        finally:
            self.stack.control("/faults", json.dumps(off))

    @contextlib.contextmanager
    def _endpoints(self, order, part=0.0, which=(0, 1)):
        for endpoint in which:
            self.stack.breaker.order(endpoint, order, part)
        try:
            yield
        finally:
            self.stack.breaker.all("up")

    def slow(self):
        return self._control({"latency": TENFOLD}, {"latency": LATENCY})

    def throttled(self):
        return self._control({"rate": 200}, {"rate": 0})

    def dropped(self):
        return self._endpoints("drop", PART)

    def garbled(self):
        return self._endpoints("garble", PART)

    def silent(self):
        return self._endpoints("stall", which=(self.chaos.random.randrange(2),))

    def one_down(self):
        return self._endpoints("down", which=(self.chaos.random.randrange(2),))

    @contextlib.contextmanager
    def unavailable(self):
        """One request in twenty, by the emulator's own count of requests."""
        over = threading.Event()

        def strike():
            seen = self.stack.counters()["requests"]
            while not over.wait(0.02):
                now = self.stack.counters()["requests"]
                count = int((now - seen) * PART)
                if count:
                    seen = now
                    self.stack.control("/faults", json.dumps({"rpc": "*", "status": "UNAVAILABLE", "count": count}))
        thread = threading.Thread(target=strike)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.stack.control("/faults", json.dumps({"clear": True}))

    @contextlib.contextmanager
    def revoked(self):
        self.stack.control("/faults", json.dumps({"revoke_tokens": True}))
        yield

    ALL = (slow, throttled, dropped, garbled, silent, one_down, unavailable, revoked)


def body(chaos):
    with BreakableStack(chaos, TIMES, "--latency", LATENCY) as stack:
        make_key(stack)
        troubles = Troubles(chaos, stack)
        for _ in range(chaos.amount(1, LONG_ROUNDS)):
            for trouble in chaos.random.sample(Troubles.ALL, len(Troubles.ALL)):
                chaos.say(trouble.__name__)
                with Crew(chaos, stack, WORKERS, threads=THREADS, weights=WEIGHTS) as crew:
                    with trouble(troubles):
                        time.sleep(chaos.amount(LAST_S, LONG_LAST_S))
                    time.sleep(QUIET_S)
                crew.no_errors_before(CALL_S)
                chaos.count("troubles")
        with Crew(chaos, stack, WORKERS, threads=THREADS, weights=WEIGHTS) as crew:
            time.sleep(QUIET_S)
        crew.no_errors()


if __name__ == "__main__":
    run(__doc__, body)
