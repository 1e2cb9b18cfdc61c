#!/usr/bin/env python3
"""Room: tests/e2e. The tools of NSS, Mozilla's library, on a private stack: what browsers and Red Hat's servers do.

May touch: a stack of its own, loopback.
"""

import os
import re
import unittest

from tls import Authority, free_port, handshake, server
from tools import TEXT, ToolTest


class Nss(ToolTest):
    """A data base of NSS that knows the module; each test has a nickname of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.mkdir(cls.stack.path("nss"))
        cls.db = f"sql:{cls.stack.path('nss')}"
        cls.pin = cls.stack.write("pin", cls.stack.env["USER_PIN"].encode())
        cls.noise = cls.stack.write("noise", os.urandom(1024))
        cls.stack.run("certutil", "-N", "-d", cls.db, "--empty-password")
        cls.stack.run("modutil", "-dbdir", cls.db, "-force", "-add", "gateway", "-libfile",
                      cls.stack.env["PKCS11_MODULE"])

    def certutil(self, *arguments, **options):
        return self.stack.run("certutil", "-d", self.db, "-h", "grep11", "-f", self.pin, *arguments, **options).stdout

    def certificate(self, nickname):
        pem = self.stack.path(f"{nickname}.pem")
        self.certutil("-L", "-n", f"grep11:{nickname}", "-a", "-o", pem)
        return pem

    def make(self, nickname, *kind, issuer=None, names=()):
        """A pair in the HSM and its certificate: of an authority, or by one that is in the HSM."""
        by, answers, trust = ["-c", f"grep11:{issuer}"], "", "u,u,u"
        if not issuer:
            by, answers, trust = ["-x", "-2"], "y\n\ny\n", "CTu,Cu,Cu"  # an authority, of any depth, critical
        self.certutil("-S", "-n", nickname, "-s", f"CN={nickname}", "-t", trust, *by, *kind, "-v", "3", "-m",
                      str(int.from_bytes(os.urandom(3), "big")), "-z", self.noise, *names, stdin=answers)
        return self.certificate(nickname)

    def keys(self):
        """Kind of each key by what certutil calls it."""
        listed = self.certutil("-K")
        return {name: kind for kind, name in re.findall(r"^<\s*\d+> (\w+)\s+.{40,42}\s+(.+)$", listed, re.MULTILINE)}

    def subject(self, pem):
        return self.openssl("x509", "-in", pem, "-noout", "-subject").stdout.strip()

    def test_the_module_is_added_and_its_token_listed(self):
        listed = self.stack.run("modutil", "-dbdir", self.db, "-list", "gateway").stdout
        self.assertRegex(listed, r"Token Name: grep11\s")
        self.assertRegex(listed, r"Token Manufacturer: IBM\s")
        self.assertRegex(listed, r"Login Type: Login required")
        self.assertIn("token=grep11;manufacturer=IBM", self.certutil("-U"))

    def test_certificates_are_made_and_verify(self):
        rsa = self.make("ca-rsa", "-k", "rsa", "-g", "2048")
        ec = self.make("ca-ec", "-k", "ec", "-q", "nistp384")
        for pem, name in ((rsa, "ca-rsa"), (ec, "ca-ec")):
            self.assertIn("OK", self.openssl("verify", "-CAfile", pem, pem).stdout)
            self.assertEqual(self.subject(pem), f"subject=CN = {name}")
        by_rsa = self.make("leaf-ec", "-k", "ec", "-q", "nistp256", issuer="ca-rsa")
        by_ec = self.make("leaf-rsa", "-k", "rsa", "-g", "3072", issuer="ca-ec")
        self.assertIn("OK", self.openssl("verify", "-CAfile", rsa, by_rsa).stdout)
        self.assertIn("OK", self.openssl("verify", "-CAfile", ec, by_ec).stdout)
        listed = self.certutil("-L")
        self.assertRegex(listed, r"grep11:ca-rsa +CTu,Cu,Cu")
        self.assertRegex(listed, r"grep11:leaf-ec +u,u,u")
        keys = self.keys()
        self.assertEqual((keys["grep11:leaf-rsa"], keys["grep11:leaf-ec"]), ("rsa", "ec"))

    def test_a_request_is_certified_elsewhere_and_the_certificate_finds_its_key(self):
        authority = Authority(self.stack)
        request = self.stack.path("request.pem")
        self.certutil("-R", "-k", "rsa", "-g", "2048", "-s", "CN=asked", "-a", "-o", request, "-z", self.noise)
        self.assertIn("verify OK", self.openssl("req", "-in", request, "-verify", "-noout").stdout)
        self.assertNotIn("grep11:asked", self.keys())
        given = authority.certify(request, self.stack.path("given.pem"))
        self.certutil("-A", "-n", "asked", "-t", "u,u,u", "-a", "-i", given)
        self.assertEqual(self.keys().get("grep11:asked"), "rsa")
        kept = self.openssl("x509", "-in", self.certificate("asked"), "-outform", "PEM").stdout
        self.assertEqual(kept, self.openssl("x509", "-in", given, "-outform", "PEM").stdout)
        self.certutil("-D", "-n", "grep11:asked")
        self.assertNotIn("asked", self.certutil("-L"))
        self.assertNotIn("grep11:asked", self.keys())

    def test_keys_are_imported_and_do_not_come_out_again(self):
        """By PKCS #12: the private key goes in wrapped under a key of the session."""
        for name, kind in (("in-rsa", ["rsa:2048"]), ("in-ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])):
            with self.subTest(name):
                key, pem, both = (self.stack.path(f"{name}.{end}") for end in ("key", "crt", "p12"))
                self.openssl("req", "-x509", "-newkey", *kind, "-nodes", "-keyout", key, "-subj", f"/CN={name}", "-out",
                             pem, "-days", "3")
                self.openssl("pkcs12", "-export", "-inkey", key, "-in", pem, "-out", both, "-passout", "pass:abc",
                             "-name", name)
                tool = ["pk12util", "-d", self.db, "-h", "grep11", "-k", self.pin, "-W", "abc"]
                self.assertIn("IMPORT SUCCESSFUL", self.stack.run(*tool, "-i", both).stdout)
                self.certutil("-M", "-n", f"grep11:{name}", "-t", "CTu,Cu,Cu")
                self.cms_verifies(name, pem)
                out = self.stack.path(f"{name}.out")
                self.assertNotEqual(self.stack.run(*tool, "-n", f"grep11:{name}", "-o", out, check=False).returncode, 0)
                self.assertFalse(os.path.exists(out))
                self.certutil("-F", "-n", f"grep11:{name}")
                self.assertNotIn(name, self.certutil("-L") + self.certutil("-K"))

    def cms_verifies(self, nickname, pem):
        text, message = self.stack.write("text", TEXT), self.stack.path("message")
        self.stack.run("cmsutil", "-S", "-d", self.db, "-f", self.pin, "-N", f"grep11:{nickname}", "-H", "SHA256", "-i",
                       text, "-o", message)
        done = self.openssl("cms", "-verify", "-inform", "DER", "-in", message, "-CAfile", pem, "-certfile", pem,
                            "-purpose", "any", "-out", self.stack.path("opened"))
        self.assertIn("CMS Verification successful", done.stdout)
        self.assertEqual(self.stack.read("opened"), TEXT)

    def test_messages_are_signed_and_opened(self):
        pem = self.make("cms", "-k", "rsa", "-g", "2048")
        self.cms_verifies("cms", pem)
        text, sealed = self.stack.write("text", TEXT), self.stack.path("sealed")
        self.openssl("cms", "-encrypt", "-aes256", "-outform", "DER", "-in", text, "-binary", "-out", sealed, pem)
        opened = self.stack.run("cmsutil", "-D", "-d", self.db, "-f", self.pin, "-i", sealed)
        self.assertIn(TEXT.decode(), opened.stdout)

    def test_its_server_speaks_tls_with_keys_of_the_hsm(self):
        for name, kind in (("tls-rsa", ["-k", "rsa", "-g", "2048"]), ("tls-ec", ["-k", "ec", "-q", "nistp256"])):
            pem = self.make(name, *kind, names=("-8", "localhost"))
            port = free_port()
            which = ["-n" if name == "tls-rsa" else "-e", f"grep11:{name}"]
            with server(self.stack, port, "selfserv", "-d", self.db, *which, "-p", str(port), "-w",
                        self.stack.env["USER_PIN"], "-V", "tls1.2:tls1.3", "-H", "1"):
                for version in ("-tls1_2", "-tls1_3"):
                    with self.subTest(f"{name} {version}"):
                        said = handshake(self.stack, port, pem, version)
                        self.assertIn("Verify return code: 0 (ok)", said)
                        self.assertIn("Server: Generic Web Server", said)


if __name__ == "__main__":
    unittest.main()
