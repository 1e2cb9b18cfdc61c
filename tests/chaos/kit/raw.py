"""Room: tests/chaos. An application that speaks the protocol itself, as proto/wire/WIRE.md describes it, and keeps
the records that the daemon gives it. And actors: processes of other users that hold such applications. May touch: the
daemon's socket.
"""

import multiprocessing
import os
import struct
import traceback

import wire
from kit.chaos import die_with_parent

GET_SESSION_INFO, CLOSE_SESSION, LOGIN, GET_ATTRIBUTE_VALUE, SIGN = 15, 13, 18, 24, 43
RECORDS_FOLLOW = 2  # flag of a reply
NULL_QUERY = 2**64 - 1
CKU_USER, CKM_ECDSA = 1, 0x1041
U64 = struct.Struct("<Q").pack


class RawApplication:
    def __init__(self, path):
        self.path, self.connection = path, None
        self.id, self.records, self.requests = b"", {}, 0

    def attach(self, manner, application=b"", records=None):
        """The CKR of the answer, or "closed". `records`: dict from number to sealed octets."""
        if self.connection is not None:
            self.connection.close()
        self.connection = wire.Connection(self.path, attach=False)
        body = wire.attach_body(manner=manner, application=application, records=sorted((records or {}).items()))
        try:
            result, reply = self.call(wire.ATTACH, body)
        except wire.Closed:
            return "closed"
        if result == wire.CKR_OK:
            size = struct.unpack_from("<I", reply, 2)[0]
            self.id = reply[6:6 + size]
            if manner == wire.RESTORE:
                self.records = dict(records)
        return result

    def call(self, function, body=b"", session=0, flags=0):
        """(CKR, results); record updates are taken out of the body and kept."""
        self.requests += 1
        self.connection.send(wire.frame(function, body, self.requests, session, flags))
        length, _, got_flags, request, result = wire.HEADER.unpack(self.connection.receive(wire.HEADER.size))
        assert request == self.requests, (request, self.requests)
        reply = self.connection.receive(length)
        if got_flags & RECORDS_FOLLOW:
            reply = self._take_updates(reply)
        return result, reply

    def _take_updates(self, reply):
        size = struct.unpack("<I", reply[-4:])[0]
        at = len(reply) - 4 - size
        count, place = struct.unpack_from("<I", reply, at)[0], at + 4
        for _ in range(count):
            number, _, length = struct.unpack_from("<IQI", reply, place)
            place += 16
            self.records[number] = reply[place:place + length]
            if not length:
                del self.records[number]
            place += length
        assert place == len(reply) - 4, "the updates do not fill their length"
        return reply[:at]

    # Whole steps.

    def open_session(self):
        result, body = self.call(wire.OPEN_SESSION, U64(0) + U64(6))
        assert result == wire.CKR_OK, hex(result)
        return struct.unpack("<Q", body)[0]

    def login(self, session, pin):
        return self.call(LOGIN, U64(CKU_USER) + b"\1" + wire.octets(pin.encode()), session)[0]

    def create_data(self, session, value, token=False):
        result, body = self.call(wire.CREATE_OBJECT, wire.attributes([
            wire.attribute(0, U64(0)), wire.attribute(1, bytes([token])), wire.attribute(3, b"mine"),
            wire.attribute(0x11, value)]), session)
        assert result == wire.CKR_OK, hex(result)
        return struct.unpack("<Q", body)[0]

    def session_info(self, session):
        return self.call(GET_SESSION_INFO, b"", session)[0]

    def close_session(self, session):
        return self.call(CLOSE_SESSION, b"", session)[0]

    def value_of(self, session, handle):
        """(CKR, octets of CKA_VALUE)"""
        asked = U64(handle) + struct.pack("<I", 1) + U64(0x11) + U64(4096)
        result, body = self.call(GET_ATTRIBUTE_VALUE, asked, session)
        return result, body[9:] if result == wire.CKR_OK else b""

    def destroy(self, session, handle):
        return self.call(22, U64(handle), session)[0]

    def sign_init(self, session, key):
        return self.call(wire.SIGN_INIT, b"\1" + struct.pack("<QB", CKM_ECDSA, 0) + U64(key), session)[0]


class Actor:
    """A process of this user and group that does with a RawApplication what it is asked: actor.attach(...)."""

    def __init__(self, path, uid, gid):
        self.pipe, other = multiprocessing.Pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._be(other, path, uid, gid)
        other.close()

    @staticmethod
    def _be(pipe, path, uid, gid):
        try:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            die_with_parent()
            application = RawApplication(path)
            while (asked := pipe.recv()) is not None:
                name, arguments = asked
                what = getattr(application, name)
                pipe.send(what(*arguments) if callable(what) else what)
        except EOFError:
            pass
        except Exception as error:  # the one who asked is told
            traceback.print_exc()
            pipe.send(error)
        finally:
            os._exit(0)

    def __getattr__(self, name):
        def ask(*arguments):
            self.pipe.send((name, arguments))
            answer = self.pipe.recv()
            if isinstance(answer, Exception):
                raise answer
            return answer
        return ask

    def end(self):
        self.pipe.send(None)
        os.waitpid(self.pid, 0)
