#!/usr/bin/env python3
"""Room: tests/chaos. Steady TLS load: clients that do nothing but full handshakes and one request each, and tell
failures exactly. As a program it is one client: `tls_load.py PORT CA_FILE KIND` until its input ends. May touch:
loopback.
"""

import json
import os
import select
import socket
import ssl
import subprocess
import sys
import time

HOST = "localhost"
MOST_S = 40  # for one handshake and its page: longer than the module waits for a daemon (GREP11_RECONNECT_S)
SHOWN = 20

# What the client offers, so which key of the server signs. The last: whatever TLS 1.3 chooses.
KINDS = {
    "ecdsa": (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    "rsa": (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-GCM-SHA256"),
    "any": (ssl.TLSVersion.TLSv1_3, None),
}


def context_of(ca_file, kind):
    version, ciphers = KINDS[kind]
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    return context


def fetch(port, context):
    """One connection: TCP, full handshake with a verified chain, a request, its reply to the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=MOST_S) as plain:
        with context.wrap_socket(plain, server_hostname=HOST) as tls:
            if tls.session_reused:
                raise ssl.SSLError("a session was resumed: this was no full handshake")
            tls.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            reply = b""
            while some := tls.recv(4096):
                reply += some
    if b" 200 " not in reply.split(b"\r\n", 1)[0]:
        raise ValueError(f"no page came: {reply[:80]!r}")


def client(port, ca_file, kind):
    """Until input ends: one handshake after the other. A line on output for each failure, and the sum at the end."""
    context, done, slowest, failed = context_of(ca_file, kind), 0, 0.0, 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        start = time.monotonic()
        try:
            fetch(port, context)
            done += 1
        except (OSError, ValueError) as error:
            failed += 1
            if failed > SHOWN:
                continue  # counted below; output must not fill the pipe, which nobody reads before the end
            print(json.dumps({"at": round(time.time(), 3), "after_s": round(time.monotonic() - start, 3), "kind": kind,
                              "error": f"{type(error).__name__}: {error}"}), flush=True)
        slowest = max(slowest, time.monotonic() - start)
    print(json.dumps({"done": done, "failed": failed, "slowest_s": round(slowest, 3)}), flush=True)


class TlsLoad:
    """Client processes for a scope; afterwards the sums: `done`, `failed`, `slowest_s`, and some `failures` of each."""

    def __init__(self, port, ca_file, kinds, die_with_parent):
        self.command = [sys.executable, "-B", os.path.abspath(__file__), str(port), ca_file]
        self.kinds, self.prepare = kinds, die_with_parent
        self.clients, self.failures = [], []
        self.done = self.failed = 0
        self.slowest_s = 0.0

    def __enter__(self):
        for kind in self.kinds:
            self.clients.append(subprocess.Popen([*self.command, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                 text=True, preexec_fn=self.prepare))
        return self

    def __exit__(self, *_):
        for process in self.clients:
            process.stdin.close()
        for process in self.clients:
            self._take(process.stdout.read())
            process.stdout.close()
            if process.wait() != 0:
                self.failures.append(f"a client ended with {process.returncode}")

    def _take(self, output):
        lines = [json.loads(line) for line in output.splitlines()]
        for line in lines[:-1]:
            self.failures.append(f"{line['kind']} after {line['after_s']} s: {line['error']}")
        if lines:
            self.done += lines[-1]["done"]
            self.failed += lines[-1]["failed"]
            self.slowest_s = max(self.slowest_s, lines[-1]["slowest_s"])


if __name__ == "__main__":
    client(int(sys.argv[1]), sys.argv[2], sys.argv[3])
