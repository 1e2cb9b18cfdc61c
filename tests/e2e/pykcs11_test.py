#!/usr/bin/env python3
"""Room: tests/e2e. PyKCS11 on a private stack: programs in Python that call PKCS #11 themselves.

May touch: a stack of its own. Runs in the Python of the distribution, whose package PyKCS11 is.
"""

import hashlib
import hmac
import os
import unittest

import PyKCS11
from PyKCS11 import CKA_CLASS as CLASS

from tools import TEXT, ToolTest, der_of

P256 = bytes.fromhex("06082a8648ce3d030107")
SPKI_P256 = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
IV = bytes(range(16))


def octets(value):
    return bytes(value)


class PyKcs11(ToolTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ.update(cls.stack.env)
        cls.library = PyKCS11.PyKCS11Lib()
        cls.library.load(cls.stack.env["PKCS11_MODULE"])
        cls.slot = int(cls.stack.env["PKCS11_SLOT"])

    def setUp(self):
        self.session = self.library.openSession(self.slot, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
        self.session.login(self.stack.env["USER_PIN"])

    def tearDown(self):
        self.session.logout()
        self.session.closeSession()

    def ec_pair(self, label, token=False):
        public = [(PyKCS11.CKA_EC_PARAMS, P256), (PyKCS11.CKA_LABEL, label), (PyKCS11.CKA_TOKEN, token),
                  (PyKCS11.CKA_PRIVATE, False), (PyKCS11.CKA_VERIFY, True)]
        private = [(PyKCS11.CKA_LABEL, label), (PyKCS11.CKA_TOKEN, token), (PyKCS11.CKA_SIGN, True)]
        return self.session.generateKeyPair(public, private, PyKCS11.MechanismECGENERATEKEYPAIR)

    def pem_of(self, public):
        point = octets(self.session.getAttributeValue(public, [PyKCS11.CKA_EC_POINT])[0])
        der = self.stack.write("public.der", der_of(0x30, SPKI_P256 + der_of(3, b"\0" + point[2:])))
        pem = self.stack.path("public.pem")
        self.openssl("pkey", "-pubin", "-inform", "DER", "-in", der, "-out", pem)
        return pem

    def rsa_pair(self):
        public = [(PyKCS11.CKA_MODULUS_BITS, 2048), (PyKCS11.CKA_PUBLIC_EXPONENT, (1, 0, 1)),
                  (PyKCS11.CKA_VERIFY, True), (PyKCS11.CKA_ENCRYPT, True), (PyKCS11.CKA_PRIVATE, False)]
        private = [(PyKCS11.CKA_SIGN, True), (PyKCS11.CKA_DECRYPT, True)]
        return self.session.generateKeyPair(public, private, PyKCS11.MechanismRSAGENERATEKEYPAIR)

    def rsa_pem(self, public):
        modulus, exponent = self.session.getAttributeValue(public, [PyKCS11.CKA_MODULUS, PyKCS11.CKA_PUBLIC_EXPONENT])
        conf = (f"asn1 = SEQUENCE:key\n[key]\nn = INTEGER:0x{octets(modulus).hex()}\n"
                f"e = INTEGER:0x{octets(exponent).hex()}\n")
        pem, der = self.stack.path("rsa.pem"), self.stack.path("rsa.der")
        self.openssl("asn1parse", "-genconf", self.stack.write("conf", conf.encode()), "-noout", "-out", der)
        self.openssl("rsa", "-RSAPublicKey_in", "-inform", "DER", "-in", der, "-pubout", "-out", pem)
        return pem

    def test_slot_token_and_mechanisms_are_described(self):
        self.assertEqual(self.library.getSlotList(tokenPresent=True), [self.slot])
        token = self.library.getTokenInfo(self.slot)
        self.assertEqual((token.label.strip(), token.model.strip()), ("grep11", "GREP11"))
        self.assertEqual(self.library.getInfo().cryptokiVersion, (2, 40))
        for name in self.library.getMechanismList(self.slot):
            self.library.getMechanismInfo(self.slot, name)
        self.assertEqual(self.session.getSessionInfo().state, PyKCS11.CKS_RW_USER_FUNCTIONS)

    def test_ecdsa_signatures_verify_with_openssl(self):
        public, private = self.ec_pair("py-ec")
        signature = octets(self.session.sign(private, TEXT, PyKCS11.Mechanism(PyKCS11.CKM_ECDSA_SHA256)))
        self.assertEqual(len(signature), 64)
        self.assertTrue(self.session.verify(public, TEXT, signature, PyKCS11.Mechanism(PyKCS11.CKM_ECDSA_SHA256)))
        self.assertFalse(self.session.verify(public, TEXT + b"!", signature,
                                             PyKCS11.Mechanism(PyKCS11.CKM_ECDSA_SHA256)))
        numbers = [signature[:32].lstrip(b"\0"), signature[32:].lstrip(b"\0")]
        der = der_of(0x30, b"".join(der_of(2, b"\0" + n if n[0] & 0x80 else n) for n in numbers))
        self.assertTrue(self.openssl_verifies(self.pem_of(public), "sha256", TEXT, self.stack.write("sig", der)))

    def test_rsa_signs_in_both_paddings_and_decrypts(self):
        public, private = self.rsa_pair()
        pem = self.rsa_pem(public)
        plain = self.session.sign(private, TEXT, PyKCS11.Mechanism(PyKCS11.CKM_SHA384_RSA_PKCS))
        self.assertTrue(self.openssl_verifies(pem, "sha384", TEXT, self.stack.write("sig", octets(plain))))
        pss = PyKCS11.RSA_PSS_Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS_PSS, PyKCS11.CKM_SHA256, PyKCS11.CKG_MGF1_SHA256,
                                        32)
        signed = self.stack.write("sig", octets(self.session.sign(private, TEXT, pss)))
        self.assertTrue(self.openssl_verifies(pem, "sha256", TEXT, signed, "-sigopt", "rsa_padding_mode:pss", "-sigopt",
                                              "rsa_pss_saltlen:32"))
        oaep = PyKCS11.RSAOAEPMechanism(PyKCS11.CKM_SHA_1, PyKCS11.CKG_MGF1_SHA1)
        self.openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", pem, "-pkeyopt", "rsa_padding_mode:oaep", "-in",
                     self.stack.write("plain", b"secret"), "-out", self.stack.path("cipher"))
        self.assertEqual(octets(self.session.decrypt(private, self.stack.read("cipher"), oaep)), b"secret")
        encrypted = octets(self.session.encrypt(public, b"secret", oaep))
        self.assertEqual(octets(self.session.decrypt(private, encrypted, oaep)), b"secret")

    def import_secret(self, kind, value, *more):
        return self.session.createObject([(CLASS, PyKCS11.CKO_SECRET_KEY), (PyKCS11.CKA_KEY_TYPE, kind),
                                          (PyKCS11.CKA_VALUE, value), (PyKCS11.CKA_TOKEN, False), *more])

    def test_imported_keys_agree_with_software(self):
        key = os.urandom(32)
        aes = self.import_secret(PyKCS11.CKK_AES, key, (PyKCS11.CKA_ENCRYPT, True), (PyKCS11.CKA_DECRYPT, True))
        mechanism = PyKCS11.Mechanism(PyKCS11.CKM_AES_CBC_PAD, IV)
        cipher = octets(self.session.encrypt(aes, TEXT, mechanism))
        out = self.openssl("enc", "-d", "-aes-256-cbc", "-K", key.hex(), "-iv", IV.hex(), "-in",
                           self.stack.write("cipher", cipher))
        self.assertEqual(out.stdout.encode(), TEXT)
        self.assertEqual(octets(self.session.decrypt(aes, cipher, mechanism)), TEXT)
        secret = self.import_secret(PyKCS11.CKK_GENERIC_SECRET, key, (PyKCS11.CKA_SIGN, True))
        for name, kind in (("sha1", PyKCS11.CKM_SHA_1_HMAC), ("sha256", PyKCS11.CKM_SHA256_HMAC),
                           ("sha512", PyKCS11.CKM_SHA512_HMAC)):
            self.assertEqual(octets(self.session.sign(secret, TEXT, PyKCS11.Mechanism(kind))),
                             hmac.new(key, TEXT, name).digest())
        self.assertEqual(octets(self.session.digest(TEXT, PyKCS11.Mechanism(PyKCS11.CKM_SHA384))),
                         hashlib.sha384(TEXT).digest())

    def test_keys_are_wrapped_unwrapped_and_derived(self):
        public, private = self.rsa_pair()
        self.session.setAttributeValue(public, [(PyKCS11.CKA_LABEL, "py-kek")])
        key = self.import_secret(PyKCS11.CKK_AES, IV, (PyKCS11.CKA_EXTRACTABLE, True))
        rsa = PyKCS11.Mechanism(PyKCS11.CKM_RSA_PKCS)
        wrapped = octets(self.session.wrapKey(public, key, rsa))
        again = self.session.unwrapKey(private, wrapped, [(CLASS, PyKCS11.CKO_SECRET_KEY),
                                                          (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES)], rsa)
        ecb = PyKCS11.Mechanism(PyKCS11.CKM_AES_ECB)
        block = octets(self.session.encrypt(again, IV, ecb))
        self.assertEqual(block, octets(self.session.encrypt(key, IV, ecb)))
        expected = self.openssl("enc", "-aes-128-ecb", "-nopad", "-K", IV.hex(), "-in", self.stack.write("block", IV),
                                "-out", self.stack.path("block.enc"))
        self.assertEqual((expected.returncode, block), (0, self.stack.read("block.enc")))

    def test_objects_are_found_changed_and_destroyed(self):
        made = self.session.createObject([(CLASS, PyKCS11.CKO_DATA), (PyKCS11.CKA_TOKEN, True),
                                          (PyKCS11.CKA_VALUE, TEXT), (PyKCS11.CKA_LABEL, "py-note"),
                                          (PyKCS11.CKA_APPLICATION, "test")])
        self.assertEqual(octets(self.session.getAttributeValue(made, [PyKCS11.CKA_VALUE])[0]), TEXT)
        self.session.setAttributeValue(made, [(PyKCS11.CKA_LABEL, "py-renamed")])
        found = self.session.findObjects([(PyKCS11.CKA_LABEL, "py-renamed")])
        self.assertEqual(len(found), 1)
        self.assertEqual(self.session.findObjects([(PyKCS11.CKA_LABEL, "py-note")]), [])
        self.session.destroyObject(found[0])
        self.assertEqual(self.session.findObjects([(PyKCS11.CKA_LABEL, "py-renamed")]), [])

    def test_every_attribute_it_knows_can_be_asked_for(self):
        """It reads all of them one by one, those that make no sense as well."""
        self.ec_pair("py-dump")
        found = self.session.findObjects([(PyKCS11.CKA_LABEL, "py-dump")])
        public, private = sorted((key.to_dict() for key in found), key=lambda dump: dump["CKA_PRIVATE"])
        self.assertEqual((private["CKA_CLASS"], private["CKA_KEY_TYPE"]), ("CKO_PRIVATE_KEY", "CKK_EC"))
        self.assertTrue(private["CKA_SENSITIVE"])
        self.assertEqual((public["CKA_CLASS"], octets(public["CKA_EC_PARAMS"])), ("CKO_PUBLIC_KEY", P256))

    def test_errors_have_their_codes(self):
        def code(action):
            with self.assertRaises(PyKCS11.PyKCS11Error) as raised:
                action()
            return raised.exception.value

        _, private = self.ec_pair("py-errors")
        rsa = PyKCS11.Mechanism(PyKCS11.CKM_SHA256_RSA_PKCS)
        self.assertEqual(code(lambda: self.session.sign(private, TEXT, rsa)), PyKCS11.CKR_KEY_TYPE_INCONSISTENT)
        self.assertEqual(code(lambda: self.session.login(self.stack.env["USER_PIN"])),
                         PyKCS11.CKR_USER_ALREADY_LOGGED_IN)
        self.assertEqual(code(lambda: self.library.openSession(99)), PyKCS11.CKR_SLOT_ID_INVALID)

    def test_random_is_of_the_length_asked_for(self):
        seen = {octets(self.session.generateRandom(40)) for _ in range(20)}
        self.assertEqual((len(seen), {len(some) for some in seen}), (20, {40}))
        self.session.seedRandom(TEXT)


if __name__ == "__main__":
    unittest.main()
