"""Room: bench/comparison. SoftHSM with a token in a folder, in the process and behind p11-kit's server.

Touches: that folder, the server it starts.
"""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time

from .programs import ProgramError

PIN = "1234"
LABEL = "bench"
SOFTHSM_MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
P11_KIT = ("p11-kit", "p11-kit-modules", "softhsm2")  # Debian packages
START_S = 10


def first_of(paths, package):
    for path in paths:
        if os.path.exists(path):
            return str(path)
    raise ProgramError(f"the package {package} is missing")


def client_module():
    """p11-kit's own: it speaks to the server that P11_KIT_SERVER_ADDRESS names."""
    found = sorted(pathlib.Path("/usr/lib").glob("*/pkcs11/p11-kit-client.so"))
    return first_of([*found, "/usr/lib/pkcs11/p11-kit-client.so"], "p11-kit-modules")


class SoftHsm:
    """A fresh token in `folder`, for the life of the folder."""

    def __init__(self, folder):
        self.folder = folder
        self.module = first_of(SOFTHSM_MODULES, "softhsm2")
        os.makedirs(self.path("tokens"), mode=0o700)
        self._write("conf", f"directories.tokendir = {self.path('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.pin_file = self._write("softhsm-pin", PIN + "\n")
        self.environment = {"SOFTHSM2_CONF": self.path("conf")}
        self._run("softhsm2-util", "--init-token", "--free", "--label", LABEL, "--so-pin", "12345678", "--pin", PIN)

    def path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text):
        descriptor = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def _run(self, *command):
        if not shutil.which(command[0]):
            raise ProgramError(f"{command[0]} is missing: the packages are {', '.join(P11_KIT)}")
        done = subprocess.run(command, env={**os.environ, **self.environment}, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ProgramError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")

    @contextlib.contextmanager
    def behind_p11_kit(self):
        """The environment in which p11-kit's client module reaches the token."""
        if not shutil.which("p11-kit"):
            raise ProgramError(f"p11-kit is missing: the packages are {', '.join(P11_KIT)}")
        address = self.path("p11-kit.sock")
        command = ["p11-kit", "server", "--foreground", "--name", address, "--provider", self.module,
                   f"pkcs11:token={LABEL}"]
        server = subprocess.Popen(command, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            self._wait(server, address)
            yield {"P11_KIT_SERVER_ADDRESS": f"unix:path={address}"}
        finally:
            server.terminate()
            server.communicate()

    @staticmethod
    def _wait(server, address):
        end = time.monotonic() + START_S
        while not answers(address):
            if server.poll() is not None or time.monotonic() > end:
                server.kill()
                raise ProgramError(f"p11-kit server did not start: {server.stderr.read().strip()}")
            time.sleep(0.01)


def answers(address):
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(address)
            return True
        except OSError:
            return False
