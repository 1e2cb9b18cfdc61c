"""Room: tests/e2e. An authority by OpenSSL, in software, and handshakes with servers whose key is in the HSM.

May touch: files in the stack's folder, loopback.
"""

import contextlib
import os
import socket
import subprocess

from tools import until

PAGE_REQUEST = "GET / HTTP/1.0\r\n\r\n"


class Authority:
    """Certifies what others ask for; everything it makes lies in the stack's folder."""

    def __init__(self, stack, name="authority"):
        self.stack, self.key, self.pem = stack, stack.path(f"{name}.key"), stack.path(f"{name}.pem")
        stack.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-keyout", self.key, "-subj", f"/CN={name}", "-out", self.pem, "-days", "3")

    def certify(self, request, certificate):
        """The certificate for a request (PEM), for servers and clients on localhost; returns `certificate`."""
        extensions = self.stack.write("extensions", b"subjectAltName = DNS:localhost\n")
        self.stack.run("openssl", "x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-extfile",
                       extensions, "-days", "3", "-out", certificate)
        return certificate

    def software_pair(self, name, kind, *options):
        """A key made by OpenSSL and its certificate; returns both files."""
        key, request = self.stack.path(f"{name}.key"), self.stack.path(f"{name}.csr")
        self.stack.run("openssl", "req", "-new", "-newkey", kind, *options, "-nodes", "-keyout", key, "-subj",
                       "/CN=localhost", "-out", request)
        return key, self.certify(request, self.stack.path(f"{name}.crt"))

    def handshake(self, port, *options):
        """What s_client says of a handshake with localhost, whose certificate has to be of this authority."""
        return handshake(self.stack, port, self.pem, *options)


def handshake(stack, port, trusted, *options):
    """What s_client says of a handshake with localhost and one request, whose certificate has to be of `trusted`."""
    return stack.run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost",
                     "-verify_hostname", "localhost", "-CAfile", trusted, "-verify_return_error", "-ign_eof", *options,
                     stdin=PAGE_REQUEST, check=False, most_s=30).stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def server(stack, port, *command, env=None):
    """A program that listens on `port`, as long as the scope lasts; its output is a file in the stack's folder."""
    log = stack.path("server.log")
    with open(log, "wb") as output, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                                     env={**os.environ, **stack.env, **(env or {})}) as process:
        try:
            until(lambda: process.poll() is not None or listens(port), what=f"a listening {command[0]}")
            if process.poll() is not None:
                raise AssertionError(f"{' '.join(command)} ended:\n{stack.read('server.log').decode()}")
            yield process
        finally:
            process.terminate()
            process.wait(timeout=20)
