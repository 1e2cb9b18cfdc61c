#!/usr/bin/env python3
"""Clients that ask and never read the answers, and clients that announce a large frame and never send it: they are
disconnected in time, the daemon gathers nothing for them, and honest clients see no error and no delay.
"""

import contextlib
import os
import select
import struct
import time

from kit.chaos import resident_kib, run
from kit.crew import Crew, make_key
from kit.raw import GET_ATTRIBUTE_VALUE, U64, RawApplication
from kit.stacks import ChaosStack
import wire
from stack import until

EACH, LONG_EACH = 20, 200
VALUE = 1 << 19
ASKED = 64  # answers that each would have to read: 32 MiB
CALL_S = 3
DISCONNECT_S = 40
CLAIMED, SENT = 64 << 20, 1024
OTHER_GROWTH_KIB = 16 * 1024
MOST_HONEST_S = 2.0
HONEST = 1
WEIGHTS = {"sign": 50, "find": 10, "objects": 10, "large": 1}  # large frames share what slow writers lay claim to
OPTIONS = ("--gateway", "tokens: {0: {rate_per_s: 0}}", "--gateway", f"times: {{call: {CALL_S}s}}")


class Slow:
    """A connection that has attached and has a session."""

    def __init__(self, path):
        self.application = RawApplication(path)
        self.application.attach(wire.BEGIN)
        self.session = self.application.open_session()
        self.socket = self.application.connection.socket

    def is_disconnected(self):
        poll = select.poll()
        poll.register(self.socket, select.POLLRDHUP)
        return bool(poll.poll(0))


class SlowReader(Slow):
    """Has an object with a large value and asks for it again and again."""

    def __init__(self, path):
        super().__init__(path)
        handle = self.application.create_data(self.session, os.urandom(VALUE))
        body = U64(handle) + struct.pack("<I", 1) + U64(0x11) + U64(VALUE)
        self.socket.setblocking(False)
        self.asking = wire.frame(GET_ATTRIBUTE_VALUE, body, 99, self.session) * ASKED

    def go_on(self):
        """As much as the socket takes."""
        try:
            self.asking = self.asking[self.socket.send(self.asking):] if self.asking else b""
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass


class SlowWriter(Slow):
    """Announces as much as a frame may hold."""

    def __init__(self, path):
        super().__init__(path)
        self.socket.sendall(wire.frame(wire.CREATE_OBJECT, bytes(SENT), 99, self.session, length=CLAIMED))

    def go_on(self):
        """It does not."""


def all_gone(stack, slow, largest):
    """Largest: a list of the daemon's memory, KiB."""
    for client in slow:
        client.go_on()
    largest.append(resident_kib(stack.pid()))
    return all(client.is_disconnected() for client in slow)


def body(chaos):
    with ChaosStack(chaos, *OPTIONS) as stack:
        make_key(stack)
        path, each = stack.env["GREP11_SOCKET"], chaos.amount(EACH, LONG_EACH)
        slow = [kind(path) for kind in (SlowReader, SlowWriter) for _ in range(each)]
        memory = [resident_kib(stack.pid())]
        with Crew(chaos, stack, HONEST, weights=WEIGHTS) as crew:
            start = time.monotonic()
            with contextlib.suppress(AssertionError):  # judged below
                until(lambda: all_gone(stack, slow, memory), DISCONNECT_S)
            chaos.note("disconnected_s", round(time.monotonic() - start, 1))
        left = [type(client).__name__ for client in slow if not client.is_disconnected()]
        chaos.note("slow", len(slow))
        chaos.promise_all(left, f"slow clients that are still connected after {DISCONNECT_S} s")
        growth = max(memory) - memory[0]
        chaos.note("growth_kib", growth)
        # One answer of each, and no second one: they have asked for 64.
        most = each * VALUE * 5 // 4 // 1024 + OTHER_GROWTH_KIB
        chaos.promise(growth < most, f"the daemon grew by {growth} KiB")
        crew.no_errors()
        chaos.promise(chaos.counts["slowest_s"] < MOST_HONEST_S, f"an honest call took {chaos.counts['slowest_s']} s")


if __name__ == "__main__":
    run(__doc__, body)
