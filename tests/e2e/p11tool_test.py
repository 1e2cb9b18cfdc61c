#!/usr/bin/env python3
"""Room: tests/e2e. GnuTLS' p11tool and certtool on a private stack. May touch: a stack of its own."""

import re
import unittest

from tools import TEXT, ToolTest


class P11tool(ToolTest):
    def p11tool(self, *arguments, **options):
        environment = {"GNUTLS_PIN": self.stack.env["USER_PIN"]}
        return self.stack.run("p11tool", "--provider", self.stack.env["PKCS11_MODULE"], "--batch", *arguments,
                              env=environment, **options)

    def token(self):
        return re.search(r"URL: (pkcs11:\S*token=grep11\S*)", self.p11tool("--list-tokens").stdout).group(1)

    def generate(self, kind, *options, label):
        self.p11tool("--login", f"--generate-privkey={kind}", *options, f"--label={label}", "--outfile",
                     self.stack.path(f"{label}.pem"), self.token())

    def test_the_token_has_a_url_with_its_maker_and_model(self):
        url = self.token()
        for part in ("model=GREP11", "manufacturer=IBM", "serial=", "token=grep11"):
            self.assertIn(part, url)

    def test_keys_are_generated_listed_and_sign(self):
        self.generate("rsa", "--bits=2048", label="gnu-rsa")
        self.generate("ecdsa", "--curve=secp256r1", label="gnu-ec")
        for label, words in (("gnu-rsa", "RSA"), ("gnu-ec", "EC/ECDSA")):
            with self.subTest(label):
                listed = self.p11tool("--login", "--list-privkeys", f"{self.token()};object={label}").stdout
                self.assertEqual(listed.count("Object "), 1)
                self.assertIn(words, listed)
                self.assertIn("CKA_SENSITIVE", listed)
                url = re.search(r"URL: (\S+)", listed).group(1)
                done = self.p11tool("--login", "--test-sign", url)
                self.assertIn("Verifying against private key parameters... ok", done.stdout)
                self.assertIn("ok", done.stdout.splitlines()[-1])

    def test_the_public_key_it_wrote_verifies_what_the_token_signs(self):
        self.p11tool("--login", "--generate-privkey=ecdsa", "--curve=secp384r1", "--label=gnu-384", "--id=1234",
                     "--outfile", self.stack.path("gnu-384.pem"), self.token())
        der = self.sign("1234", "ECDSA-SHA384", TEXT, "--signature-format", "openssl")
        self.assertTrue(self.openssl_verifies(self.stack.path("gnu-384.pem"), "sha384", TEXT, der))

    def test_certtool_signs_a_certificate_with_a_key_in_the_token(self):
        self.generate("rsa", "--bits=2048", label="gnu-ca")
        template = self.stack.write("template", b'cn = "gnu-ca"\nca\ncert_signing_key\nexpiration_days = 3\n')
        certificate = self.stack.path("gnu-ca.crt")
        self.stack.run("certtool", "--provider", self.stack.env["PKCS11_MODULE"], "--generate-self-signed",
                       "--template", template, "--load-privkey", f"{self.token()};object=gnu-ca;type=private",
                       "--load-pubkey", self.stack.path("gnu-ca.pem"), "--outfile", certificate,
                       env={"GNUTLS_PIN": self.stack.env["USER_PIN"]})
        self.assertIn("OK", self.openssl("verify", "-CAfile", certificate, certificate).stdout)

    def test_objects_are_deleted(self):
        self.generate("ecdsa", "--curve=secp256r1", label="gnu-gone")
        self.p11tool("--login", "--delete", f"{self.token()};object=gnu-gone;type=private")
        listed = self.p11tool("--login", "--list-privkeys", f"{self.token()};object=gnu-gone", check=False)
        self.assertNotIn("Object ", listed.stdout)


if __name__ == "__main__":
    unittest.main()
