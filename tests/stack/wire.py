"""Room: tests/stack. The local protocol as proto/wire/WIRE.md describes it, written a second time so that the page, not
the daemon's own codec, is what is tested. May touch: the daemon's socket.
"""

import socket
import struct

ATTACH = 0x8000
MAGIC = 0x41313147
BEGIN, JOIN, RESTORE, CLONE = range(4)
GET_INFO, GET_SLOT_LIST, OPEN_SESSION, FIND_OBJECTS_INIT, CREATE_OBJECT, DIGEST, SIGN_INIT = 2, 4, 12, 26, 20, 38, 42

CKR_OK = 0
CKR_DEVICE_ERROR = 0x30
CKR_SESSION_HANDLE_INVALID = 0xB3

HEADER = struct.Struct("<IHHQQ")


def frame(function, body=b"", request=1, session=0, flags=0, length=None):
    return HEADER.pack(len(body) if length is None else length, function, flags, request, session) + body


def octets(value):
    return struct.pack("<I", len(value)) + value


def attach_body(magic=MAGIC, lowest=1, highest=1, ulong=8, features=0, manner=None, application=b"", records=()):
    """`records`: (number, octets) pairs. `manner`: begin without an application, join with one, unless it is given."""
    manner = (JOIN if application else BEGIN) if manner is None else manner
    return (struct.pack("<IHH", magic, lowest, highest) + octets(b"test") + struct.pack("<BIB", ulong, features, manner) +
            octets(application) + struct.pack("<I", len(records)) +
            b"".join(struct.pack("<I", number) + octets(sealed) for number, sealed in records))


def attribute(kind, value):
    return struct.pack("<QB", kind, 0) + octets(value)


def nested(kind, inner):
    return struct.pack("<QB", kind, 1) + attributes(inner)


def attributes(encoded):
    return struct.pack("<I", len(encoded)) + b"".join(encoded)


class Closed(Exception):
    """The daemon closed the connection."""


class Connection:
    def __init__(self, path, attach=True, most_s=20):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(most_s)
        self.socket.connect(path)
        self.requests = 0
        self.application = b""
        if attach:
            result, body = self.call(ATTACH, attach_body())
            assert result == CKR_OK, hex(result)
            size = struct.unpack_from("<I", body, 2)[0]
            self.application = body[6:6 + size]

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed from error

    def receive(self, size):
        data = b""
        while len(data) < size:
            try:
                some = self.socket.recv(size - len(data))
            except ConnectionResetError as error:
                raise Closed from error
            if not some:
                raise Closed
            data += some
        return data

    def reply(self):
        """(function, request, result, body) of the next reply."""
        length, function, _, request, result = HEADER.unpack(self.receive(HEADER.size))
        return function, request, result, self.receive(length)

    def call(self, function, body=b"", session=0):
        self.requests += 1
        self.send(frame(function, body, self.requests, session))
        got, request, result, reply = self.reply()
        assert (got, request) == (function, self.requests), (got, request)
        return result, reply
