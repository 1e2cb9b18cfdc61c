#!/usr/bin/env python3
"""The HSM has two endpoints. One is killed under load: no call fails. Both are killed for five seconds: calls wait,
or fail within their deadline, and all is well within two seconds of their return. IAM is away while tokens live: no
call fails.
"""

import time

from kit.chaos import run
from kit.crew import Crew, make_key, sentence
from kit.upstream import BreakableStack
from stack import until

CALL_S, SLACK_S = 10, 3
TIMES = f"call: {CALL_S}s, key_generation: {CALL_S}s, rpc: 4s, iam: 2s"
TOKEN_S = 8
ONE_DOWN_S, BOTH_DOWN_S, RECOVERY_S = 1.5, 5, 2
ROUNDS, LONG_ROUNDS = 1, 20
WORKERS, THREADS = 2, 4
WEIGHTS = {"sign": 60, "find": 10, "generate": 5, "encrypt": 5}


def crew_on(chaos, stack):
    return Crew(chaos, stack, WORKERS, threads=THREADS, weights=WEIGHTS)


def one_killed(chaos, stack):
    with crew_on(chaos, stack) as crew:
        for endpoint in chaos.random.sample((0, 1), 2):
            time.sleep(chaos.random.uniform(0.2, 0.6))
            stack.breaker.order(endpoint, "down")
            time.sleep(ONE_DOWN_S)
            stack.breaker.order(endpoint, "up")
            chaos.count("one_down")
        time.sleep(chaos.random.uniform(0.2, 0.6))
    crew.no_errors()


def both_killed(chaos, stack):
    with crew_on(chaos, stack) as crew:
        time.sleep(chaos.random.uniform(0.2, 0.6))
        stack.breaker.all("down")
        time.sleep(BOTH_DOWN_S)
        back = time.time()
        stack.breaker.all("up")
        chaos.count("both_down")
        time.sleep(RECOVERY_S + 1)
    late = [call for call in crew.errors + crew.slow if call["at"] > back + RECOVERY_S]
    chaos.promise_all(list(map(sentence, late)), f"calls that failed or ended more than {RECOVERY_S} s after the return")
    long = [call for call in crew.errors if call["after_s"] > CALL_S + SLACK_S]
    chaos.promise_all(list(map(sentence, long)), "calls that failed after their deadline")


def iam_away(chaos, stack):
    """From the moment after a token was fetched until most of its life is over; its renewal falls into that."""
    with crew_on(chaos, stack) as crew:
        before = stack.counters()["token_fetches"]
        until(lambda: stack.counters()["token_fetches"] > before, 2 * TOKEN_S, "a renewed token")
        with stack.fault(iam="down"):
            time.sleep(0.7 * TOKEN_S)
        chaos.count("iam_away")
    crew.no_errors()


def body(chaos):
    with BreakableStack(chaos, TIMES, "--token-lifetime", f"{TOKEN_S}s", "--latency", "2ms") as stack:
        make_key(stack)
        for _ in range(chaos.amount(ROUNDS, LONG_ROUNDS)):
            for trouble in chaos.random.sample((one_killed, both_killed, iam_away), 3):
                trouble(chaos, stack)


if __name__ == "__main__":
    run(__doc__, body)
