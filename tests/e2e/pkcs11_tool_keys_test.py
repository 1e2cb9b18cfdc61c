#!/usr/bin/env python3
"""Room: tests/e2e. OpenSC's pkcs11-tool on a private stack: keys that are made, wrapped and derived, what a key allows,
PINs and the tool's own tests. May touch: a stack of its own.
"""

import hashlib
import hmac
import os
import unittest

from tools import TEXT, ToolTest


class KeysTest(ToolTest):
    def entry(self, kind, label):
        listed = self.stack.tool("--list-objects", "--type", kind).stdout
        return next((part for part in listed.split("Object") if f"label:      {label}\n" in part), "")

    def write_secret(self, number, kind, octets, *options):
        self.stack.tool("--write-object", self.stack.write("secret", octets), "--type", "secrkey", "--key-type",
                        f"{kind}:{len(octets)}", "--id", number, "--label", f"in-{number}", *options)

    def encrypted(self, number, data, iv):
        source, target = self.stack.write("plain", data), self.stack.path("cipher")
        self.stack.tool("--encrypt", "--mechanism", "AES-CBC-PAD", "--id", number, "--iv", iv.hex(), "--input-file",
                        source, "--output-file", target)
        return self.stack.read("cipher")

    def openssl_encrypted(self, key, data, iv):
        target = self.stack.path("cipher.openssl")
        self.openssl("enc", f"-aes-{len(key) * 8}-cbc", "-K", key.hex(), "-iv", iv.hex(), "-in",
                     self.stack.write("plain", data), "-out", target)
        return self.stack.read("cipher.openssl")

    def peer(self):
        """The public half of a P-256 key of OpenSSL's."""
        private, public = self.stack.path("peer.key"), self.stack.path("peer.der")
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", private)
        self.openssl("pkey", "-in", private, "-pubout", "-outform", "DER", "-out", public)
        return public

    def software_rsa(self, number, *usage):
        """A key of OpenSSL's whose public half is in the token; returns the private one's file."""
        private, der = self.stack.path(f"{number}.key"), self.stack.path(f"{number}.der")
        self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private)
        self.openssl("pkey", "-in", private, "-pubout", "-outform", "DER", "-out", der)
        self.stack.tool("--write-object", der, "--type", "pubkey", "--id", number, "--label", f"in-{number}", *usage)
        return private


class Generation(KeysTest):
    def test_keys_of_each_kind_are_made(self):
        offered = self.stack.tool("--list-mechanisms", login=False).stdout
        rows = [("AES-KEY-GEN", f"AES:{size}", f"AES length {size}") for size in (16, 24, 32)]
        rows += [("GENERIC-SECRET-KEY-GEN", f"GENERIC:{size}", f"secret length {size}") for size in (16, 20, 64)]
        rows += [("DES3-KEY-GEN", "DES3:24", "DES3")]
        made = 0
        for mechanism, kind, shown in rows:
            if f"  {mechanism}," not in offered:
                continue
            with self.subTest(kind):
                label = f"made-{kind}"
                self.stack.tool("--keygen", "--key-type", kind, "--label", label, "--id", f"3{made:x}")
                entry = self.entry("secrkey", label)
                self.assertIn(shown, entry)
                self.assertIn("local", entry)
                made += 1
        self.assertGreaterEqual(made, 6)

    def test_pairs_do_what_they_are_for(self):
        for number, usage in (("40", "sign"), ("41", "derive")):
            self.stack.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", f"for-{usage}", "--id", number,
                            f"--usage-{usage}")
            self.assertRegex(self.entry("privkey", f"for-{usage}"), rf"Usage:.* {usage}\n")
        self.sign("40", "ECDSA-SHA256", TEXT)
        done = self.stack.tool("--derive", "--mechanism", "ECDH1-DERIVE", "--id", "40", "--input-file", self.peer(),
                               check=False)
        self.assertIn("CKR_KEY_FUNCTION_NOT_PERMITTED", done.stdout)

    def test_a_key_allows_only_its_mechanisms(self):
        self.stack.tool("--keypairgen", "--key-type", "rsa:2048", "--label", "allowed", "--id", "45",
                        "--allowed-mechanisms", "RSA-PKCS,SHA256-RSA-PKCS")
        self.assertIn("Allowed mechanisms: RSA-PKCS,SHA256-RSA-PKCS", self.entry("privkey", "allowed"))
        signature = self.sign("45", "SHA256-RSA-PKCS", TEXT)
        self.assertTrue(self.openssl_verifies(self.rsa_public_key("allowed"), "sha256", TEXT, signature))
        done = self.stack.tool("--sign", "--mechanism", "SHA512-RSA-PKCS", "--id", "45", "--input-file",
                               self.stack.write("data", TEXT), check=False)
        self.assertIn("CKR_MECHANISM_INVALID", done.stdout)

    def test_a_key_gets_another_id_and_is_found_by_it(self):
        pem = self.key_pair("moves", "EC:prime256v1", "46")
        self.stack.tool("--set-id", "47", "--type", "privkey", "--id", "46")
        der = self.sign("47", "ECDSA-SHA256", TEXT, "--signature-format", "openssl")
        self.assertTrue(self.openssl_verifies(pem, "sha256", TEXT, der))
        self.assertIn("ID:         47", self.entry("privkey", "moves"))
        self.assertIn("ID:         46", self.entry("pubkey", "moves"))

    def test_each_kind_of_object_is_deleted(self):
        self.key_pair("gone", "EC:prime256v1", "48")
        self.stack.tool("--keygen", "--key-type", "AES:16", "--label", "gone", "--id", "49")
        self.stack.tool("--write-object", self.stack.write("data", TEXT), "--type", "data", "--label", "gone")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                     self.stack.path("k"), "-subj", "/CN=gone", "-outform", "DER", "-out", self.stack.path("crt"))
        self.stack.tool("--write-object", self.stack.path("crt"), "--type", "cert", "--label", "gone", "--id", "48")
        for left, kind in enumerate(("privkey", "pubkey", "secrkey", "cert", "data")):
            self.assertIn("gone", self.stack.tool("--list-objects", "--type", kind).stdout, kind)
            self.stack.tool("--delete-object", "--type", kind, "--label", "gone")
            self.assertNotIn("gone", self.stack.tool("--list-objects", "--type", kind).stdout, kind)
            self.assertEqual("gone" in self.stack.tool("--list-objects").stdout, left < 4)


class Wrapping(KeysTest):
    def test_a_generated_key_leaves_under_an_rsa_key_that_openssl_holds(self):
        private = self.software_rsa("51", "--usage-wrap")
        self.stack.tool("--keygen", "--key-type", "AES:32", "--label", "leaves-rsa", "--id", "60", "--extractable")
        wrapped = self.stack.path("wrapped")
        self.stack.tool("--wrap", "--mechanism", "RSA-PKCS", "--id", "51", "--application-id", "60", "--output-file",
                        wrapped)
        self.openssl("pkeyutl", "-decrypt", "-inkey", private, "-in", wrapped, "-out", self.stack.path("octets"))
        octets, iv = self.stack.read("octets"), os.urandom(16)
        self.assertEqual(len(octets), 32)
        self.assertEqual(self.encrypted("60", TEXT, iv), self.openssl_encrypted(octets, TEXT, iv))

    def test_keys_go_out_and_in_under_an_aes_key(self):
        kek, iv = os.urandom(32), os.urandom(16)
        self.write_secret("52", "AES", kek, "--usage-wrap")
        self.stack.tool("--keygen", "--key-type", "AES:32", "--label", "leaves", "--id", "53", "--extractable")
        wrapped = self.stack.path("wrapped")
        self.stack.tool("--wrap", "--mechanism", "AES-CBC-PAD", "--id", "52", "--iv", iv.hex(), "--application-id",
                        "53", "--output-file", wrapped)
        self.openssl("enc", "-d", "-aes-256-cbc", "-K", kek.hex(), "-iv", iv.hex(), "-in", wrapped, "-out",
                     self.stack.path("octets"))
        octets = self.stack.read("octets")
        self.assertEqual(self.encrypted("53", TEXT, iv), self.openssl_encrypted(octets, TEXT, iv))
        self.stack.tool("--unwrap", "--mechanism", "AES-CBC-PAD", "--id", "52", "--iv", iv.hex(), "--input-file",
                        wrapped, "--key-type", "AES:32", "--application-label", "back", "--application-id", "54",
                        "--usage-decrypt")
        self.assertEqual(self.encrypted("54", TEXT, iv), self.openssl_encrypted(octets, TEXT, iv))

    def test_what_may_not_leave_stays(self):
        self.software_rsa("55", "--usage-wrap")
        self.stack.tool("--keygen", "--key-type", "AES:32", "--label", "stays", "--id", "56")
        done = self.stack.tool("--wrap", "--mechanism", "RSA-PKCS", "--id", "55", "--application-id", "56",
                               "--output-file", self.stack.path("none"), check=False)
        self.assertIn("CKR_KEY_UNEXTRACTABLE", done.stdout)
        self.assertFalse(os.path.exists(self.stack.path("none")))

    def test_a_secret_is_derived_and_does_not_come_out(self):
        self.stack.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "derives", "--id", "57",
                        "--usage-derive")
        peer = self.peer()
        self.stack.reset_counters()
        done = self.stack.tool("--derive", "--mechanism", "ECDH1-DERIVE", "--id", "57", "--input-file", peer,
                               "--output-file", self.stack.path("secret.out"), check=False)
        self.assertIn("CKR_ATTRIBUTE_SENSITIVE", done.stdout)
        self.assertFalse(os.path.exists(self.stack.path("secret.out")))
        self.assertEqual(self.stack.counters()["rpc"]["DeriveKey"], 1)


class Macs(KeysTest):
    def test_imported_secrets_agree_with_pythons_hmac(self):
        secret = os.urandom(32)
        self.write_secret("61", "AES", secret, "--usage-sign")  # the tool imports no generic secrets
        for name, mechanism in (("sha1", "SHA-1-HMAC"), ("sha224", "SHA224-HMAC"), ("sha256", "SHA256-HMAC"),
                                ("sha384", "SHA384-HMAC"), ("sha512", "SHA512-HMAC")):
            with self.subTest(mechanism):
                signature = self.sign("61", mechanism, TEXT)
                self.assertEqual(self.stack.read("signature"), hmac.new(secret, TEXT, name).digest())
                self.assertTrue(self.verifies("61", mechanism, TEXT, signature))
                self.assertFalse(self.verifies("61", mechanism, TEXT + b"!", signature))


class Pins(KeysTest):
    def so(self, *arguments, **options):
        return self.stack.tool("--login", "--login-type", "so", "--so-pin", "env:SO_PIN", *arguments, login=False,
                               **options)

    def test_an_api_key_is_accepted_as_a_new_pin_and_nonsense_is_not(self):
        self.assertIn("successfully initialized", self.so("--init-pin", "--new-pin", "env:USER_PIN").stdout)
        self.assertIn("CKR_PIN_INVALID", self.so("--init-pin", "--new-pin", "no-key-of-anybody", check=False).stdout)
        self.assertIn("successfully changed", self.stack.tool("--change-pin", "--new-pin", "env:USER_PIN").stdout)
        done = self.stack.tool("--change-pin", "--new-pin", "no-key-of-anybody", check=False)
        self.assertIn("CKR_PIN_INVALID", done.stdout)
        self.stack.tool("--list-objects")

    def test_a_wrong_pin_is_incorrect(self):
        done = self.stack.tool("--login", "--pin", "no-key-of-anybody", "--list-objects", login=False, check=False)
        self.assertIn("CKR_PIN_INCORRECT", done.stdout)


class OwnTests(KeysTest):
    def test_mozilla_like_pairs_and_requests(self):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.stack.path("mz.key"), "-subj",
                     "/CN=mz", "-outform", "DER", "-out", self.stack.path("mz.der"))
        done = self.stack.tool("--session-rw", "--moz-cert", self.stack.path("mz.der"), "--id", "ab", "--label", "moz",
                               "--key-type", "RSA:2048")
        self.assertNotIn("ERR", done.stdout)
        self.assertIn("==> OK, successful!", done.stdout)

    def test_its_tests_of_curves_and_forks(self):
        done = self.stack.tool("--session-rw", "--test-ec", "--key-type", "EC:prime256v1", "--id", "ec01", "--label",
                               "test-ec")
        self.assertNotIn("ERR", done.stdout)
        self.assertIn("==> OK", done.stdout)
        self.assertNotIn("CKR_", self.stack.tool("--test-fork").stdout.replace("CKR_OK", ""))

    def test_interfaces_of_version_3_are_listed(self):
        listed = self.stack.tool("--list-interfaces", login=False).stdout
        self.assertIn("version: 3.0", listed)
        self.assertIn("version: 2.40", listed)

    def test_a_digest_of_a_large_file(self):
        source = self.stack.write("large", TEXT * 20_000)
        self.stack.tool("--hash", "--mechanism", "SHA256", "--input-file", source, "--output-file",
                        self.stack.path("digest"), login=False)
        self.assertEqual(self.stack.read("digest"), hashlib.sha256(TEXT * 20_000).digest())


if __name__ == "__main__":
    unittest.main()
