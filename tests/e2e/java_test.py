#!/usr/bin/env python3
"""Room: tests/e2e. SunPKCS11 of Java 17 on a private stack: the Java programs of java/ and the JDK's own keytool.

May touch: a stack of its own, loopback.
"""

import contextlib
import os
import subprocess
import unittest

from tls import Authority
from tools import TEXT, ToolTest

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "java")
# The JDK asks for no CKA_DERIVE, which is false then: EC keys that agree on secrets need these lines.
CONFIG = """name = grep11
library = {PKCS11_MODULE}
slot = {PKCS11_SLOT}
attributes(generate, CKO_PRIVATE_KEY, CKK_EC) = {{
  CKA_DERIVE = true
}}
"""


# Programs of a second are not worth the optimising compiler, nor several threads that collect garbage.
QUICK = ["-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]


class JavaTest(ToolTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.config = cls.stack.write("pkcs11.cfg", CONFIG.format(**cls.stack.env).encode())
        cls.classes = cls.stack.path("classes")
        cls.stack.run("javac", "-d", cls.classes, os.path.join(SOURCES, "Crypto.java"),
                      os.path.join(SOURCES, "Store.java"))

    def java(self, program, *arguments, **options):
        return self.stack.run(*self.command(program, *arguments), **options).stdout

    def command(self, program, *arguments):
        return ["java", *QUICK, "-cp", self.classes, program, self.config, *arguments]


class Crypto(JavaTest):
    """Java compares with its software providers; here it is seen that it has done so for each kind."""

    def held(self, part):
        return [line.removeprefix("ok ") for line in self.java("Crypto", part).splitlines() if line.startswith("ok ")]

    def test_rsa_keys_sign_decrypt_and_unwrap(self):
        held = self.held("rsa")
        for digest in ("SHA1", "SHA224", "SHA256", "SHA384", "SHA512"):
            self.assertEqual(held.count(f"{digest}withRSA RSA"), 2)
        self.assertEqual(held.count("RSASSA-PSS RSA"), 6)
        self.assertEqual(held.count("SHA256withRSASSA-PSS RSA"), 2)
        self.assertEqual(held.count("RSA decrypts"), 2)
        self.assertEqual(held.count("AES/CBC/PKCS5Padding unwrapped by RSA"), 2)

    def test_ec_keys_sign_on_each_curve(self):
        held = self.held("ec")
        for digest in ("SHA1", "SHA224", "SHA256", "SHA384", "SHA512"):
            self.assertEqual(held.count(f"{digest}withECDSA EC"), 3)
        self.assertEqual(held.count("SHA256withECDSAinP1363Format EC"), 3)

    def test_both_sides_of_an_agreement_have_the_same_secret(self):
        self.assertEqual(self.held("agreement"), ["ECDH secp256r1", "ECDH secp384r1"])

    def test_aes_agrees_with_software(self):
        held = self.held("aes")
        for size in (16, 24, 32):
            self.assertIn(f"AES {size} generated", held)
            for mode in ("CBC/NoPadding", "CBC/PKCS5Padding", "ECB/NoPadding", "ECB/PKCS5Padding"):
                self.assertIn(f"AES/{mode} {size} imported", held)

    def test_macs_and_digests_agree_with_software(self):
        self.assertEqual(self.held("mac"), [f"HmacSHA{size}" for size in (1, 224, 256, 384, 512)])
        names = [f"SHA-{size}" for size in (1, 224, 256, 384, 512)]
        self.assertEqual(self.held("digest"), [line for name in names for line in (f"{name} of a clone", name)])

    def test_random_is_random(self):
        self.assertEqual(self.held("random"), ["random"])


class Keystore(JavaTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.stack)

    def put(self, alias, kind, *options):
        """A pair that OpenSSL made goes into the token under this alias; returns certificate and public key."""
        key, certificate = self.authority.software_pair(alias, kind, *options)
        both, public = self.stack.path(f"{alias}.p12"), self.stack.path(f"{alias}.pub")
        self.openssl("pkcs12", "-export", "-inkey", key, "-in", certificate, "-certfile", self.authority.pem, "-out",
                     both, "-passout", "env:USER_PIN")
        self.java("Store", "put-pair", alias, both)
        self.openssl("pkey", "-in", key, "-pubout", "-out", public)
        return certificate, public

    def keytool(self, *arguments, **options):
        return self.stack.run("keytool", "-keystore", "NONE", "-storetype", "PKCS11", "-addprovider", "SunPKCS11",
                              "-providerArg", self.config, "-storepass:env", "USER_PIN",
                              *(f"-J{option}" for option in QUICK), *arguments, **options).stdout

    def test_what_was_put_in_is_found_used_and_taken_out(self):
        text, signature = self.stack.write("text", TEXT), self.stack.path("signature")
        for alias, kind, algorithm in (("j-rsa", ["rsa:3072"], "SHA384withRSA"),
                                       ("j-ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "SHA384withECDSA")):
            with self.subTest(alias):
                certificate, public = self.put(alias, *kind)
                self.assertIn(f"{alias} key chain of 2\n", self.java("Store", "list"))
                self.java("Store", "sign", alias, algorithm, text, signature)
                self.assertTrue(self.openssl_verifies(public, "sha384", TEXT, signature))
                kept = self.stack.path("kept")
                self.java("Store", "certificate", alias, kept)
                given = self.openssl("x509", "-in", certificate, "-outform", "DER", "-out", self.stack.path("given"))
                self.assertEqual(given.returncode, 0)
                self.assertEqual(self.stack.read("kept"), self.stack.read("given"))
                self.java("Store", "delete", alias)
                self.assertNotIn(alias, self.java("Store", "list"))
                self.assertNotIn(alias.encode().hex(), self.stack.tool("--list-objects").stdout)

    def test_a_secret_key_put_in_encrypts_what_openssl_decrypts(self):
        key = os.urandom(32).hex()
        self.java("Store", "put-secret", "j-aes", key)
        self.assertIn("j-aes key\n", self.java("Store", "list"))
        text, target = self.stack.write("text", TEXT), self.stack.path("encrypted")
        self.java("Store", "encrypt", "j-aes", text, target)
        back = self.openssl("enc", "-d", "-aes-256-cbc", "-K", key, "-iv", "00" * 16, "-in", target)
        self.assertEqual(back.stdout.encode(), TEXT)
        self.java("Store", "delete", "j-aes")
        self.assertNotIn("j-aes", self.stack.tool("--list-objects").stdout)

    def test_keytool_makes_a_pair_that_an_authority_certifies(self):
        for alias, kind in (("kt-rsa", ["-keyalg", "RSA", "-keysize", "2048"]),
                            ("kt-ec", ["-keyalg", "EC", "-groupname", "secp256r1"])):
            with self.subTest(alias):
                request, reply = self.stack.path(f"{alias}.csr"), self.stack.path(f"{alias}.crt")
                self.keytool("-genkeypair", "-alias", alias, *kind, "-dname", f"CN={alias}", "-validity", "3")
                self.assertIn("PrivateKeyEntry", self.keytool("-list", "-alias", alias))
                own = self.stack.write("own.pem", self.keytool("-exportcert", "-rfc", "-alias", alias).encode())
                self.assertIn("OK", self.openssl("verify", "-CAfile", own, own).stdout)
                self.keytool("-certreq", "-alias", alias, "-file", request)
                self.assertIn("verify OK", self.openssl("req", "-verify", "-noout", "-in", request).stdout)
                self.authority.certify(request, reply)
                chain = self.stack.read(f"{alias}.crt") + self.stack.read("authority.pem")
                self.stack.write("chain.pem", chain)
                self.keytool("-importcert", "-noprompt", "-alias", alias, "-file", self.stack.path("chain.pem"))
                self.assertIn(f"{alias} key chain of 2\n", self.java("Store", "list"))
                self.keytool("-delete", "-alias", alias)
                self.assertNotIn(alias, self.java("Store", "list"))

    @contextlib.contextmanager
    def https(self):
        """The Java server: yields its port and itself."""
        process = subprocess.Popen(self.command("Store", "https", self.authority.pem), text=True, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, env={**os.environ, **self.stack.env})
        try:
            yield int(process.stdout.readline().removeprefix("port ")), process
        finally:
            process.kill()
            process.communicate()

    def test_an_https_server_and_a_client_show_certificates_of_the_hsm(self):
        rows = (("https-rsa", ["rsa:2048"], (("rsa_pss_rsae_sha256", "-tls1_3"), ("rsa_pss_rsae_sha512", "-tls1_2"),
                                            ("rsa_pkcs1_sha256", "-tls1_2"))),
                ("https-ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], (("ecdsa_secp256r1_sha256", "-tls1_3"),
                                                                            ("ecdsa_secp256r1_sha256", "-tls1_2"))))
        for alias, kind, choices in rows:
            self.put(alias, *kind)
            with self.https() as (port, process):
                for algorithm, version in choices:
                    with self.subTest(f"{alias} {algorithm} {version}"):
                        said = self.authority.handshake(port, "-sigalgs", algorithm, version)
                        self.assertIn("Verify return code: 0 (ok)", said)
                        self.assertIn("served to nobody", said)
                page, suite = process.communicate("\n", timeout=30)[0].splitlines()
                self.assertEqual(page, "served to CN=localhost", "the client has shown a certificate of the HSM")
                self.assertTrue(suite.startswith("TLS_"))
            self.java("Store", "delete", alias)


if __name__ == "__main__":
    unittest.main()
