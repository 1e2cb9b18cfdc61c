#!/usr/bin/env python3
"""Room: tests/e2e. GnuTLS' own TLS server and client on a private stack: keys and certificates by pkcs11: URLs.

May touch: a stack of its own, loopback.
"""

import unittest

from tls import Authority, free_port, server
from tools import ToolTest

KEYS = (("gt-rsa", "rsa:2048", "01"), ("gt-p256", "EC:prime256v1", "02"), ("gt-p384", "EC:secp384r1", "03"))
# By the name that s_client has for what signs: protocol version and what GnuTLS' priorities call it.
HANDSHAKES = {
    "gt-rsa": (("-tls1_3", "RSA-PSS", "SIGN-RSA-PSS-RSAE-SHA256"), ("-tls1_2", "RSA-PSS", "SIGN-RSA-PSS-RSAE-SHA384"),
               ("-tls1_2", "RSA", "SIGN-RSA-SHA512")),
    "gt-p256": (("-tls1_3", "ECDSA", "SIGN-ECDSA-SECP256R1-SHA256"), ("-tls1_2", "ECDSA", "SIGN-ECDSA-SHA256")),
    "gt-p384": (("-tls1_3", "ECDSA", "SIGN-ECDSA-SECP384R1-SHA384"), ("-tls1_2", "ECDSA", "SIGN-ECDSA-SHA384")),
}


class GnuTls(ToolTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.stack)
        cls.provider = ["--provider", cls.stack.env["PKCS11_MODULE"]]

    def setUp(self):
        if self.stack.tool("--list-objects", "--type", "cert").stdout:
            return
        for label, kind, number in KEYS:
            self.key_pair(label, kind, number)
            self.certify(label, number)

    def url(self, label, kind):
        return f"pkcs11:token=grep11;object={label};type={kind}?pin-value={self.stack.env['USER_PIN']}"

    def certify(self, label, number):
        """A request signed in the HSM, by certtool; the certificate goes into the token."""
        template = self.stack.write("template", f'cn = "{label}"\nsigning_key\n'.encode())
        request, certificate = self.stack.path(f"{label}.csr"), self.stack.path(f"{label}.crt")
        self.stack.run("certtool", *self.provider, "--generate-request", "--template", template, "--load-privkey",
                       self.url(label, "private"), "--load-pubkey", self.stack.path(f"{label}.pem"), "--outfile",
                       request)
        self.assertIn("verify OK", self.openssl("req", "-in", request, "-verify", "-noout").stdout)
        self.authority.certify(request, certificate)
        self.openssl("x509", "-in", certificate, "-outform", "DER", "-out", self.stack.path("der"))
        self.stack.tool("--write-object", self.stack.path("der"), "--type", "cert", "--label", label, "--id", number)

    def served(self, port, label, *options, priority="NORMAL"):
        return server(self.stack, port, "gnutls-serv", *self.provider, "--port", str(port), "--http", "--priority",
                      priority, "--x509keyfile", self.url(label, "private"), "--x509certfile", self.url(label, "cert"),
                      "--x509cafile", self.authority.pem, *options)

    def test_its_server_speaks_tls_with_keys_and_certificates_of_the_hsm(self):
        for label, rows in HANDSHAKES.items():
            for version, kind, signs in rows:
                with self.subTest(f"{label} {version} {signs}"):
                    port = free_port()
                    with self.served(port, label, priority=f"NORMAL:-SIGN-ALL:+{signs}:+SIGN-ECDSA-SHA256"):
                        said = self.authority.handshake(port, version)
                    self.assertIn("Verify return code: 0 (ok)", said)
                    self.assertIn(f"Peer signature type: {kind}\n", said)
                    self.assertIn("HTTP/1.0 200 OK", said)

    def test_its_client_shows_a_certificate_of_the_hsm(self):
        for label, _, _ in KEYS:
            with self.subTest(label):
                port = free_port()
                with self.served(port, "gt-p256", "--require-client-cert", "--verify-client-cert"):
                    said = self.stack.run(
                        "gnutls-cli", *self.provider, "--port", str(port), "--x509keyfile", self.url(label, "private"),
                        "--x509certfile", self.url(label, "cert"), "--x509cafile", self.authority.pem,
                        "--sni-hostname", "localhost", "--verify-hostname", "localhost", "127.0.0.1",
                        stdin="GET / HTTP/1.0\r\n\r\n").stdout
                self.assertIn("Status: The certificate is trusted.", said)
                self.assertIn(f"Subject: CN={label}\n", said, "the server's page shows who the client is")


if __name__ == "__main__":
    unittest.main()
