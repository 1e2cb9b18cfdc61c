#!/usr/bin/env python3
"""Room: tests/e2e. p11-kit on a private stack: with the module in a user's configuration every program that asks
p11-kit finds the token; through its proxy module; run apart by p11-kit; and served by p11-kit to others.

May touch: a stack of its own. As root the programs run as another user: p11-kit reads no user's configuration then.
"""

import glob
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import unittest

from tools import TEXT, ToolTest, until

NOBODY = pwd.getpwnam("nobody")
LABEL, NUMBER = "kit-ec", "01"


def library(name):
    return glob.glob(f"/usr/lib/*/{name}")[0]


class P11Kit(ToolTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = tempfile.mkdtemp(prefix="gw-home.")
        cls.addClassCleanup(shutil.rmtree, cls.home)
        cls.module = shutil.copy(cls.stack.env["PKCS11_MODULE"], cls.home)  # the checkout may be in somebody's home
        cls.user("plain", f"module: {cls.module}\n")
        cls.user("apart", f"remote: |p11-kit remote {cls.module}\nmodule: gateway.so\n")
        cls.prefix = []
        if os.geteuid() == 0:
            cls.prefix = ["setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups"]
            for path in [cls.home, cls.stack.env["GREP11_SOCKET"]]:
                os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)

    def setUp(self):
        if not os.path.exists(self.stack.path(f"{LABEL}.pem")):
            self.key_pair(LABEL, "EC:prime256v1", NUMBER)

    @classmethod
    def user(cls, name, module):
        """A configuration of p11-kit with one module and none of the host's."""
        folder = os.path.join(cls.home, name, "pkcs11")
        os.makedirs(os.path.join(folder, "modules"))
        for path, text in (("pkcs11.conf", "user-config: only\n"), ("modules/gateway.module", module)):
            with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                file.write(text)

    def run_as(self, name, *command, env=None, **options):
        ours = {"HOME": self.home, "XDG_CONFIG_HOME": os.path.join(self.home, name),
                "GNUTLS_PIN": self.stack.env["USER_PIN"]}
        return self.stack.run(*self.prefix, *command, env={**ours, **(env or {})}, **options)

    def through(self, module, *arguments, env=None, user="plain"):
        return self.run_as(user, "pkcs11-tool", "--module", module, "--token-label", "grep11", "--login", "--pin",
                           "env:USER_PIN", *arguments, env=env)

    def signs_through(self, module, env=None, user="plain"):
        """What is signed through this module verifies with the public key that the token gave without it. The digest is
        made here: of ECDSA p11-kit carries the plain mechanism only."""
        source = self.stack.write("digest", hashlib.sha256(TEXT).digest())
        target = os.path.join(self.home, "signature")
        self.through(module, "--sign", "--mechanism", "ECDSA", "--id", NUMBER, "--signature-format", "openssl",
                     "--input-file", source, "--output-file", target, env=env, user=user)
        self.assertTrue(self.openssl_verifies(self.stack.path(f"{LABEL}.pem"), "sha256", TEXT, target))
        os.remove(target)

    def test_the_module_and_its_token_are_listed(self):
        listed = self.run_as("plain", "p11-kit", "list-modules").stdout
        self.assertRegex(listed, rf"^gateway: {re.escape(self.module)}\n")
        for line in ("library-description: GREP11 gateway", "token: grep11", "manufacturer: IBM", "model: GREP11",
                     "login-required", "token-initialized"):
            self.assertIn(line, listed)

    def test_programs_that_ask_p11_kit_find_the_token(self):
        for user in ("plain", "apart"):
            with self.subTest(user):
                urls = self.run_as(user, "p11tool", "--list-token-urls").stdout.splitlines()
                self.assertEqual(urls, ["pkcs11:model=GREP11;manufacturer=IBM;serial=000%2F0000;token=grep11"])
                url = f"pkcs11:token=grep11;object={LABEL};type=private"
                listed = self.run_as(user, "p11tool", "--batch", "--login", "--list-privkeys", url).stdout
                self.assertEqual(listed.count("Object "), 1)
                signed = self.run_as(user, "p11tool", "--batch", "--login", "--test-sign", url).stdout
                self.assertIn("Verifying against private key parameters... ok", signed)

    def test_the_proxy_module_signs_makes_keys_and_deletes(self):
        proxy = library("p11-kit-proxy.so")
        self.signs_through(proxy)
        self.through(proxy, "--keypairgen", "--key-type", "rsa:2048", "--label", "kit-made", "--id", "77")
        self.assertEqual(self.stack.tool("--list-objects").stdout.count("kit-made"), 2)
        for kind in ("privkey", "pubkey"):
            self.through(proxy, "--delete-object", "--type", kind, "--label", "kit-made")
        self.assertNotIn("kit-made", self.stack.tool("--list-objects").stdout)

    def test_openssl_finds_the_key_through_its_engine_and_the_proxy(self):
        source, target = self.stack.write("text", TEXT), os.path.join(self.home, "signature")
        conf = os.path.join(self.home, "engine.cnf")  # no MODULE_PATH: the engine takes p11-kit's proxy
        with open(conf, "w", encoding="utf-8") as file:
            file.write("openssl_conf = start\n[start]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\n"
                       f"engine_id = pkcs11\nPIN = {self.stack.env['USER_PIN']}\ninit = 1\n")
        self.run_as("plain", "openssl", "dgst", "-sha256", "-engine", "pkcs11", "-keyform", "engine", "-sign",
                    f"pkcs11:token=grep11;object={LABEL};type=private", "-out", target, source,
                    env={"OPENSSL_CONF": conf})
        self.assertTrue(self.openssl_verifies(self.stack.path(f"{LABEL}.pem"), "sha256", TEXT, target))
        os.remove(target)

    def test_a_module_that_p11_kit_runs_apart_signs_through_the_proxy(self):
        self.signs_through(library("p11-kit-proxy.so"), user="apart")

    def test_the_token_is_served_to_others(self):
        socket = os.path.join(self.home, "server")
        command = [*self.prefix, "p11-kit", "server", "--foreground", "--name", socket, "--provider", self.module,
                   "pkcs11:token=grep11"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **self.stack.env}) as server:
            try:
                until(lambda: os.path.exists(socket), what="a socket of p11-kit server")
                self.signs_through(library("pkcs11/p11-kit-client.so"),
                                   {"P11_KIT_SERVER_ADDRESS": f"unix:path={socket}"})
            finally:
                server.terminate()


if __name__ == "__main__":
    unittest.main()
