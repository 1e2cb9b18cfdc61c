#!/usr/bin/env python3
"""systemd's way: the socket goes on listening while the daemon is killed and restarted. No connection is refused, no call
fails, and every result is right.
"""

import time

from kit.activation import ActivatedStack, Knocker
from kit.chaos import run
from kit.crew import Crew, make_key

KILLS, LONG_KILLS = 8, 100
RESTARTS, LONG_RESTARTS = 4, 20
SERVES_S = (0.05, 0.8)
AWAY_S = 0.3  # RestartSec= of the unit, and some more
WORKERS, THREADS = 2, 4
LEAST_DONE = 20  # calls for each kill and restart
NO_RATE = ("--gateway", "tokens: {0: {rate_per_s: 0}}")


def body(chaos):
    kills, restarts = chaos.amount(KILLS, LONG_KILLS), chaos.amount(RESTARTS, LONG_RESTARTS)
    with ActivatedStack(chaos, *NO_RATE) as stack:
        make_key(stack)
        with Knocker(stack.env["GREP11_SOCKET"]) as knocker, Crew(chaos, stack, WORKERS, threads=THREADS) as crew:
            for number in range(kills + restarts):
                time.sleep(chaos.random.uniform(*SERVES_S))
                kill = number < kills
                stack.restart(kill=kill, away_s=chaos.random.uniform(0, AWAY_S))
                chaos.count("kills" if kill else "restarts")
            time.sleep(chaos.random.uniform(*SERVES_S))
        crew.no_errors()
        chaos.count("connections", knocker.knocks)
        chaos.promise_all(knocker.refused, "connections that were refused")
        least = LEAST_DONE * (kills + restarts)
        chaos.promise(chaos.counts["done"] >= least, f"only {chaos.counts['done']} calls, {least} were expected")


if __name__ == "__main__":
    run(__doc__, body)
