"""Room: tests/e2e. Steps that the tests of the tools share: keys in the token and OpenSSL as the second opinion.

May touch: files in the stack's folder.
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "stack"))

from stack import StackTest, until  # noqa: E402, F401

TEXT = b"It was a bright cold day in April, and the clocks were striking thirteen.\n"


EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")  # DER of the OID id-ecPublicKey


def der_of(tag, content):
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 0x80 else b"\x81" + bytes([size])) + content


class ToolTest(StackTest):
    """Keys are made by pkcs11-tool; every result is checked by OpenSSL, not by an exit status alone."""

    def key_pair(self, label, kind, number):
        """Makes a pair with this CKA_ID, which is how pkcs11-tool chooses keys; returns the public key as a PEM file."""
        self.stack.tool("--keypairgen", "--key-type", kind, "--label", label, "--id", number)
        return self.ec_public_key(label) if kind.startswith("EC:") else self.rsa_public_key(label)

    def rsa_public_key(self, label):
        der, pem = self.stack.path(f"{label}.der"), self.stack.path(f"{label}.pem")
        self.stack.tool("--read-object", "--type", "pubkey", "--label", label, "--output-file", der)
        self.openssl("pkey", "-pubin", "-inform", "DER", "-in", der, "-out", pem)
        return pem

    def ec_public_key(self, label):
        """From the listed attributes: pkcs11-tool 0.23 itself cannot write the keys of every curve."""
        listed = self.stack.tool("--list-objects", "--type", "pubkey").stdout
        entry = next(part for part in listed.split("Public Key Object") if f"label:      {label}\n" in part)
        point = bytes.fromhex(re.search(r"EC_POINT:\s+(\w+)", entry).group(1))
        curve = bytes.fromhex(re.search(r"EC_PARAMS:\s+(\w+)", entry).group(1))
        bare = point[2:] if point[1] < 0x80 else point[3:]  # out of its OCTET STRING
        key = der_of(0x30, der_of(0x30, EC_PUBLIC_KEY + curve) + der_of(0x03, b"\0" + bare))
        der, pem = self.stack.write(f"{label}.der", key), self.stack.path(f"{label}.pem")
        self.openssl("pkey", "-pubin", "-inform", "DER", "-in", der, "-out", pem)
        return pem

    def openssl(self, *arguments, **options):
        return self.stack.run("openssl", *arguments, **options)

    def sign(self, number, mechanism, data, *options):
        source, target = self.stack.write("data", data), self.stack.path("signature")
        self.stack.tool("--sign", "--mechanism", mechanism, "--id", number, "--input-file", source,
                        "--output-file", target, *options)
        return target

    def verifies(self, number, mechanism, data, signature, *options):
        source = self.stack.write("data", data)
        done = self.stack.tool("--verify", "--mechanism", mechanism, "--id", number, "--input-file", source,
                               "--signature-file", signature, *options, check=False)
        return "Signature is valid" in done.stdout

    def openssl_verifies(self, pem, digest, data, signature, *options):
        source = self.stack.write("data", data)
        done = self.openssl("dgst", f"-{digest}", "-verify", pem, "-signature", signature, *options, source,
                            check=False)
        return "Verified OK" in done.stdout
