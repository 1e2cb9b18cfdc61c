#!/usr/bin/env python3
"""Troubles on the way to the HSM, in random order, under mixed load: ten times the latency, some UNAVAILABLE, dropped
connections, garbled octets, silence, throttling, revoked tokens. No result is ever wrong, and a call fails only where
its deadline ended.
"""

import contextlib
import json
import time

from kit.chaos import run
from kit.crew import Crew, make_key
from kit.upstream import BreakableStack

CALL_S = 8
TIMES = f"call: {CALL_S}s, key_generation: {CALL_S}s, rpc: 2s, iam: 2s"
LATENCY, TENFOLD = "3ms", "30ms"
PART = 0.05
LAST_S, LONG_LAST_S = 1.5, 30.0
LONG_ROUNDS = 4
QUIET_S = 0.3
WORKERS, THREADS = 2, 4
WEIGHTS = {"sign": 60, "find": 10, "objects": 5, "generate": 10, "encrypt": 10}


# What the emulator does, and how it is undone.
CONTROLLED = {
    "slow": ({"latency": TENFOLD}, {"latency": LATENCY}),
    "throttled": ({"rate": 200}, {"rate": 0}),
    "unavailable": ({"rpc": "*", "status": "UNAVAILABLE", "chance": PART}, {"clear": True}),
    "dropped": ({"rpc": "*", "reply": "drop", "chance": PART}, {"clear": True}),
    "garbage": ({"rpc": "*", "reply": "garbage", "chance": PART}, {"clear": True}),
    "empty": ({"rpc": "*", "reply": "empty", "chance": PART}, {"clear": True}),
    "late": ({"rpc": "*", "reply": "late:500ms", "chance": PART}, {"clear": True}),
    "revoked": ({"revoke_tokens": True}, {"clear": True}),
    "goaway": ({"goaway": True}, {"clear": True}),
}
# What the way there does: order, on one of the two endpoints or on both.
ON_THE_WAY = {"garbled": ("garble", 2), "silent": ("stall", 1), "one_down": ("down", 1)}
TOGETHER = ("slow", "unavailable", "dropped", "garbage")


@contextlib.contextmanager
def trouble(chaos, stack, name):
    """One thing is broken for a scope; "together": several are."""
    controlled = [CONTROLLED[one] for one in (TOGETHER if name == "together" else (name,)) if one in CONTROLLED]
    order, count = ON_THE_WAY.get(name, ("up", 0))
    for on, _ in controlled:
        stack.control("/faults", json.dumps(on))
    for endpoint in chaos.random.sample((0, 1), count):
        stack.breaker.order(endpoint, order, PART)
    try:
        yield
    finally:
        stack.breaker.all("up")
        for _, off in controlled:
            stack.control("/faults", json.dumps(off))


def crew_on(chaos, stack):
    return Crew(chaos, stack, WORKERS, threads=THREADS, weights=WEIGHTS)


def body(chaos):
    with BreakableStack(chaos, TIMES, "--latency", LATENCY) as stack:
        make_key(stack)
        stack.control("/faults", json.dumps({"seed": chaos.random.getrandbits(31)}))
        names = [*CONTROLLED, *ON_THE_WAY, "together"]
        for _ in range(chaos.amount(1, LONG_ROUNDS)):
            for name in chaos.random.sample(names, len(names)):
                chaos.say(name)
                with crew_on(chaos, stack) as crew:
                    with trouble(chaos, stack, name):
                        time.sleep(chaos.amount(LAST_S, LONG_LAST_S))
                    time.sleep(QUIET_S)
                crew.no_errors_before(CALL_S)
                chaos.count("troubles")
        with crew_on(chaos, stack) as crew:
            time.sleep(QUIET_S)
        crew.no_errors()


if __name__ == "__main__":
    run(__doc__, body)
