#!/usr/bin/env python3
"""Room: tests/stack. grep11d as a program: its command line, its configuration, signals, and what it never says.

May touch: stacks of its own.
"""

import contextlib
import hmac
import os
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import time
import unittest

from stack import Stack, StackTest, binary, until

EX_CONFIG = 78
GREP11D = binary("grep11d")


def run(*arguments):
    return subprocess.run([GREP11D, *arguments], check=False, timeout=60, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class CommandLine(unittest.TestCase):
    def test_help_and_version(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--config", "--check-config", "--socket", "--state-dir", "--metrics", "--ready-file"):
            self.assertIn(option, done.stdout)
        self.assertRegex(run("--version").stdout, r"\d+\.\d+\.\d+")

    def test_an_unknown_option_is_refused(self):
        done = run("--no-such-option")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--no-such-option", done.stdout)

    def test_a_file_that_is_not_there_is_a_configuration_error(self):
        done = run("--config", "/nonexistent/grep11client.yaml")
        self.assertEqual(done.returncode, EX_CONFIG)
        self.assertIn("/nonexistent/grep11client.yaml", done.stdout)


class Configuration(StackTest):
    def config(self):
        with open(self.stack.env["GREP11_CONFIG"], encoding="utf-8") as file:
            return file.read()

    def set_config(self, text):
        with open(self.stack.env["GREP11_CONFIG"], "w", encoding="utf-8") as file:
            file.write(text)

    def broken(self):
        """Four mistakes in four places, and the line of each."""
        good = self.config()
        uuids = re.findall(r'tokenspaceID: "([^"]+)"', good)
        bad = good.replace(uuids[1], uuids[0])  # the two keystores must differ
        bad = re.sub(r'port: "\d+"', 'port: "70000"', bad)
        bad = re.sub(r'endpoint: "https:', 'endpoint: "http:', bad)
        bad = bad.replace("  metrics_listen:", "  times: {call: soon}\n  metrics_listen:")
        lines = bad.splitlines()

        def line(text):
            return next(i for i, row in enumerate(lines, 1) if text in row)

        return bad, [line("70000"), line('endpoint: "http:'), line("call: soon")]

    def test_a_good_file_passes_the_check(self):
        done = run("--config", self.stack.env["GREP11_CONFIG"], "--check-config")
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_all_mistakes_are_listed_at_once_with_their_lines(self):
        bad, lines = self.broken()
        path = self.stack.write("broken.yaml", bad.encode())
        for arguments in (("--check-config",), ()):
            done = run("--config", path, *arguments)
            self.assertEqual(done.returncode, EX_CONFIG, done.stdout)
            for line in lines:
                self.assertRegex(done.stdout, rf"broken\.yaml:{line}\b")
            self.assertIn("tokenspaceID", done.stdout)
            self.assertNotIn(self.stack.env["ANONYMOUS_PIN"], done.stdout)

    def test_a_reload_with_mistakes_keeps_the_old_configuration(self):
        good = self.config()
        self.addCleanup(self.set_config, good)
        self.set_config(self.broken()[0])
        self.stack.signal(signal.SIGHUP)
        until(lambda: "grep11connection.port" in self.stack.daemon_log(), what="the complaint about the port")
        self.assertTrue(self.stack.is_running())
        self.stack.tool("--list-objects")

    def test_a_reload_takes_effect(self):
        good = self.config()
        self.addCleanup(self.set_config, good)
        self.set_config(good.replace("loglevel: info", "loglevel: debug"))
        self.stack.signal(signal.SIGHUP)

        def mistakes_of_callers_are_logged():  # which are debug lines
            self.stack.tool("--sign", "--mechanism", "SHA-1", "--id", "99", check=False)
            self.stack.run("pkcs11-tool", "--module", self.stack.env["PKCS11_MODULE"], "--slot", "99", "-L", "-M",
                           check=False)
            return re.search(r" debug ", self.stack.daemon_log())

        until(mistakes_of_callers_are_logged, what="a debug line")


class Checking(StackTest):
    """grep11d --check: each part on its own line, and the one that fails by its name."""

    def check(self, change=lambda text: text, *options):
        with open(self.stack.env["GREP11_CONFIG"], encoding="utf-8") as file:
            path = self.stack.write("checked.yaml", change(file.read()).encode())
        return run("--config", path, "--check", *options)

    def assert_failed(self, done, part, text=""):
        """`part` failed with `text`, says what to do, and is the only one."""
        self.assertEqual(done.returncode, 1, done.stdout)
        failed = re.findall(r"^FAILED   (.*)\n         to do: .+$", done.stdout, re.MULTILINE)
        self.assertEqual(len(failed), 1, done.stdout)
        self.assertRegex(failed[0], rf"^{part}[^:]*: .*{text}")
        self.assertNotIn(self.stack.env["ANONYMOUS_PIN"], done.stdout)

    def test_every_part_of_a_good_configuration_is_fine_beside_the_running_daemon(self):
        self.stack.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "counted")
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stdout)
        for part in ("configuration .*: 1 slots", "slot 0: private keystore: .*, 1 objects",
                     "slot 0: public keystore: .*, 1 objects", "slot 0: TLS files: .*own certificate",
                     r"slot 0: address [\d.]+ port \d+: answers", "slot 0: IAM: .*iam-ServiceId-anonymous",
                     r"slot 0: HSM call: GetMechanismList: \d\d+ mechanisms"):
            self.assertRegex(done.stdout, rf"(?m)^ok       {part}")
        self.stack.tool("--list-objects")

    def test_a_broken_file_is_a_broken_configuration(self):
        done = self.check(lambda text: text.replace("tokens:", "tokns:"))
        self.assertEqual(done.returncode, EX_CONFIG, done.stdout)

    def test_an_authority_that_is_none_is_named(self):
        none = self.stack.write("none.pem", b"no certificate")
        done = self.check(lambda text: re.sub(r'cacert: ".*"', f'cacert: "{none}"', text))
        self.assert_failed(done, "slot 0: TLS files", "none.pem")
        self.assertRegex(done.stdout, "skipped  slot 0: HSM call")

    def test_an_address_where_nobody_listens_is_named(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            port = nobody.getsockname()[1]
            done = self.check(lambda text: re.sub(r'port: "\d+"', f'port: "{port}"', text))
        self.assert_failed(done, f"slot 0: address 127.0.0.1 port {port}", "refused")

    def test_a_server_of_another_authority_is_named(self):
        other = self.stack.path("other")
        subprocess.run([binary("grep11-emulator"), "--make-certs", other], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)
        done = self.check(lambda text: re.sub(r'cacert: ".*"', f'cacert: "{other}/ca.pem"', text))
        self.assert_failed(done, "slot 0: address", "certificate")

    def test_an_api_key_that_iam_does_not_know_is_named(self):
        done = self.check(lambda text: text.replace(self.stack.env["ANONYMOUS_PIN"], "no-such-key"))
        self.assert_failed(done, "slot 0: IAM", "CKR_PIN_INCORRECT")
        self.assertNotIn("no-such-key", done.stdout)

    def test_iam_that_is_away_is_named(self):
        with self.stack.fault(iam="down"):
            self.assert_failed(self.check(), "slot 0: IAM", "IAM at 127.0.0.1")

    def test_a_keystore_that_was_edited_is_named_and_one_that_is_not_there_is_not_made(self):
        copy = self.stack.path("edited")
        shutil.copytree(self.stack.path("daemon/state"), copy)
        with contextlib.closing(sqlite3.connect(f"{copy}/keystore.db")) as database, database:
            database.execute("UPDATE setting SET value = x'00' WHERE name = 'slot.0.label'")
        self.assert_failed(self.check(lambda text: text, "--state-dir", copy), "keystore", "setting slot.0.label")
        nowhere = self.stack.path("nowhere")
        done = self.check(lambda text: text, "--state-dir", nowhere)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, f"skipped  keystore {nowhere}: there is none")
        self.assertFalse(os.path.exists(nowhere))


class Running(StackTest):
    def test_a_second_daemon_does_not_take_the_place_of_the_first(self):
        done = run("--config", self.stack.env["GREP11_CONFIG"], "--metrics", "127.0.0.1:0")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(self.stack.env["GREP11_SOCKET"], done.stdout + self.stack.daemon_log())
        self.stack.tool("--list-objects")

    def test_metrics_are_prometheus_text(self):
        self.stack.tool("--list-objects")
        lines = self.stack.metrics().splitlines()
        samples = [line for line in lines if line and not line.startswith("#")]
        self.assertGreater(len(samples), 10)
        for line in samples:
            self.assertRegex(line, r"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^}]*\})? \S+$")
        self.assertTrue(any("C_Login" in line for line in samples), "calls are counted by function")

    def test_secrets_are_in_no_log_and_no_metric(self):
        planted = "planted-secret-3b1c9f-do-not-log"
        with Stack("--log-level", "trace") as stack:
            stack.tool("--list-objects")
            stack.tool("--list-objects", check=False, env={"USER_PIN": planted})
            stack.run("pkcs11-tool", "--module", stack.env["PKCS11_MODULE"], "--slot", "0", "--login",
                      "--login-type", "so", "--so-pin", planted, "--list-objects", check=False)
            with stack.fault(iam="down"):
                stack.tool("--list-objects", check=False, env={"USER_PIN": planted + "2"})
            stack.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "x")
            said = stack.daemon_log() + stack.read("daemon/log").decode() + stack.metrics()
            self.assertGreater(len(said), 1000)
            for secret in (planted, stack.env["USER_PIN"], stack.env["SO_PIN"], stack.env["ANONYMOUS_PIN"]):
                self.assertNotIn(secret, said)
            self.assertNotRegex(said, r"Bearer [\w-]+\.", "no access token either")

    def test_no_other_user_may_read_what_the_daemon_keeps(self):
        for folder, _, names in os.walk(os.path.join(self.stack.dir, "daemon", "state")):
            for name in names:
                mode = os.stat(os.path.join(folder, name)).st_mode
                self.assertEqual(mode & 0o077, 0, f"{name} has mode {mode & 0o777:o}")


    def test_private_data_of_an_older_keystore_is_sealed_at_the_next_start(self):
        secret = b"the combination is 4711"

        def stop(stack):
            stack.signal(signal.SIGTERM)
            until(lambda: not stack.is_running(), 20, "the end of the daemon")

        def on_disk(stack):
            folder = stack.path("daemon/state")
            return b"".join(stack.read(f"daemon/state/{name}") for name in sorted(os.listdir(folder)))

        with Stack() as stack:
            stack.tool("--write-object", stack.write("secret", secret), "--type", "data", "--label", "secret", "--private")
            self.assertNotIn(secret, on_disk(stack))
            stop(stack)
            in_the_clear(stack.path("daemon/state"), secret)
            self.assertIn(secret, on_disk(stack))
            stack.restart()
            until(lambda: "1 private data objects are encrypted now" in stack.daemon_log(), what="the line about it")
            stack.tool("--read-object", "--type", "data", "--label", "secret", "--output-file", stack.path("read"))
            self.assertEqual(stack.read("read"), secret)
            stop(stack)
            self.assertNotIn(secret, on_disk(stack))


def in_the_clear(state, value):
    """Rewrites the private data objects of a keystore as a version wrote them that did not seal them; the form is that
    of daemon/keystore/record_format.h and daemon/core/attribute_codec.h."""
    sealed_type, value_type = 0x80000000 | 0x47570001, 0x11

    def number(n):
        return struct.pack(">Q", n)

    def octets(b):
        return struct.pack(">I", len(b)) + b

    def maybe(column, form):
        return b"\0" if column is None else b"\1" + form(column)

    def unsealed(attributes):
        count, rest, out = struct.unpack(">I", attributes[:4])[0], attributes[4:], []
        for _ in range(count):
            kind, size = struct.unpack(">QI", rest[:12])
            out.append((value_type, value) if kind == sealed_type else (kind, rest[12:12 + size]))
            rest = rest[12 + size:]
        return struct.pack(">I", count) + b"".join(number(kind) + octets(each) for kind, each in sorted(out))

    with open(f"{state}/keystore.key", "rb") as file:
        key = file.read()
    with contextlib.closing(sqlite3.connect(f"{state}/keystore.db")) as database, database:
        rows = database.execute(
            "SELECT number, keystore, class, key_type, label, id, unique_id, attributes, key_blob, version, created,"
            " modified FROM object").fetchall()
        for row in rows:
            attributes = unsealed(row[7])
            canonical = (octets(b"grep11d object row 1") + number(row[0]) + octets(row[1].encode()) + number(row[2]) +
                         maybe(row[3], number) + maybe(row[4], octets) + maybe(row[5], octets) + maybe(row[6], octets) +
                         octets(attributes) + octets(row[8]) + number(row[9]) + number(row[10]) + number(row[11]))
            database.execute("UPDATE object SET attributes = ?, tag = ? WHERE number = ?",
                             (attributes, hmac.digest(key, canonical, "sha256"), row[0]))


class Stopping(unittest.TestCase):
    def test_sigterm_ends_it_cleanly_and_soon(self):
        with Stack() as stack:
            pid = stack.pid()
            idle = socket.socket(socket.AF_UNIX)
            idle.connect(stack.env["GREP11_SOCKET"])  # somebody who just sits there
            start = time.monotonic()
            stack.signal(signal.SIGTERM)
            until(lambda: not stack.is_running(), 20, "the end of the daemon")
            self.assertLess(time.monotonic() - start, 10)
            idle.close()
            self.assertFalse(os.path.exists(stack.env["GREP11_SOCKET"]), "it removes the socket it made")
            self.assertNotRegex(stack.read("daemon/log").decode(), r"(?i)sanitizer|terminate called|assert")
            self.assertGreater(pid, 0)
            stack.restart()
            stack.tool("--list-objects")

    def test_a_call_in_flight_is_answered_before_the_end(self):
        with Stack() as stack:
            stack.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "slow", "--id", "01")
            data = stack.write("data", b"x" * 32)
            with stack.fault(latency="1500ms"):
                stack.reset_counters()
                signing = subprocess.Popen(
                    ["pkcs11-tool", "--module", stack.env["PKCS11_MODULE"], "--slot", "0", "--login", "--pin",
                     "env:USER_PIN", "--sign", "--mechanism", "ECDSA", "--id", "01", "--input-file", data,
                     "--output-file", stack.path("signature")],
                    env={**os.environ, **stack.env, "GREP11_RECONNECT_S": "1"}, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, text=True)
                until(lambda: re.search(r'grep11d?_\w*(in_flight|outstanding)\w*(\{[^}]*\})? [1-9]', stack.metrics()) or
                      signing.poll() is not None, 10, "the signature being on its way")
                stack.signal(signal.SIGTERM)
                signing.communicate(timeout=60)
            self.assertEqual(len(stack.read("signature")), 64)
            until(lambda: not stack.is_running(), 20, "the end of the daemon")


if __name__ == "__main__":
    unittest.main()
