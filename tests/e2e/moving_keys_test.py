#!/usr/bin/env python3
"""Room: tests/e2e. Keys and certificates move from one HSM to another as docs/migration.md says, by the very commands of that
page. The first stack stands for the vendor's library. May touch: stacks of its own; the page, read only.
"""

import os
import re
import shlex
import sys
import unittest

from tools import TEXT, ToolTest

from stack import Stack  # found by tools.py

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = os.path.join(HERE, "..", "..", "docs", "migration.md")
ZERO_IV = "00" * 16


def commands():
    """The pkcs11-tool commands below "Moving keys": (OLD or NEW, arguments after the PIN)."""
    with open(PAGE, encoding="utf-8") as file:
        section = file.read().split("\n## Moving keys\n")[1].split("\n## ")[0]
    lines = re.findall(r"^    (pkcs11-tool .*)$", section.replace("\\\n", " "), re.MULTILINE)
    found = [re.fullmatch(r"pkcs11-tool --module \$(OLD|NEW) --login --pin env:PIN (.*)", line) for line in lines]
    return [(match.group(1), shlex.split(match.group(2))) for match in found]


class Moving(ToolTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.new = Stack()
        cls.addClassCleanup(cls.new.down)

    def follow_the_page(self):
        """Its files lie in the folder of the old stack."""
        for place, arguments in commands():
            stack = {"OLD": self.stack, "NEW": self.new}[place]
            for option in ("--output-file", "--input-file", "--write-object"):
                if option in arguments:
                    at = arguments.index(option) + 1
                    arguments[at] = self.stack.path(arguments[at])
            stack.tool(*arguments)

    def test_the_commands_of_the_page_and_then_a_private_key(self):
        self.stack.tool("--keygen", "--key-type", "AES:32", "--label", "data", "--id", "01", "--extractable")
        pem = self.stack.path("www.pem")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                     "/CN=www", "-keyout", self.stack.path("www.key"), "-out", pem)
        self.openssl("x509", "-in", pem, "-outform", "DER", "-out", self.stack.path("cert.der"))
        self.openssl("pkey", "-in", self.stack.path("www.key"), "-pubout", "-out", self.stack.path("www.pub"))
        self.stack.tool("--write-object", self.stack.path("cert.der"), "--type", "cert", "--id", "02", "--label", "www")
        self.stack.tool("--write-object", self.stack.path("www.key"), "--type", "privkey", "--id", "02", "--label", "www",
                        "--usage-sign", "--extractable")
        self.assertGreaterEqual(len(commands()), 7)

        self.follow_the_page()

        self.assertEqual(self.read_certificate(), self.stack.read("cert.der"))
        self.assertEqual(self.crypt(self.new, "--decrypt", self.crypt(self.stack, "--encrypt", bytes(64))), bytes(64))
        self.assertIn("Secret Key Object; AES length 32\n  label:      data\n", self.new.tool("--list-objects").stdout)

        self.move_private_key()
        source, signature = self.new.write("text", TEXT), self.new.path("signature")
        self.new.tool("--sign", "--mechanism", "ECDSA-SHA256", "--id", "02", "--input-file", source, "--output-file", signature,
                      "--signature-format", "openssl")
        self.assertTrue(self.openssl_verifies(self.stack.path("www.pub"), "sha256", TEXT, signature))

    def read_certificate(self):
        self.new.tool("--read-object", "--type", "cert", "--id", "02", "--output-file", self.new.path("moved.der"))
        return self.new.read("moved.der")

    def crypt(self, stack, way, data):
        stack.tool(way, "--mechanism", "AES-CBC", "--iv", ZERO_IV, "--id", "01", "--input-file", stack.write("in", data),
                   "--output-file", stack.path("out"))
        return stack.read("out")

    def move_private_key(self):
        mover = os.path.join(HERE, "private_key_mover.py")
        self.stack.run(sys.executable, "-B", mover, "wrap", self.stack.dir)
        self.new.run(sys.executable, "-B", mover, "unwrap", self.stack.dir)

    def test_a_key_that_is_not_extractable_stays(self):
        self.stack.tool("--keygen", "--key-type", "AES:32", "--label", "stays", "--id", "03")
        self.stack.tool("--keypairgen", "--key-type", "rsa:2048", "--label", "under", "--id", "f1", "--usage-wrap")
        done = self.stack.tool("--wrap", "-m", "RSA-PKCS", "--id", "f1", "--application-id", "03", "--output-file",
                               self.stack.path("none"), check=False)
        self.assertIn("CKR_KEY_UNEXTRACTABLE", done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
