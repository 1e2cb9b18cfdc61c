"""Room: tests/chaos. What every server has to show: under steady TLS load the daemon is killed and restarted, no
handshake fails and no process of the server goes. May touch: a stack of its own.
"""

from kit.chaos import die_with_parent, uid_of
from kit.keys import WebKeys
from kit.stacks import GROUP, ChaosStack
from kit.tls_load import TlsLoad

KILLS, LONG_KILLS = 8, 100
STOPS, LONG_STOPS = 3, 20
LEAST_PER_RESTART = 3  # handshakes on average: less is no load


def load_on(chaos, server):
    return _Load(chaos, server)


class _Load(TlsLoad):
    """TLS load whose end is judged: nothing failed, and there was load."""

    def __init__(self, chaos, server):
        super().__init__(server.port, server.keys.ca_file, server.KINDS, die_with_parent)
        self.chaos = chaos

    def __exit__(self, *error):
        super().__exit__(*error)
        chaos = self.chaos
        chaos.count("handshakes", self.done)
        chaos.count("failed", self.failed)
        chaos.note("slowest_s", max(self.slowest_s, chaos.counts.get("slowest_s", 0)))
        chaos.promise_all(self.failures, "handshakes that failed")


def kills_and_stops(chaos, server_class):
    """The whole program for a server that needs nothing more."""
    with ChaosStack(chaos, group=GROUP) as stack:
        keys = WebKeys(stack)
        with server_class(keys) as server:
            before = server.pids()
            with load_on(chaos, server):
                stack.restarts(chaos.amount(KILLS, LONG_KILLS), chaos.amount(STOPS, LONG_STOPS))
            judge_server(chaos, server, before)
        judge_keys(chaos, stack)
    least = LEAST_PER_RESTART * (chaos.counts["kills"] + chaos.counts["restarts"])
    chaos.promise(chaos.counts["handshakes"] >= least, f"less than {least} handshakes are no load")


def judge_keys(chaos, stack):
    """Each handshake was signed in the HSM; nobody had a copy of the keys, or a session resumed."""
    signed = stack.counters()["rpc"].get("SignSingle", 0)
    chaos.note("signed", signed)
    chaos.promise(signed >= chaos.counts["handshakes"], f"the HSM signed {signed} times only")


def judge_server(chaos, server, before):
    after = server.pids()
    chaos.note("processes", len(before))
    chaos.promise(any(uid_of(pid) != 0 for pid in after), f"none of {after} has given up root")
    chaos.promise(before == after, f"processes of the server were {before}, are {after}:\n{server.said()}")
