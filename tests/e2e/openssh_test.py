#!/usr/bin/env python3
"""Room: tests/e2e. OpenSSH on a private stack: public keys of the token, an agent that signs with it, an authority for
users and hosts. May touch: a stack of its own, an agent that it starts.
"""

import os
import shutil
import subprocess
import tempfile
import unittest

from tools import TEXT, ToolTest, until

KEYS = (("ssh-rsa", "rsa:2048", "a1"), ("ssh-p256", "EC:prime256v1", "a2"), ("ssh-p384", "EC:secp384r1", "a3"),
        ("ssh-p521", "EC:secp521r1", "a4"))
WHO = "signer@example.org"


class OpenSsh(ToolTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.public = {}
        for label, kind, number in KEYS:
            cls.stack.tool("--keypairgen", "--key-type", kind, "--label", label, "--id", number)
        for line in cls.stack.run("ssh-keygen", "-D", cls.stack.env["PKCS11_MODULE"]).stdout.splitlines():
            kind, key, label = line.split(" ", 2)
            cls.public[label] = cls.stack.write(f"{label}.pub", f"{kind} {key} {label}\n".encode())
        ask = cls.stack.write("ask", b'#!/bin/sh\nprintf "%s\\n" "$USER_PIN"\n')
        os.chmod(ask, 0o700)
        cls.asking = {"SSH_ASKPASS": ask, "SSH_ASKPASS_REQUIRE": "force"}

    def setUp(self):
        """An agent that may load the module, with the token in it."""
        folder = tempfile.mkdtemp(prefix="gw-agent.")
        self.addCleanup(shutil.rmtree, folder)
        module = os.path.realpath(self.stack.env["PKCS11_MODULE"])
        self.agent_socket = os.path.join(folder, "agent")
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", self.agent_socket, "-P", module], stdout=subprocess.DEVNULL,
                                 env={**os.environ, **self.stack.env})
        self.addCleanup(agent.wait, 20)
        self.addCleanup(agent.terminate)
        until(lambda: os.path.exists(self.agent_socket), what="an agent")
        self.ssh("ssh-add", "-s", module)

    def ssh(self, *command, **options):
        return self.stack.run(*command, env={**self.asking, "SSH_AUTH_SOCK": self.agent_socket}, **options)

    def test_public_keys_are_those_of_the_token(self):
        self.assertEqual(set(self.public), {label for label, _, _ in KEYS})
        for label, kind, _ in KEYS:
            pem = self.ec_public_key(label) if kind.startswith("EC:") else self.rsa_public_key(label)
            ours = self.openssl("pkey", "-pubin", "-in", pem, "-outform", "DER", "-out", self.stack.path("ours"))
            self.assertEqual(ours.returncode, 0)
            theirs = self.stack.run("ssh-keygen", "-e", "-m", "PKCS8", "-f", self.public[label]).stdout
            self.openssl("pkey", "-pubin", "-in", self.stack.write("theirs.pem", theirs.encode()), "-outform", "DER",
                         "-out", self.stack.path("theirs"))
            self.assertEqual(self.stack.read("ours"), self.stack.read("theirs"), label)

    def test_the_agent_lists_and_forgets_the_token(self):
        listed = self.ssh("ssh-add", "-L").stdout
        for label, path in self.public.items():
            with open(path, encoding="utf-8") as file:
                self.assertIn(" ".join(file.read().split()[:2]), listed, label)
        self.ssh("ssh-add", "-e", os.path.realpath(self.stack.env["PKCS11_MODULE"]))
        self.assertIn("no identities", self.ssh("ssh-add", "-L", check=False).stdout)

    def test_the_agent_signs_what_verifies(self):
        for label, path in self.public.items():
            with self.subTest(label), open(path, encoding="utf-8") as file:
                key = " ".join(file.read().split()[:2])
                text = self.stack.write("text", TEXT)
                signature = self.stack.path("text.sig")
                if os.path.exists(signature):
                    os.remove(signature)
                self.ssh("ssh-keygen", "-Y", "sign", "-f", path, "-n", "file", text)
                allowed = self.stack.write("allowed", f"{WHO} {key}\n".encode())
                check = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", WHO, "-n", "file", "-s", signature]
                self.assertIn("Good", self.stack.run(*check, stdin=TEXT.decode()).stdout)
                self.assertNotEqual(self.stack.run(*check, stdin=TEXT.decode() + "!", check=False).returncode, 0)
                # ssh-add asks the agent for a signature and verifies it itself.
                self.ssh("ssh-add", "-T", path)

    def test_a_key_of_the_token_is_an_authority(self):
        """ssh-keygen reads a certificate only if the signature of its authority is right."""
        self.stack.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.stack.path("user"))
        for label in ("ssh-rsa", "ssh-p256"):
            with self.subTest(label):
                self.ssh("ssh-keygen", "-s", self.public[label], "-D", self.stack.env["PKCS11_MODULE"], "-I",
                         "somebody", "-n", "root", "-V", "+1h", self.stack.path("user.pub"))
                listed = self.stack.run("ssh-keygen", "-L", "-f", self.stack.path("user-cert.pub")).stdout
                self.assertIn('Key ID: "somebody"', listed)
                fingerprint = self.stack.run("ssh-keygen", "-l", "-f", self.public[label]).stdout.split()[1]
                self.assertIn(f"Signing CA: {'RSA' if label == 'ssh-rsa' else 'ECDSA'} {fingerprint}", listed)
                spoiled = bytearray(self.stack.read("user-cert.pub"))
                at = spoiled.index(b" ", 60) - 20  # in the signature, which is the certificate's end
                spoiled[at] = ord("A") if spoiled[at] != ord("A") else ord("B")
                other = self.stack.write("spoiled-cert.pub", bytes(spoiled))
                self.assertNotEqual(self.stack.run("ssh-keygen", "-L", "-f", other, check=False).returncode, 0)

    def test_a_wrong_pin_is_refused(self):
        self.ssh("ssh-add", "-e", os.path.realpath(self.stack.env["PKCS11_MODULE"]))
        wrong = self.stack.write("wrong", b"#!/bin/sh\necho no-such-key\n")
        os.chmod(wrong, 0o700)
        done = self.stack.run("ssh-add", "-s", os.path.realpath(self.stack.env["PKCS11_MODULE"]), check=False, env={
            "SSH_ASKPASS": wrong, "SSH_ASKPASS_REQUIRE": "force", "SSH_AUTH_SOCK": self.agent_socket})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no identities", self.ssh("ssh-add", "-L", check=False).stdout)


if __name__ == "__main__":
    unittest.main()
