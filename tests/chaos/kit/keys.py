"""Room: tests/chaos. Keys in the HSM and their certificates, made by the functions of tests/e2e/web.sh. May touch:
the stack's folder web/, the token.
"""

import os
import subprocess

from kit import TESTS

CA, EC, RSA = "web-ca", "web-ec", "web-rsa"

MAKE = """
set -euo pipefail
. "$WEB_FUNCTIONS"
write_openssl_conf
make_key_pair "$CA" 10 EC:prime256v1
make_key_pair "$EC" 11 EC:prime256v1
make_key_pair "$RSA" 12 rsa:2048
make_ca "$CA"
make_certificate "$EC" "$CA"
make_certificate "$RSA" "$CA"
"""


class WebKeys:
    """EC and RSA key pairs in the token, certificates of a CA whose key is there too, the engine's configuration."""

    def __init__(self, stack):
        self.stack, self.folder = stack, stack.path("web")
        os.mkdir(self.folder)
        environment = {"WEB": self.folder, "WEB_FUNCTIONS": os.path.join(TESTS, "e2e", "web.sh"), "CA": CA, "EC": EC,
                       "RSA": RSA}
        stack.run("bash", "-c", MAKE, env=environment)
        self.ca_file = self.path("ca.pem")
        self.environment = {"OPENSSL_CONF": self.path("openssl.cnf"), "GREP11_SOCKET": stack.env["GREP11_SOCKET"]}

    def path(self, name):
        return os.path.join(self.folder, name)

    def certificate(self, label):
        return self.path(f"{label}.pem")

    @staticmethod
    def uri(label):
        return f"pkcs11:object={label};type=private"

    def write_certificate(self, label, number):
        """Also into the token, beside its key: Java finds keys by their certificates."""
        der = self.path(f"{label}.der")
        subprocess.run(["openssl", "x509", "-in", self.certificate(label), "-outform", "DER", "-out", der], check=True)
        self.stack.tool("--write-object", der, "--type", "cert", "--label", label, "--id", number)
