#!/usr/bin/env python3
"""nginx under steady TLS load, with the daemon killed at random instants: nginx reloads its configuration (HUP) and
replaces its binary (USR2, WINCH, QUIT); no handshake fails.
"""

import time

from kit.chaos import run
from kit.keys import WebKeys
from kit.servers import Nginx
from kit.stacks import GROUP, ChaosStack, InBackground
from kit.web import load_on
from stack import until

RELOADS, LONG_RELOADS = 3, 30
UPGRADES, LONG_UPGRADES = 2, 10
KILL_S = 30


def kill_until_told(stopping, stack):
    while not stopping.is_set():
        stack.restarts(kills=1, stops=0, first_s=0.3, last_s=1.5)


def steps(chaos):
    """Reloads and upgrades in an order of chance."""
    order = ([Nginx.reload] * chaos.amount(RELOADS, LONG_RELOADS) +
             [Nginx.upgrade] * chaos.amount(UPGRADES, LONG_UPGRADES))
    chaos.random.shuffle(order)
    return order


def after_a_kill(chaos):
    """Steps are spread over the life of daemons: some fall into a time without one."""
    seen = chaos.counts.get("kills", 0)
    until(lambda: chaos.counts.get("kills", 0) > seen, KILL_S, "a kill")
    time.sleep(chaos.random.uniform(0, 1.0))


def body(chaos):
    with ChaosStack(chaos, group=GROUP) as stack:
        with Nginx(WebKeys(stack)) as server, load_on(chaos, server), InBackground(kill_until_told, stack):
            for step in steps(chaos):
                after_a_kill(chaos)
                step(server)
                chaos.count(f"{step.__name__}s")


if __name__ == "__main__":
    run(__doc__, body)
