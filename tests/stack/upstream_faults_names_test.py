#!/usr/bin/env python3
"""Room: tests/stack. The HSM moves to another address under the same name, and its certificate and authority change: the
daemon follows without a restart. May touch: a stack of its own, /etc/hosts as a mount namespace of its own sees it.
"""

import json
import os
import re
import subprocess
import sys
import time
import unittest

from stack import Stack, binary, until

NAME = "hsm.test"
OLD, NEW = "127.0.0.2", "127.0.0.3"
OWN_MOUNTS = "GW_OWN_MOUNTS"


def enter_own_mounts():
    """Starts this program again where mounts are seen by nobody else; without the right to, goes on as it is."""
    if OWN_MOUNTS in os.environ:
        return
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode == 0:
        os.environ[OWN_MOUNTS] = "1"
        os.execvp(unshare[0], [*unshare, sys.executable, "-B", os.path.abspath(__file__), *sys.argv[1:]])


class Endpoint:
    """An emulator with the stack's keys at an address and port of our choice."""

    def __init__(self, stack, address, port, certificate):
        self.stack = stack
        ready = stack.path(f"{address}.json")
        state, pki = stack.path("emulator"), stack.path("pki")
        command = [binary("grep11-emulator"), "--listen", f"{address}:{port}", "--control", "127.0.0.1:0",
                   "--tls-cert", f"{certificate}.pem", "--tls-key", f"{certificate}.key",
                   "--client-ca", f"{pki}/ca.pem", "--master-key", f"{state}/master.key",
                   "--api-keys", f"{state}/api-keys.json", "--ready-file", ready]
        if os.path.exists(ready):
            os.remove(ready)
        with open(stack.path("endpoint.log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: os.path.exists(ready), 20, f"an emulator at {address}")
        with open(ready, encoding="utf-8") as file:
            self.port = json.load(file)["grep11"].rsplit(":", 1)[1]

    def kill(self):
        self.process.kill()
        self.process.wait()


class Moves(unittest.TestCase):
    def setUp(self):
        if OWN_MOUNTS not in os.environ:
            self.skipTest("no right to a mount namespace, and /etc/hosts is everybody's")
        self.stack = Stack()
        self.addCleanup(self.stack.down)
        self.stack.write("hosts", b"")
        self.point_name_at(OLD)
        subprocess.run(["mount", "--bind", self.stack.path("hosts"), "/etc/hosts"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/etc/hosts"], check=True)
        self.first = self.certificate("first")
        self.endpoint = Endpoint(self.stack, OLD, 0, self.first)
        self.addCleanup(lambda: self.endpoint.kill())
        self.point_daemon_at_name()
        self.stack.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "moves", "--id", "71")

    def point_name_at(self, address):
        with open(self.stack.path("hosts"), "r+", encoding="utf-8") as file:  # the same file: it is mounted
            file.truncate()
            file.write(f"127.0.0.1 localhost\n{address} {NAME}\n")

    def certificate(self, name):
        """A self-signed certificate for NAME; its path without the suffixes .pem and .key."""
        path = self.stack.path(name)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                        "-keyout", f"{path}.key", "-out", f"{path}.pem", "-days", "2", "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName=DNS:{NAME}"], check=True, capture_output=True)
        return path

    def trust(self, certificate):
        self.stack.write("hsm-ca.pem", self.stack.read(os.path.basename(certificate) + ".pem"))

    def point_daemon_at_name(self):
        self.trust(self.first)
        path = self.stack.env["GREP11_CONFIG"]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r'address: "[^"]*"', f'address: "{NAME}"', text)
        text = re.sub(r'port: "\d+"', f'port: "{self.endpoint.port}"', text)
        text = re.sub(r'cacert: "[^"]*"', f'cacert: "{self.stack.path("hsm-ca.pem")}"', text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.stack.restart()

    def sign(self):
        source = self.stack.write("data", b"x" * 32)
        self.stack.tool("--sign", "--mechanism", "ECDSA", "--id", "71", "--input-file", source,
                        "--output-file", self.stack.path("signature"))

    def move(self, address, certificate):
        port = self.endpoint.port
        self.endpoint.kill()
        self.point_name_at(address)
        self.endpoint = Endpoint(self.stack, address, port, certificate)

    def test_a_new_address_and_then_a_new_certificate_cost_waiting_and_nothing_else(self):
        self.sign()
        pid = self.stack.pid()
        start = time.monotonic()
        self.move(NEW, self.first)
        self.sign()
        print(f"after the change of address: {time.monotonic() - start:.1f} s")
        second = self.certificate("second")
        start = time.monotonic()
        self.move(OLD, second)
        self.trust(second)
        self.sign()
        print(f"after the change of certificate and authority: {time.monotonic() - start:.1f} s")
        self.assertEqual(self.stack.pid(), pid)
        self.assertIn("the TLS files have changed", self.stack.daemon_log())


if __name__ == "__main__":
    enter_own_mounts()
    unittest.main()
