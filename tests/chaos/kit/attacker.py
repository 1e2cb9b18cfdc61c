"""Room: tests/chaos. A client that throws mutated frames and mutated Attach records at the daemon. See clients.py.

Task: name, seed, frames. Starts from valid frames: those of tests/fuzz/seeds.py and the records of an application of its
own. Tells: frames, connections, those that were never closed. May touch: the daemon's socket.
"""

import os
import random
import socket
import sys

from kit import TESTS, raw
from kit.clients import main
from kit.raw import RawApplication
import wire

sys.path.insert(0, os.path.join(TESTS, "fuzz"))
import seeds  # noqa: E402  # pylint: disable=wrong-import-position

HEADER = wire.HEADER.size
CLOSE_S = 20  # the longest that the daemon may keep a connection whose other end has said all
MOST_BATCH = 4
# Numbers that are off by one somewhere, or huge.
ODD = (0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 4096, 4097, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF, 2**63 - 1,
       2**64 - 1)
# Attributes as sent: an object of the token would stay behind, and growth would be nobody's fault.
ON_TOKEN, OF_SESSION = wire.attribute(1, b"\1"), wire.attribute(1, b"\0")


def valid_bodies():
    """(function number, body) of each function that travels."""
    return [(number, body.replace(ON_TOKEN, OF_SESSION)) for name, number in sorted(seeds.carried().items())
            for body in seeds.BODIES.get(name, [b""])]


class Attacker:
    def __init__(self, task):
        self.path, self.random = os.environ["GREP11_SOCKET"], random.Random(task["seed"])
        self.bodies = valid_bodies()
        self.frames = self.connections = self.stuck = 0
        self.owner = RawApplication(self.path)
        self.owner.attach(wire.BEGIN)
        self.session = self.owner.open_session()
        for _ in range(5):
            self.owner.create_data(self.session, self.random.randbytes(100))

    # Mutations.

    def mutate(self, data):
        """A few changes of octets, numbers, lengths."""
        data = bytearray(data)
        for _ in range(self.random.choice((1, 1, 1, 2, 4, 16))):
            self.random.choice((self._flip, self._odd_number, self._cut, self._insert, self._repeat))(data)
        return bytes(data)

    def _flip(self, data):
        if data:
            data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)

    def _odd_number(self, data):
        size = self.random.choice((1, 2, 4, 8))
        if len(data) >= size:
            at = self.random.randrange(len(data) - size + 1)
            data[at:at + size] = (self.random.choice(ODD) % 256**size).to_bytes(size, "little")

    def _cut(self, data):
        if data:
            at = self.random.randrange(len(data))
            del data[at:at + self.random.randrange(1, 17)]

    def _insert(self, data):
        at = self.random.randrange(len(data) + 1)
        data[at:at] = self.random.randbytes(self.random.randrange(1, 17))

    def _repeat(self, data):
        if data and len(data) < 4096:
            at = self.random.randrange(len(data))
            data[at:at] = data[at:at + self.random.randrange(1, 65)]

    # Frames.

    def call_frame(self, session, handle):
        function, body = self.random.choice(self.bodies)
        body = body.replace(seeds.KEY, handle)
        flags = self.random.choice((0, 0, 0, 1, 4, 5))
        session = session if self.random.random() < 0.9 else self.random.getrandbits(64)
        if self.random.random() < 0.7:  # a sound header around a broken body: what the handlers see
            return wire.frame(function, self.mutate(body), self.random.getrandbits(20), session, flags)
        return self.mutate(wire.frame(function, body, self.random.getrandbits(20), session, flags))

    def attach_frame(self):
        manner = self.random.choice((wire.BEGIN, wire.JOIN, wire.RESTORE, wire.CLONE, wire.CLONE, wire.CLONE))
        records = sorted(self.owner.records.items()) if manner in (wire.RESTORE, wire.CLONE) else []
        application = self.owner.id if manner != wire.BEGIN else b""
        if records and self.random.random() < 0.5:
            number, sealed = records[at := self.random.randrange(len(records))]
            records[at] = (number, self.mutate(sealed))
        body = wire.attach_body(manner=manner, application=application, records=records)
        if self.random.random() < 0.5:
            body = self.mutate(body)
        return wire.frame(wire.ATTACH, body)

    def throw(self):
        """One connection: Attach, then perhaps some calls; afterwards the daemon closes, since we have said all."""
        application = RawApplication(self.path)
        if self.random.random() < 0.4:
            application.connection = wire.Connection(self.path, attach=False, most_s=CLOSE_S)
            batch = [self.attach_frame()]
        else:
            application.attach(wire.BEGIN)
            session = application.open_session()
            handle = raw.U64(application.create_data(session, b"x") if self.random.random() < 0.5 else 1)
            batch = [self.call_frame(session, handle) for _ in range(self.random.randrange(1, MOST_BATCH + 1))]
        self.connections += 1
        self._send(application.connection, batch)

    def _send(self, connection, batch):
        """Frames behind one that closes the connection were not looked at, and are not counted."""
        answers = 0
        try:
            connection.send(b"".join(batch))
            connection.socket.shutdown(socket.SHUT_WR)
            while True:
                connection.reply()
                answers += 1
        except TimeoutError:
            self.stuck += 1
        except (wire.Closed, OSError):
            pass
        finally:
            connection.close()
        self.frames += min(answers + 1, len(batch))


def work(task):
    attacker = Attacker(task)
    while attacker.frames < task["frames"]:
        attacker.throw()
    return {"frames": attacker.frames, "connections": attacker.connections, "stuck": attacker.stuck}


if __name__ == "__main__":
    main(work)
