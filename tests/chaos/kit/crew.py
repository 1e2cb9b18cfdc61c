"""Room: tests/chaos. Workers (worker.py) for a scope, and what they told at its end. May touch: processes it starts."""

import collections

from kit.clients import Client
from stack import until

KEY = "chaos-key"
START_S = 30


def make_key(stack):
    Client(stack, "key_maker", {"key": KEY}).result()


class Crew:
    """`count` worker processes on a stack whose token has the key of make_key()."""

    def __init__(self, chaos, stack, count, **task):
        self.chaos, self.stack, self.task = chaos, stack, {"key": KEY, **task}
        self.count, self.clients = count, []
        self.errors, self.wrong, self.slow = [], [], []

    def __enter__(self):
        for number in range(self.count):
            seed = self.chaos.random.getrandbits(32)
            self.clients.append(Client(self.stack, "worker", {
                **self.task, "name": f"w{number}", "seed": seed, "ready": self.stack.path(f"ready-{seed:x}-{number}")}))
        for client in self.clients:
            until(client.is_ready, START_S, f"{client.name} at work")
        return self

    def pids(self):
        return [client.pid for client in self.clients]

    def __exit__(self, kind, *_):
        for client in self.clients:
            client.tell_to_end()
        if kind is not None:
            return
        done = collections.Counter()
        for client in self.clients:
            told = client.result()
            done.update(told["done"])
            self.errors += told["errors"]
            self.wrong += told["wrong"]
            self.slow += told["slow"]
            self.chaos.count("errors", told["failed"])
            self.chaos.count("wrong", len(told["wrong"]))
            self.chaos.note("slowest_s", max(told["slowest_s"], self.chaos.counts.get("slowest_s", 0)))
        self.chaos.count("done", sum(done.values()))
        idle = [name for name in self.task.get("weights", {"sign": 1}) if not done[name]]
        self.chaos.promise(not idle, f"too little was done: {done}")
        self.chaos.promise_all(self.wrong, "wrong results")

    def no_errors(self):
        self.chaos.promise_all(list(map(sentence, self.errors)), "calls that failed")

    def no_errors_before(self, deadline_s):
        """A call may fail only when its time was over."""
        early = [sentence(error) for error in self.errors if error["after_s"] < deadline_s]
        self.chaos.promise_all(early, f"calls that failed before {deadline_s} s were over")


def sentence(call):
    """Its last words are those that promise_all() counts."""
    return f"after {call['after_s']} s {call['what']}"
