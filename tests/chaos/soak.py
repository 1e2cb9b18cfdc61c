#!/usr/bin/env python3
"""Mixed load for long: signatures, searches, session objects, sessions, logins, forks. Every result is right, no call
fails, and the memory of daemon and clients does not grow: a straight line through their resident memory stays within
a bound.
"""

import time

from kit.chaos import run
from kit.crew import Crew, make_key
from kit.memory import MemoryWatch
from kit.stacks import ChaosStack

SOAK_S, LONG_SOAK_S = 120, 1800
WORKERS = 3
WEIGHTS = {"sign": 40, "find": 15, "read": 15, "objects": 15, "sessions": 10, "encrypt": 5, "login": 2, "fork": 2}
NO_RATE = ("--gateway", "tokens: {0: {rate_per_s: 0}}")


def bound_kib(size_kib):
    """Noise: arenas, and pages that the kernel gives in blocks."""
    return 1024 + 0.05 * size_kib


def body(chaos):
    with ChaosStack(chaos, *NO_RATE) as stack:
        make_key(stack)
        with Crew(chaos, stack, WORKERS, weights=WEIGHTS) as crew:
            pids = {"daemon": stack.pid(), **{f"client {number}": pid for number, pid in enumerate(crew.pids())}}
            with MemoryWatch(pids) as watch:
                time.sleep(chaos.amount(SOAK_S, LONG_SOAK_S))
        crew.no_errors()
        watch.judge(chaos, bound_kib)


if __name__ == "__main__":
    run(__doc__, body)
