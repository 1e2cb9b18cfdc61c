#!/usr/bin/env python3
"""Mutated frames and mutated Attach records, made from valid ones, against a live daemon with busy honest clients:
the daemon lives, closes every broken connection, and does not grow; the honest clients see no error.
"""

from kit.chaos import run
from kit.clients import Client
from kit.crew import Crew, make_key
from kit.memory import MemoryWatch
from kit.stacks import ChaosStack

FRAMES, LONG_FRAMES = 20_000, 1_000_000
ATTACKERS = 2
HONEST = 2
LONG_S = 5000
OPTIONS = ("--log-level", "error", "--gateway", "tokens: {0: {rate_per_s: 0}}",
           "--gateway", "times: {application_grace: 100ms}")  # what thousands that are gone still hold is not the point


def bound_kib(_):
    """Arenas that one more kind of large frame has opened; a leak of 400 octets a frame is more in the short form."""
    return 8192


def body(chaos):
    with ChaosStack(chaos, *OPTIONS) as stack:
        make_key(stack)
        daemon, each = stack.pid(), chaos.amount(FRAMES, LONG_FRAMES) // ATTACKERS
        with Crew(chaos, stack, HONEST) as crew, MemoryWatch({"daemon": daemon}) as watch:
            task = {"frames": each}
            attackers = [Client(stack, "attacker", {**task, "name": f"a{number}", "seed": chaos.random.getrandbits(32)})
                         for number in range(ATTACKERS)]
            for attacker in attackers:
                for name, value in attacker.result(chaos.amount(90, LONG_S)).items():
                    chaos.count(name, value)
        chaos.promise(chaos.counts["stuck"] == 0, f"{chaos.counts['stuck']} connections were not closed in time")
        chaos.promise(stack.is_running() and stack.pid() == daemon, f"the daemon ended:\n{stack.daemon_log()[-2000:]}")
        crew.no_errors()
        watch.judge(chaos, bound_kib)


if __name__ == "__main__":
    run(__doc__, body)
