#!/usr/bin/env python3
"""Room: tests/e2e. OpenSC's pkcs11-tool on a private stack: what people try first. May touch: a stack of its own."""

import hashlib
import os
import re
import unittest

from tools import TEXT, ToolTest

CURVES = {"EC:prime256v1": 64, "EC:secp384r1": 96, "EC:secp521r1": 132, "EC:secp256k1": 64}
PSS = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]


class Token(ToolTest):
    def test_the_token_is_described(self):
        slots = self.stack.tool("--list-slots", login=False).stdout
        for words in ("token label", "grep11", "login required", "rng", "token initialized", "PIN initialized"):
            self.assertIn(words, slots)
        self.assertIn("Cryptoki version 2.40", self.stack.tool("--show-info", login=False).stdout)

    def test_mechanisms_are_listed_with_their_sizes(self):
        listed = self.stack.tool("--list-mechanisms", login=False).stdout
        for pattern in (r"ECDSA, keySize=\{160,521\}.*sign, verify", r"RSA-PKCS, .*decrypt", r"AES-CBC-PAD, ",
                        r"SHA256-RSA-PKCS-PSS, ", r"SHA256-HMAC, ", r"SHA512, digest", r"AES-KEY-GEN, .*generate"):
            self.assertRegex(listed, pattern)

    def test_its_own_test_finds_no_error(self):
        self.key_pair("for-test-rsa", "rsa:2048", "a1")
        self.key_pair("for-test-ec", "EC:prime256v1", "a2")
        done = self.stack.tool("--test")
        self.assertIn("No errors", done.stdout)

    def test_random_has_the_length_asked_for_and_does_not_repeat(self):
        seen = set()
        for size in (1, 32, 1000, 4096):
            self.stack.tool("--generate-random", str(size), "--output-file", self.stack.path("random"), login=False)
            data = self.stack.read("random")
            self.assertEqual(len(data), size)
            self.assertNotIn(data, seen)
            seen.add(data)

    def test_digests_are_those_of_everybody(self):
        source = self.stack.write("text", TEXT)
        for mechanism, name in (("SHA-1", "sha1"), ("SHA224", "sha224"), ("SHA256", "sha256"), ("SHA384", "sha384"),
                                ("SHA512", "sha512")):
            self.stack.tool("--hash", "--mechanism", mechanism, "--input-file", source, "--output-file",
                            self.stack.path("digest"), login=False)
            self.assertEqual(self.stack.read("digest"), hashlib.new(name, TEXT).digest(), mechanism)

    def test_objects_are_listed_and_deleted(self):
        self.key_pair("short-lived", "EC:prime256v1", "b1")
        self.assertEqual(self.stack.tool("--list-objects").stdout.count("short-lived"), 2)
        public_only = self.stack.tool("--list-objects", login=False).stdout
        self.assertEqual(public_only.count("short-lived"), 1, "the private half is seen after login only")
        for kind in ("privkey", "pubkey"):
            self.stack.tool("--delete-object", "--type", kind, "--label", "short-lived")
        self.assertNotIn("short-lived", self.stack.tool("--list-objects").stdout)
        again = self.stack.tool("--delete-object", "--type", "privkey", "--label", "short-lived", check=False)
        self.assertNotEqual(again.returncode, 0)

    def test_the_private_key_is_sensitive_and_never_extractable(self):
        self.key_pair("guarded", "EC:prime256v1", "b2")
        listed = self.stack.tool("--list-objects", "--type", "privkey").stdout
        entry = next(part for part in listed.split("Private Key Object") if "guarded" in part)
        self.assertRegex(entry, r"Access:\s+sensitive, always sensitive, never extractable, local")

    def test_data_and_certificates_are_kept(self):
        source = self.stack.write("blob", TEXT)
        self.stack.tool("--write-object", source, "--type", "data", "--label", "note", "--application-label", "test")
        self.stack.tool("--read-object", "--type", "data", "--label", "note", "--application-label", "test",
                        "--output-file", self.stack.path("read"))
        self.assertEqual(self.stack.read("read"), TEXT)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                     self.stack.path("k"), "-subj", "/CN=kept", "-outform", "DER", "-out", self.stack.path("cert"))
        self.stack.tool("--write-object", self.stack.path("cert"), "--type", "cert", "--label", "kept", "--id", "c1")
        self.stack.tool("--read-object", "--type", "cert", "--label", "kept", "--output-file", self.stack.path("read"))
        self.assertEqual(self.stack.read("read"), self.stack.read("cert"))


class Signatures(ToolTest):
    def test_ecdsa_on_each_curve(self):
        for number, (kind, size) in enumerate(CURVES.items()):
            with self.subTest(kind):
                key = f"0{number}"
                pem = self.key_pair(kind.replace(":", "-"), kind, key)
                signature = self.sign(key, "ECDSA-SHA256", TEXT)
                self.assertEqual(len(self.stack.read("signature")), size)
                self.assertTrue(self.verifies(key, "ECDSA-SHA256", TEXT, signature))
                self.assertFalse(self.verifies(key, "ECDSA-SHA256", TEXT + b"!", signature))
                der = self.sign(key, "ECDSA-SHA256", TEXT, "--signature-format", "openssl")
                self.assertTrue(self.openssl_verifies(pem, "sha256", TEXT, der))
                self.assertFalse(self.openssl_verifies(pem, "sha256", TEXT + b"!", der))

    def test_ed25519_by_the_standards_names(self):
        self.stack.tool("--keypairgen", "--key-type", "EC:edwards25519", "--label", "edwards", "--id", "11")
        signature = self.sign("11", "EDDSA", TEXT)
        listed = self.stack.tool("--list-objects", "--type", "pubkey").stdout
        point = re.search(r"EC_EDWARDS.*?EC_POINT:\s+0420(\w{64})", listed, re.DOTALL)
        self.assertIsNotNone(point, listed)
        spki = self.stack.write("spki", bytes.fromhex("302a300506032b6570032100" + point.group(1)))
        for text, verdict in ((TEXT, "Verified Successfully"), (TEXT + b"!", "Verification Failure")):
            done = self.openssl("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", spki, "-rawin", "-in",
                                self.stack.write("message", text), "-sigfile", signature, check=False)
            self.assertIn(verdict, done.stdout)

    def test_ecdsa_of_a_digest_made_elsewhere(self):
        pem = self.key_pair("prehashed", "EC:prime256v1", "10")
        der = self.sign("10", "ECDSA", hashlib.sha384(TEXT).digest(), "--signature-format", "openssl")
        self.assertTrue(self.openssl_verifies(pem, "sha384", TEXT, der))

    def test_rsa_of_each_size_and_scheme(self):
        for number, bits in enumerate((1024, 2048, 3072, 4096)):
            key = f"2{number}"
            pem = self.key_pair(f"rsa-{bits}", f"rsa:{bits}", key)
            for digest in ("sha1", "sha256", "sha512"):
                name = digest.upper()
                with self.subTest(f"{bits} {name} PKCS #1 v1.5"):
                    signature = self.sign(key, f"{name}-RSA-PKCS", TEXT)
                    self.assertEqual(len(self.stack.read("signature")), bits // 8)
                    self.assertTrue(self.openssl_verifies(pem, digest, TEXT, signature))
                    self.assertTrue(self.verifies(key, f"{name}-RSA-PKCS", TEXT, signature))
                    self.assertFalse(self.verifies(key, f"{name}-RSA-PKCS", TEXT + b"!", signature))
            with self.subTest(f"{bits} PSS"):
                signature = self.sign(key, "SHA256-RSA-PKCS-PSS", TEXT)
                self.assertTrue(self.openssl_verifies(pem, "sha256", TEXT, signature, *PSS))
                self.assertTrue(self.verifies(key, "SHA256-RSA-PKCS-PSS", TEXT, signature))

    def test_large_inputs_go_through_in_parts(self):
        pem = self.key_pair("large", "rsa:2048", "30")
        data = TEXT * 20_000  # 1.5 MB
        signature = self.sign("30", "SHA256-RSA-PKCS", data)
        self.assertTrue(self.openssl_verifies(pem, "sha256", data, signature))


class Encryption(ToolTest):
    def decrypt(self, number, mechanism, ciphertext, *options):
        source, target = self.stack.write("cipher", ciphertext), self.stack.path("plain")
        self.stack.tool("--decrypt", "--mechanism", mechanism, "--id", number, "--input-file", source,
                        "--output-file", target, *options)
        return self.stack.read("plain")

    def test_rsa_decrypts_what_openssl_encrypted(self):
        pem = self.key_pair("rsa-decrypt", "rsa:2048", "01")
        secret = b"a secret of thirty-two characters"
        source, target = self.stack.write("plain", secret), self.stack.path("cipher")
        self.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", pem, "-in", source, "-out", target)
        self.assertEqual(self.decrypt("01", "RSA-PKCS", self.stack.read("cipher")), secret)
        self.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", pem, "-in", source, "-out", target, "-pkeyopt",
                     "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256")
        self.assertEqual(self.decrypt("01", "RSA-PKCS-OAEP", self.stack.read("cipher"), "--hash-algorithm",
                                      "SHA256", "--mgf", "MGF1-SHA256"), secret)

    def test_aes_agrees_with_openssl_on_an_imported_key(self):
        """A key that OpenSSL knows is wrapped under the token's RSA key and unwrapped inside."""
        pem = self.key_pair("kek", "rsa:2048", "02")
        key, iv = bytes(range(32)), bytes(range(100, 116))
        self.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", pem, "-in", self.stack.write("key", key), "-out",
                     self.stack.path("wrapped"))
        self.stack.tool("--unwrap", "--mechanism", "RSA-PKCS", "--id", "02", "--input-file", self.stack.path("wrapped"),
                        "--key-type", "AES:32", "--application-label", "imported", "--application-id", "03",
                        "--usage-decrypt")
        source, target = self.stack.write("plain", TEXT), self.stack.path("cipher")
        self.stack.tool("--encrypt", "--mechanism", "AES-CBC-PAD", "--id", "03", "--iv", iv.hex(), "--input-file",
                        source, "--output-file", target)
        decrypted = self.openssl("enc", "-d", "-aes-256-cbc", "-K", key.hex(), "-iv", iv.hex(), "-in", target)
        self.assertEqual(decrypted.stdout.encode(), TEXT)
        self.stack.tool("--decrypt", "--mechanism", "AES-CBC-PAD", "--id", "03", "--iv", iv.hex(), "--input-file",
                        target, "--output-file", self.stack.path("back"))
        self.assertEqual(self.stack.read("back"), TEXT)

    def test_generated_aes_keys_of_each_size_come_back_to_the_plain_text(self):
        for size in (16, 24, 32):
            with self.subTest(size):
                key = f"4{size // 8}"
                self.stack.tool("--keygen", "--key-type", f"AES:{size}", "--label", f"aes-{size}", "--id", key)
                source, target = self.stack.write("plain", TEXT), self.stack.path("cipher")
                self.stack.tool("--encrypt", "--mechanism", "AES-CBC-PAD", "--id", key, "--iv", "00" * 16,
                                "--input-file", source, "--output-file", target)
                ciphertext = self.stack.read("cipher")
                self.assertEqual(len(ciphertext), len(TEXT) // 16 * 16 + 16)
                self.assertEqual(self.decrypt(key, "AES-CBC-PAD", ciphertext, "--iv", "00" * 16), TEXT)


class Imports(ToolTest):
    """Keys that OpenSSL made go in in clear, and then do in the token what OpenSSL does with them."""

    def write_key(self, number, kind, *options):
        """Makes a key with OpenSSL and writes both halves to the token; returns the PEM file of the public one."""
        private, public = self.stack.path(f"{number}.key"), self.stack.path(f"{number}.pub")
        self.openssl("genpkey", "-algorithm", kind, *options, "-out", private)
        self.openssl("pkey", "-in", private, "-pubout", "-out", public)
        for what, source in (("privkey", ["-in", private]), ("pubkey", ["-pubin", "-in", public, "-pubout"])):
            der = self.stack.path(f"{number}.der")
            self.openssl("pkey", *source, "-outform", "DER", "-out", der)
            usage = ["--usage-sign"] + (["--usage-decrypt"] if kind == "RSA" and what == "privkey" else [])
            self.stack.tool("--write-object", der, "--type", what, "--id", number, "--label", f"in-{number}", *usage)
        return public

    def test_rsa_keys_sign_and_decrypt(self):
        for number, bits in enumerate((1024, 2048, 4096)):
            with self.subTest(bits):
                key = f"5{number}"
                pem = self.write_key(key, "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}")
                signature = self.sign(key, "SHA256-RSA-PKCS", TEXT)
                self.assertTrue(self.openssl_verifies(pem, "sha256", TEXT, signature))
                self.assertTrue(self.verifies(key, "SHA256-RSA-PKCS", TEXT, signature))
                self.assertFalse(self.verifies(key, "SHA256-RSA-PKCS", TEXT + b"!", signature))
                plain, cipher = self.stack.write("plain", b"a secret"), self.stack.path("cipher")
                self.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", pem, "-in", plain, "-out", cipher)
                self.stack.tool("--decrypt", "--mechanism", "RSA-PKCS", "--id", key, "--input-file", cipher,
                                "--output-file", self.stack.path("back"))
                self.assertEqual(self.stack.read("back"), b"a secret")

    def test_ec_keys_sign(self):
        for number, curve in enumerate(("prime256v1", "secp384r1", "secp521r1", "secp256k1")):
            with self.subTest(curve):
                key = f"6{number}"
                pem = self.write_key(key, "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}")
                der = self.sign(key, "ECDSA-SHA256", TEXT, "--signature-format", "openssl")
                self.assertTrue(self.openssl_verifies(pem, "sha256", TEXT, der))
                raw = self.sign(key, "ECDSA-SHA256", TEXT)
                self.assertTrue(self.verifies(key, "ECDSA-SHA256", TEXT, raw))

    def test_aes_keys_encrypt_and_show_their_check_value(self):
        for size in (16, 24, 32):
            with self.subTest(size):
                key, iv, number = os.urandom(size), os.urandom(16), f"7{size // 8}"
                self.stack.tool("--write-object", self.stack.write("key", key), "--type", "secrkey", "--key-type",
                                f"AES:{size}", "--id", number, "--label", f"in-{number}", "--usage-decrypt")
                source, target = self.stack.write("plain", TEXT), self.stack.path("cipher")
                self.stack.tool("--encrypt", "--mechanism", "AES-CBC-PAD", "--id", number, "--iv", iv.hex(),
                                "--input-file", source, "--output-file", target)
                decrypted = self.openssl("enc", "-d", f"-aes-{size * 8}-cbc", "-K", key.hex(), "-iv", iv.hex(), "-in",
                                         target)
                self.assertEqual(decrypted.stdout.encode(), TEXT)

    def test_what_came_from_outside_says_so_and_does_not_come_back(self):
        self.write_key("58", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1")
        listed = self.stack.tool("--list-objects", "--type", "privkey").stdout
        entry = next(part for part in listed.split("Private Key Object") if "in-58" in part)
        access = re.search(r"Access:(.*)", entry).group(1)
        self.assertIn("sensitive", access)
        for word in ("local", "always sensitive", "never extractable"):
            self.assertNotIn(word, access)
        self.stack.tool("--read-object", "--type", "privkey", "--label", "in-58", "--output-file",
                        self.stack.path("out"), check=False)
        self.assertFalse(os.path.exists(self.stack.path("out")))

    def test_octets_that_are_no_key_are_refused(self):
        done = self.stack.tool("--write-object", self.stack.write("key", b"fifteen octets."), "--type", "secrkey",
                               "--key-type", "AES:15", "--label", "no-key", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("no-key", self.stack.tool("--list-objects").stdout)


if __name__ == "__main__":
    unittest.main()
