#!/usr/bin/env python3
"""Room: tests/stack. Frames that break a rule of WIRE.md: that connection is closed with one log line, all others go on.

May touch: a stack of its own and its socket.
"""

import contextlib
import random
import re
import socket
import struct
import threading
import unittest

import wire
from stack import StackTest, until

MIB = 1 << 20
U64 = struct.Struct("<Q").pack

SESSION_AT = 16  # in the header
CKF_SERIAL_SESSION = 4

# After a good Attach: (name, bytes to send). Each breaks one rule.
BAD_FRAMES = [
    ("a body longer than the limit", wire.frame(wire.GET_INFO, length=64 * MIB + 1)),
    ("a body of four gigabytes", wire.frame(wire.GET_INFO, length=0xFFFFFFFF)),
    ("a function after the last", wire.frame(92)),
    ("a function far away", wire.frame(0x7FFF)),
    ("a function that the shim answers alone", wire.frame(3)),
    ("a function that is not offered", wire.frame(73)),
    ("Attach a second time", wire.frame(wire.ATTACH, wire.attach_body())),
    ("a body where none belongs", wire.frame(wire.GET_INFO, b"x")),
    ("a body that is too short", wire.frame(wire.GET_SLOT_LIST, b"\x01")),
    ("a body with bytes left over", wire.frame(wire.GET_SLOT_LIST, b"\x01" + U64(0) + b"x")),
    ("octets that reach past the body", wire.frame(wire.DIGEST, struct.pack("<I", 1000) + b"abc", session=1)),
    ("more attributes than the limit", wire.frame(wire.FIND_OBJECTS_INIT, wire.attributes(
        [wire.attribute(3, b"")] * 4097), session=1)),
    ("more attributes than bytes", wire.frame(wire.FIND_OBJECTS_INIT, struct.pack("<I", 4000), session=1)),
    ("attributes nested too deep", wire.frame(wire.CREATE_OBJECT, wire.attributes([wire.nested(0x40000211, [
        wire.nested(0x40000211, [wire.nested(0x40000211, [wire.nested(0x40000211, [wire.nested(
            0x40000211, [])])])])])]), session=1)),
    ("an unknown form of attribute", wire.frame(wire.CREATE_OBJECT, struct.pack("<IQB", 1, 3, 7) + wire.octets(b"x"),
                                                session=1)),
    ("an unknown form of mechanism", wire.frame(wire.SIGN_INIT, b"\x01" + struct.pack("<QB", 1, 9) + U64(1),
                                                session=1)),
]

# Instead of a good Attach.
BAD_FIRST_FRAMES = [
    ("another function first", wire.frame(wire.GET_INFO)),
    ("another magic", wire.frame(wire.ATTACH, wire.attach_body(magic=0x12345678))),
    ("records with nothing to restore", wire.frame(wire.ATTACH, wire.attach_body(records=[(1, b"x")]))),
    ("a restore without records", wire.frame(wire.ATTACH, wire.attach_body(manner=wire.RESTORE, application=bytes(16)))),
    ("an unknown manner", wire.frame(wire.ATTACH, wire.attach_body(manner=4))),
    ("an application id of a wrong length", wire.frame(wire.ATTACH, wire.attach_body(application=b"short"))),
    ("Attach cut off", wire.frame(wire.ATTACH, wire.attach_body()[:-1])),
    ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("TLS", bytes.fromhex("160301020001000100fc03031122334455667788") * 4),
]


def in_a_session(connection, data):
    """The frame with the handle of a session that exists, where it names one: the body is looked at only then."""
    if U64(1) != data[SESSION_AT:SESSION_AT + 8]:
        return data
    result, body = connection.call(wire.OPEN_SESSION, U64(0) + U64(CKF_SERIAL_SESSION))
    assert result == wire.CKR_OK, result
    return data[:SESSION_AT] + body + data[SESSION_AT + 8:]


class HostileFrames(StackTest):
    def setUp(self):
        self.path = self.stack.env["GREP11_SOCKET"]
        self.witness = wire.Connection(self.path)  # an innocent application
        self.addCleanup(self.witness.close)

    def warnings(self):
        """Lines about connections that were closed for what came over them."""
        return re.findall(r"connection of process \d+ \(uid \d+\) closed.*", self.stack.daemon_log())

    def expect_closed(self, connection, data):
        before = len(self.warnings())
        with contextlib.suppress(wire.Closed):
            connection.send(data)
        with self.assertRaises(wire.Closed):
            while True:
                connection.receive(1)
        until(lambda: len(self.warnings()) > before, what="a log line")
        self.assertEqual(len(self.warnings()), before + 1, self.warnings()[before:])
        self.expect_witness_is_served()

    def expect_witness_is_served(self):
        result, body = self.witness.call(wire.GET_INFO)
        self.assertEqual(result, wire.CKR_OK)
        self.assertGreater(len(body), 4)

    def test_each_bad_frame_closes_its_connection_with_one_line(self):
        for name, data in BAD_FRAMES:
            with self.subTest(name), wire.Connection(self.path) as connection:
                self.expect_closed(connection, in_a_session(connection, data))

    def test_each_bad_first_frame_closes_its_connection_with_one_line(self):
        for name, data in BAD_FIRST_FRAMES:
            with self.subTest(name), wire.Connection(self.path, attach=False) as connection:
                self.expect_closed(connection, data)

    def test_a_frame_that_ends_in_the_middle_disturbs_nobody(self):
        whole = wire.frame(wire.GET_SLOT_LIST, b"\x01" + U64(0))
        for cut in range(1, len(whole)):
            connection = wire.Connection(self.path)
            connection.send(whole[:cut])
            connection.close()
        self.expect_witness_is_served()

    def test_a_frame_that_never_ends_holds_up_nobody(self):
        with contextlib.ExitStack() as open_ends:
            for _ in range(20):
                connection = open_ends.enter_context(wire.Connection(self.path))
                connection.send(wire.frame(wire.GET_INFO)[:10])
            self.expect_witness_is_served()

    def test_a_frame_in_single_bytes_is_a_good_frame(self):
        with wire.Connection(self.path) as connection:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
            for byte in wire.frame(wire.GET_INFO, request=7):
                connection.send(bytes([byte]))
            _, request, result, _ = connection.reply()
            self.assertEqual((request, result), (7, wire.CKR_OK))

    def test_handles_that_were_never_given_are_an_error_and_no_more(self):
        with wire.Connection(self.path) as connection:
            for handle in (0, 1, 2**32, 2**63, 2**64 - 1):
                result, body = connection.call(wire.FIND_OBJECTS_INIT, wire.attributes([]), session=handle)
                self.assertEqual((result, body), (wire.CKR_SESSION_HANDLE_INVALID, b""))

    def test_no_common_version_is_refused_and_both_are_named(self):
        with wire.Connection(self.path, attach=False) as connection:
            result, _ = connection.call(wire.ATTACH, wire.attach_body(lowest=4711, highest=4712))
            self.assertEqual(result, wire.CKR_DEVICE_ERROR)
        until(lambda: any("4711" in line and "1" in line.replace("4711", "")
                          for line in self.stack.daemon_log().splitlines()), what="a line that names both versions")

    def test_another_width_of_long_is_refused(self):
        with wire.Connection(self.path, attach=False) as connection:
            result, _ = connection.call(wire.ATTACH, wire.attach_body(ulong=4))
            self.assertEqual(result, wire.CKR_DEVICE_ERROR)

    def test_an_unknown_application_id_is_told_so(self):
        with wire.Connection(self.path, attach=False) as connection:
            result, _ = connection.call(wire.ATTACH, wire.attach_body(application=b"0123456789abcdef"))
            self.assertEqual(result, wire.CKR_SESSION_HANDLE_INVALID)

    def test_random_bytes_from_many_connections_while_others_work(self):
        seed = random.randrange(2**32)
        chance = random.Random(seed)
        blobs = [chance.randbytes(chance.randrange(1, 4096)) for _ in range(200)]

        def attack(blob, attach):
            with contextlib.suppress(wire.Closed, OSError), wire.Connection(self.path, attach, most_s=2) as connection:
                connection.send(blob)
                connection.receive(1)

        threads = [threading.Thread(target=attack, args=(blob, i % 2 == 0)) for i, blob in enumerate(blobs)]
        for thread in threads:
            thread.start()
        for _ in range(50):
            self.expect_witness_is_served()
        for thread in threads:
            thread.join()
        self.assertTrue(self.stack.is_running(), f"seed {seed}")
        self.expect_witness_is_served()


if __name__ == "__main__":
    unittest.main()
