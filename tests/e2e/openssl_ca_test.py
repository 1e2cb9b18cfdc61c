#!/usr/bin/env python3
"""Room: tests/e2e. An authority run with `openssl req`, `x509` and `ca`, its key in the HSM behind the engine.

May touch: a stack of its own.
"""

import os
import unittest

from tools import ToolTest

AUTHORITIES = (("ca-rsa", "rsa:3072", "01", "sha256"), ("ca-ec", "EC:secp384r1", "02", "sha384"))
CONF = """openssl_conf = start
[start]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = {module}
PIN = {pin}
init = 1
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[ca]
default_ca = one
[one]
database = {folder}/index.txt
serial = {folder}/serial
crlnumber = {folder}/crlnumber
new_certs_dir = {folder}
certificate = {folder}/ca.pem
default_days = 3
default_crl_days = 1
default_md = {digest}
policy = any
unique_subject = no
[any]
commonName = supplied
"""


class Authority(ToolTest):
    """Each authority has a folder, as `openssl ca` wants it."""

    def setUp(self):
        for label, kind, number, digest in AUTHORITIES:
            folder = self.stack.path(label)
            if os.path.exists(folder):
                continue
            os.mkdir(folder)
            self.key_pair(label, kind, number)
            conf = CONF.format(module=self.stack.env["PKCS11_MODULE"], pin=self.stack.env["USER_PIN"], folder=folder,
                               digest=digest)
            self.stack.write(f"{label}/conf", conf.encode())
            os.chmod(self.stack.path(f"{label}/conf"), 0o600)
            for name, text in (("index.txt", b""), ("serial", b"01\n"), ("crlnumber", b"01\n")):
                self.stack.write(f"{label}/{name}", text)
            self.engine(label, "req", "-new", "-x509", "-engine", "pkcs11", "-keyform", "engine", "-key",
                        self.url(label), "-subj", f"/CN={label}", "-extensions", "authority", f"-{digest}", "-days",
                        "3", "-out", self.path(label, "ca.pem"))

    @staticmethod
    def url(label):
        return f"pkcs11:object={label};type=private"

    def path(self, label, name):
        return self.stack.path(f"{label}/{name}")

    def engine(self, label, *arguments, **options):
        return self.openssl(*arguments, env={"OPENSSL_CONF": self.path(label, "conf")}, **options)

    def ca(self, label, *arguments, **options):
        return self.engine(label, "ca", "-config", self.path(label, "conf"), "-engine", "pkcs11", "-keyform", "engine",
                           "-keyfile", self.url(label), "-batch", *arguments, **options)

    def request(self, label, name):
        """A request by a key in software."""
        request = self.path(label, f"{name}.csr")
        self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                     self.path(label, f"{name}.key"), "-subj", f"/CN={name}", "-out", request)
        return request

    def issue(self, label, name):
        certificate = self.path(label, f"{name}.crt")
        self.ca(label, "-in", self.request(label, name), "-notext", "-out", certificate)
        return certificate

    def test_its_own_certificate_holds_the_key_of_the_hsm(self):
        for label, _, _, digest in AUTHORITIES:
            own = self.path(label, "ca.pem")
            self.assertIn("OK", self.openssl("verify", "-CAfile", own, own).stdout)
            shown = self.openssl("x509", "-in", own, "-noout", "-pubkey", "-text").stdout
            with open(self.stack.path(f"{label}.pem"), encoding="utf-8") as file:
                self.assertIn(file.read(), shown)
            self.assertRegex(shown, f"(?i)Signature Algorithm: .*{digest}")

    def test_it_issues_and_revokes(self):
        for label, _, _, _ in AUTHORITIES:
            with self.subTest(label):
                good, bad = self.issue(label, "good"), self.issue(label, "bad")
                self.ca(label, "-revoke", bad)
                crl = self.path(label, "crl.pem")
                self.ca(label, "-gencrl", "-out", crl)
                own = self.path(label, "ca.pem")
                self.assertIn("verify OK", self.openssl("crl", "-in", crl, "-CAfile", own, "-noout").stdout)
                check = ["verify", "-CAfile", own, "-CRLfile", crl, "-crl_check"]
                self.assertIn(f"{good}: OK", self.openssl(*check, good).stdout)
                self.assertIn("certificate revoked", self.openssl(*check, bad, check=False).stdout)

    def test_x509_issues_and_cross_certifies(self):
        request, cross = self.path("ca-ec", "cross.csr"), self.path("ca-ec", "cross.crt")
        self.engine("ca-ec", "req", "-new", "-engine", "pkcs11", "-keyform", "engine", "-key", self.url("ca-ec"),
                    "-subj", "/CN=ca-ec", "-out", request)
        self.assertIn("verify OK", self.openssl("req", "-in", request, "-verify", "-noout").stdout)
        self.engine("ca-rsa", "x509", "-req", "-engine", "pkcs11", "-in", request, "-CA", self.path("ca-rsa", "ca.pem"),
                    "-CAkeyform", "engine", "-CAkey", self.url("ca-rsa"), "-CAcreateserial", "-days", "3", "-extfile",
                    self.path("ca-rsa", "conf"), "-extensions", "authority", "-out", cross)
        leaf = self.issue("ca-ec", "crossed")
        chain = ["verify", "-CAfile", self.path("ca-rsa", "ca.pem"), "-untrusted", cross, leaf]
        self.assertIn(f"{leaf}: OK", self.openssl(*chain).stdout)


if __name__ == "__main__":
    unittest.main()
