#!/usr/bin/env python3
"""Clients that ask and never read the answers: they are disconnected in time, the daemon does not gather their answers, and honest
clients see no error and no delay.
"""

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

READERS, LONG_READERS = 20, 200
VALUE = 1 << 19
ASKED = 64  # answers that each would have to read: 32 MiB
CALL_S = 3
DISCONNECT_S = 30
MOST_GROWTH_KIB = 32 * 1024  # for all of them; their answers are 640 MiB and more
MOST_HONEST_S = 2.0
HONEST = 2
OPTIONS = ("--gateway", "tokens: {0: {rate_per_s: 0}}", "--gateway", f"times: {{call: {CALL_S}s}}")


class SlowReader:
    """Has an object with a large value and asks for it again and again."""

    def __init__(self, path):
        application = RawApplication(path)
        application.attach(wire.BEGIN)
        session = application.open_session()
        handle = application.create_data(session, os.urandom(VALUE))
        body = U64(handle) + struct.pack("<I", 1) + U64(0x11) + U64(VALUE)
        self.socket = application.connection.socket
        self.socket.setblocking(False)
        self.asking = wire.frame(GET_ATTRIBUTE_VALUE, body, 99, session) * ASKED

    def ask(self):
        """As much as the socket takes."""
        try:
            self.asking = self.asking[self.socket.send(self.asking):] if self.asking else b""
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass

    def is_disconnected(self):
        poll = select.poll()
        poll.register(self.socket, select.POLLRDHUP)
        return bool(poll.poll(0))


def body(chaos):
    with ChaosStack(chaos, *OPTIONS) as stack:
        make_key(stack)
        readers = [SlowReader(stack.env["GREP11_SOCKET"]) for _ in range(chaos.amount(READERS, LONG_READERS))]
        before = resident_kib(stack.pid())
        with Crew(chaos, stack, HONEST) as crew:
            start, largest = time.monotonic(), before

            def all_gone():
                nonlocal largest
                for reader in readers:
                    reader.ask()
                largest = max(largest, resident_kib(stack.pid()))
                return all(reader.is_disconnected() for reader in readers)
            try:
                until(all_gone, DISCONNECT_S, "the end of slow readers")
            except AssertionError:
                left = sum(not reader.is_disconnected() for reader in readers)
                chaos.promise(False, f"{left} of {len(readers)} slow readers are connected after {DISCONNECT_S} s")
            chaos.note("disconnected_s", round(time.monotonic() - start, 1))
        chaos.note("readers", len(readers))
        chaos.note("growth_kib", largest - before)
        chaos.promise(largest - before < MOST_GROWTH_KIB, f"the daemon grew by {largest - before} KiB")
        crew.no_errors()
        chaos.promise(chaos.counts["slowest_s"] < MOST_HONEST_S, f"an honest call took {chaos.counts['slowest_s']} s")


if __name__ == "__main__":
    run(__doc__, body)
