#!/usr/bin/env python3
"""Room: tests/e2e. OpenSSL's PKCS #11 engine, the way servers reach the HSM. May touch: a stack of its own."""

import os
import unittest

from tools import TEXT, ToolTest

PSS = ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest", "-pkeyopt", "digest:sha256"]
OAEP = ["-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256"]


class Engine(ToolTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        conf = ("openssl_conf = start\n[start]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\n"
                f"engine_id = pkcs11\nMODULE_PATH = {cls.stack.env['PKCS11_MODULE']}\n"
                f"PIN = {cls.stack.env['USER_PIN']}\ninit = 1\n")
        cls.conf = cls.stack.write("engine.cnf", conf.encode())
        os.chmod(cls.conf, 0o600)

    def setUp(self):
        if not os.path.exists(self.stack.path("rsa.pem")):
            self.key_pair("rsa", "rsa:2048", "01")
            self.key_pair("ec", "EC:prime256v1", "02")

    def engine(self, *arguments, **options):
        return self.openssl(*arguments, env={"OPENSSL_CONF": self.conf}, **options)

    @staticmethod
    def key(label, kind="private"):
        return ["-engine", "pkcs11", "-keyform", "engine", "-inkey", f"pkcs11:object={label};type={kind}"]

    @staticmethod
    def dgst_key(use, label, kind="private"):
        return ["-engine", "pkcs11", "-keyform", "engine", use, f"pkcs11:object={label};type={kind}"]

    def test_it_signs_what_openssl_verifies(self):
        text, signature = self.stack.write("text", TEXT), self.stack.path("signature")
        for label in ("rsa", "ec"):
            for digest in ("sha256", "sha384", "sha512"):
                with self.subTest(f"{label} {digest}"):
                    self.engine("dgst", f"-{digest}", *self.dgst_key("-sign", label), "-out", signature, text)
                    self.assertTrue(self.openssl_verifies(self.stack.path(f"{label}.pem"), digest, TEXT, signature))

    def test_it_signs_with_pss(self):
        digest, signature = self.stack.write("digest", bytes(range(32))), self.stack.path("signature")
        self.engine("pkeyutl", "-sign", *self.key("rsa"), *PSS, "-in", digest, "-out", signature)
        done = self.openssl("pkeyutl", "-verify", "-pubin", "-inkey", self.stack.path("rsa.pem"), *PSS, "-in", digest,
                            "-sigfile", signature)
        self.assertIn("Signature Verified Successfully", done.stdout)

    def test_it_verifies_and_refuses(self):
        text, signature = self.stack.write("text", TEXT), self.stack.path("signature")
        other = self.stack.write("other", TEXT + b"!")
        for label in ("rsa", "ec"):
            with self.subTest(label):
                self.engine("dgst", "-sha256", *self.dgst_key("-sign", label), "-out", signature, text)
                check = ["dgst", "-sha256", *self.dgst_key("-verify", label, "public"), "-signature", signature]
                self.assertIn("Verified OK", self.engine(*check, text).stdout)
                self.assertIn("Verification failure", self.engine(*check, other, check=False).stdout)

    def test_it_decrypts_what_openssl_encrypted(self):
        secret = b"thirty-two octets of key material"
        plain, cipher = self.stack.write("plain", secret), self.stack.path("cipher")
        for padding in ([], OAEP):
            with self.subTest(padding or "PKCS #1 v1.5"):
                self.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", self.stack.path("rsa.pem"), *padding, "-in",
                             plain, "-out", cipher)
                self.engine("pkeyutl", "-decrypt", *self.key("rsa"), *padding, "-in", cipher, "-out",
                            self.stack.path("back"))
                self.assertEqual(self.stack.read("back"), secret)

    def test_a_key_that_is_not_there_is_said_so(self):
        text = self.stack.write("text", TEXT)
        done = self.engine("dgst", "-sha256", *self.dgst_key("-sign", "no-such-key"), text, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stdout, "(?i)not found|could not")


if __name__ == "__main__":
    unittest.main()
