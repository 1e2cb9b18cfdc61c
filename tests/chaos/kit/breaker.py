"""Room: tests/chaos. Endpoints of the HSM that break: TCP forwarders between daemon and emulator, in a process of
their own.

Breaker is the chaos program's side. As a program: `breaker.py READY_FILE COUNT` (READY_FILE: the emulator's, read
when needed), prints its ports as JSON, then takes orders, one JSON object a line: {"endpoint": 0, "do": ORDER,
"part": 0.05}. May touch: loopback.
"""

import asyncio
import json
import os
import random
import socket
import subprocess
import sys

PIECE = 65536


class Endpoint:
    """Orders: up, down (refuses, connections reset), garble (in a part of the pieces from the HSM an octet changes), stall
    (nothing passes any more, nothing is closed).
    """

    def __init__(self, ready_file, chance):
        self.ready_file, self.chance = ready_file, chance
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.order, self.part = "up", 0.0
        self.moving = asyncio.Event()
        self.moving.set()
        self.writers, self.server = set(), None

    async def obey(self, order, part):
        self.order, self.part = order, part
        if order == "stall":
            self.moving.clear()
        else:
            self.moving.set()
        if order == "down":
            await self._close()
        elif self.server is None:
            await self._listen()

    async def _listen(self):
        if self.listening is None:
            self.listening = socket.create_server(("127.0.0.1", self.port))
        self.server = await asyncio.start_server(self._connection, sock=self.listening)

    async def _close(self):
        if self.server is not None:
            self.server.close()
            self.server = self.listening = None
        for writer in list(self.writers):
            writer.transport.abort()

    async def _connection(self, reader, writer):
        with open(self.ready_file, encoding="utf-8") as file:
            host, port = json.load(file)["grep11"].rsplit(":", 1)
        try:
            hsm_reader, hsm_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        pair = (writer, hsm_writer)
        self.writers.update(pair)
        await asyncio.gather(self._move(reader, hsm_writer, pair, False), self._move(hsm_reader, writer, pair, True))
        self.writers.difference_update(pair)

    async def _move(self, reader, writer, pair, from_hsm):
        try:
            while piece := await reader.read(PIECE):
                await self.moving.wait()
                if self.order == "garble" and from_hsm and self.chance.random() < self.part:
                    piece = self._garbled(piece)
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        for one in pair:
            one.transport.abort()

    def _garbled(self, piece):
        changed = bytearray(piece)
        changed[self.chance.randrange(len(changed))] ^= 1 << self.chance.randrange(8)
        return bytes(changed)


async def serve(ready_file, count, seed):
    endpoints = [Endpoint(ready_file, random.Random(f"{seed} {number}")) for number in range(count)]
    for endpoint in endpoints:
        await endpoint.obey("up", 0)
    print(json.dumps([endpoint.port for endpoint in endpoints]), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        await endpoints[order["endpoint"]].obey(order["do"], order.get("part", 0))
        print("done", flush=True)


class Breaker:
    """`count` endpoints; their ports are known before the emulator runs. A scope ends them."""

    def __init__(self, ready_file, count, seed, prepare):
        self.process = subprocess.Popen(
            [sys.executable, "-B", os.path.abspath(__file__), ready_file, str(count), str(seed)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=prepare)
        self.ports = json.loads(self.process.stdout.readline())

    def order(self, endpoint, what, part=0.0):
        """Returns when it is so."""
        self.process.stdin.write(json.dumps({"endpoint": endpoint, "do": what, "part": part}) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n", "the breaker has ended"

    def all(self, what, part=0.0):
        for endpoint in range(len(self.ports)):
            self.order(endpoint, what, part)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
