#!/usr/bin/env python3
"""Room: tests/stack. Authenticated keystores: what a password in the configuration protects, and who gets in without it.

May touch: stacks of its own, a second daemon and another emulator beside them.
"""

import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import unittest

from stack import StackTest, binary, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "chaos"))
from kit import p11  # noqa: E402  pylint: disable=wrong-import-position

PASSWORD = "secret7"
TOKEN = {p11.CKA_TOKEN: True}
CKR_USER_PIN_NOT_INITIALIZED, CKR_TOKEN_WRITE_PROTECTED, CKR_PIN_INCORRECT = 0x102, 0xE2, 0xA0
DIGEST = bytes(32)


class Application:
    """This process as an application of a daemon."""

    def __init__(self, env, login=True):
        os.environ.update(env)
        self.module = p11.Module()
        self.module.initialize()
        try:
            self.session = self.module.open_session()
            if login:
                self.module.login(self.session)
        except BaseException:
            self.module.finalize()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.module.finalize()

    def make(self, label, private=True):
        """A pair of token objects whose private half is private, or both public."""
        named = {**TOKEN, p11.CKA_LABEL: label}
        return self.module.generate_ec(self.session, {**named, p11.CKA_PRIVATE: private},
                                       {**named, p11.CKA_PRIVATE: private})[1]

    def key(self, label):
        found = self.module.find(self.session, {p11.CKA_LABEL: label, p11.CKA_CLASS: p11.CKO_PRIVATE_KEY})
        return found[0] if found else None

    def sign(self, key):
        return self.module.sign(self.session, key, DIGEST)


class KeystoreTest(StackTest):
    """Each test has a token that was initialised with PASSWORD."""

    def setUp(self):
        self.configure(PASSWORD)
        self.init_token()
        self.stack.reset_counters()

    def configure(self, password):
        """The next life of the daemon; None: sessionauth is off."""
        path = self.stack.env["GREP11_CONFIG"]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r"(sessionauth\n  enabled: ).*\n  tokenspaceIDPassword:.*\n",
                      rf"\g<1>{str(password is not None).lower()}\n  tokenspaceIDPassword: {password or ''}\n", text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.log_from = len(self.stack.daemon_log())
        self.stack.restart()

    def log(self):
        return self.stack.daemon_log()[self.log_from:]

    def init_token(self):
        self.stack.tool("--init-token", "--label", "grep11", "--so-pin", "env:SO_PIN", login=False)

    def application(self, **options):
        return Application(self.stack.env, **options)

    def rpcs(self, name):
        return self.stack.counters()["rpc"].get(name, 0)

    def refused(self, rv, call, *arguments):
        with self.assertRaises(p11.P11Error) as error:
            call(*arguments)
        self.assertEqual(hex(error.exception.rv), hex(rv))


class AtRest(KeystoreTest):
    def test_R38_the_files_tell_nothing_and_a_restart_has_everything(self):
        with self.application() as one:
            one.sign(one.make("a name to look for"))
        self.stack.restart()
        for path in glob.glob(self.stack.path("daemon/state/*")):
            with open(path, "rb") as file:
                self.assertNotIn(b"a name to look for", file.read(), path)
        with self.application() as two:
            two.sign(two.key("a name to look for"))

    def test_R253_public_and_private_keystore_are_both_sealed(self):
        with self.application() as one:
            one.make("in the private", True)
            one.make("in the public", False)
        with self.application(login=False) as anonymous:
            self.assertIsNone(anonymous.key("in the private"))
            anonymous.sign(anonymous.key("in the public"))
        for path in glob.glob(self.stack.path("daemon/state/*")):
            with open(path, "rb") as file:
                self.assertNotIn(b"in the public", file.read(), path)

    def test_R286_a_wrong_password_lets_nobody_in_and_makes_nothing(self):
        with self.application() as one:
            one.make("mine")
        for password in ("secret8", None):
            self.configure(password)
            self.refused(CKR_PIN_INCORRECT, self.application)
            self.assertIn("objects cannot be used", self.log())
            self.assertIn("a login is refused because keystore", self.log())
            with self.application(login=False) as anonymous:
                self.assertIsNone(anonymous.key("mine"))
                self.refused(CKR_TOKEN_WRITE_PROTECTED, anonymous.make, "second", False)
        self.configure(PASSWORD)
        with self.application() as again:
            again.sign(again.key("mine"))

    def test_R40_R71_init_token_alone_sets_another_password(self):
        with self.application() as one:
            one.make("lost with the password")
        self.configure("secret8")
        self.init_token()
        with self.application() as two:
            self.assertIsNone(two.key("lost with the password"))
            two.sign(two.make("new"))

    def test_R288_turning_it_on_converts_nothing(self):
        self.configure(None)
        self.init_token()
        with self.application() as plain:
            plain.make("from before")
        self.configure(PASSWORD)
        self.refused(CKR_USER_PIN_NOT_INITIALIZED, self.application)
        self.assertIn("Run C_InitToken", self.log())
        self.configure(None)
        with self.application() as plain:
            plain.sign(plain.key("from before"))


class MasterKey(KeystoreTest):
    def test_its_change_leaves_keys_sealed_and_usable(self):
        """Also while no session of the keys is open: nobody is logged in, and the daemon is a new one."""
        with self.application() as one:
            one.make("of the private")
            one.make("of the public", False)
        self.stack.control("/master-key/stage", "")
        self.stack.control("/master-key/commit", "")
        self.stack.signal(signal.SIGUSR1)
        self.phase_becomes(2)
        self.stack.restart(kill=True)
        self.phase_becomes(2)
        self.stack.control("/master-key/activate", "")
        self.phase_becomes(0)
        self.assertIn("the keys are under the new master key", self.log())
        self.assertNotIn("takes neither blob", self.log())
        for _ in range(2):
            with self.application() as two:
                two.sign(two.key("of the private"))
                two.sign(two.key("of the public"))
            self.stack.restart()
        for path in glob.glob(self.stack.path("daemon/state/*")):
            with open(path, "rb") as file:
                self.assertNotIn(b"of the p", file.read(), path)

    def phase_becomes(self, phase):
        line = f'grep11_rotation_phase{{slot="0"}} {phase}\n'
        until(lambda: line in self.stack.metrics(), most_s=60, what=f"phase {phase} of the change")


class LoginSession(KeystoreTest):
    def test_R75_the_first_login_opens_the_session_and_the_last_logout_closes_it(self):
        with self.application() as one:
            self.assertEqual(self.rpcs("Login"), 1)
            one.module.logout(one.session)
            until(lambda: self.rpcs("Logout") == 1, what="the logout")
            one.module.login(one.session)
            self.assertEqual(self.rpcs("Login"), 2)
        until(lambda: self.rpcs("Logout") == 2, what="the logout of an application that ended")

    def test_keys_are_bound_to_the_session(self):
        with self.application() as one:
            key = one.make("bound")
            one.sign(key)
            # Somebody else closes it: the application notices nothing.
            with self.second_daemon() as env:
                self.log_in_and_out(env)
            before = self.rpcs("Login")
            one.sign(key)
            # Which keystore it was is the HSM's secret: both have their sessions after that.
            self.assertEqual(self.rpcs("Login"), before + 2)
            one.sign(one.make("made after that"))
            self.assertEqual(self.rpcs("Login"), before + 2)

    def test_an_hsm_that_lost_all_sessions_is_not_noticed(self):
        with self.application() as one:
            private, public = one.make("private"), one.make("public", False)
            self.restart_emulator()
            one.sign(private)
            one.sign(public)
            one.sign(one.make("new"))

    def test_a_restart_of_the_daemon_is_not_noticed(self):
        with self.application() as one:
            key = one.make("kept")
            self.stack.restart(kill=True)
            one.sign(key)
            one.sign(one.make("new"))

    def test_another_host_with_the_password_works_with_the_keys(self):
        with self.application() as one:
            one.make("for all")
            one.make("for all, public", False)
        self.stack.dev("restart")  # what is in the log of the database is in the file then
        with self.second_daemon(copy=True) as env:
            with Application(env) as other:
                other.sign(other.key("for all"))
                other.sign(other.key("for all, public"))
                made = other.sign(other.make("made there"))
                self.assertEqual(len(made), 64)

    # A daemon beside the stack's, with the same configuration but for its places.
    @contextlib.contextmanager
    def second_daemon(self, copy=False):
        state, socket, ready = (self.stack.path(name) for name in ("state2", "2.sock", "ready2.json"))
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(self.stack.path("daemon/state"), state,
                        ignore=None if copy else shutil.ignore_patterns("keystore*"))
        os.chmod(state, 0o700)
        with open(self.stack.path("log2"), "ab") as log:
            process = subprocess.Popen(
                [binary("grep11d"), "--config", self.stack.env["GREP11_CONFIG"], "--socket", socket,
                 "--state-dir", state, "--metrics", "127.0.0.1:0", "--ready-file", ready], stdout=log, stderr=log)
        try:
            until(lambda: os.path.exists(ready) and os.path.getsize(ready) > 0, what="the second daemon")
            env = {**self.stack.env, "GREP11_SOCKET": socket}
            if not copy:
                self.stack.run("pkcs11-tool", "--module", env["PKCS11_MODULE"], "--slot", "0", "--init-token",
                               "--label", "other", "--so-pin", "env:SO_PIN", env=env)
            yield env
        finally:
            process.terminate()
            process.wait(timeout=60)
            os.unlink(ready)

    def log_in_and_out(self, env):
        """In a process of its own: this one is an application of the stack's daemon."""
        before = self.rpcs("Logout")
        self.stack.run("pkcs11-tool", "--module", env["PKCS11_MODULE"], "--slot", "0", "--login", "--pin",
                       "env:USER_PIN", "--list-objects", env=env)
        until(lambda: self.rpcs("Logout") > before, what="the logout of the second daemon")

    def restart_emulator(self):
        """The same emulator on the same addresses: its keys are files, its login sessions are gone."""
        pid = self.stack.pid("emulator")
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            command = file.read().decode().split("\0")[:-1]
        ready = self.stack.path("emulator/ready.json")
        with open(ready, encoding="utf-8") as file:
            places = json.load(file)
        for option, name in (("--listen", "grep11"), ("--iam-listen", "iam"), ("--control", "control")):
            command[command.index(option) + 1] = re.sub(r"^https?://", "", places[name])
        os.kill(pid, 15)
        until(lambda: not self.stack.is_running("emulator"), what="the end of the emulator")
        os.unlink(ready)
        with open(self.stack.path("emulator/log"), "ab") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.addClassCleanup(process.wait, 60)
        self.addClassCleanup(process.terminate)
        until(lambda: os.path.exists(ready) and os.path.getsize(ready) > 0, what="the emulator")


if __name__ == "__main__":
    unittest.main()
