#!/usr/bin/env python3
"""Room: tests/stack. What the daemon leans on fails: IAM, HSM, disk, database. Each time the right return code within a
bounded time, a log line that says what to do, and nothing half-created. May touch: stacks of its own.
"""

import contextlib
import os
import re
import sqlite3
import time
import unittest

from stack import Stack, StackTest, until

CALL_S = 3  # what the configuration below gives one call
SLACK_S = 12  # a busy machine and a sanitizer build
TIMES = ("--gateway", f"times: {{call: {CALL_S}s, rpc: 1s, iam: 2s, key_generation: {CALL_S}s}}")


class TroubleTest(StackTest):
    OPTIONS = TIMES

    def expect(self, code, *arguments, login=True):
        """pkcs11-tool fails with this CKR_ name, in time."""
        start = time.monotonic()
        done = self.stack.tool(*arguments, login=login, check=False)
        took = time.monotonic() - start
        self.assertIn(code, done.stdout)
        self.assertLess(took, CALL_S + SLACK_S)
        return done

    def expect_log(self, pattern):
        until(lambda: re.search(pattern, self.stack.daemon_log()), 5, f"a log line like {pattern}")

    def objects(self, label):
        return self.stack.tool("--list-objects").stdout.count(f"label:      {label}")

    def make_key(self, label):
        self.stack.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", label, "--id", "77")

    def sign(self, number, check=True):
        source = self.stack.write("data", b"x" * 32)
        return self.stack.tool("--sign", "--mechanism", "ECDSA", "--id", number, "--input-file", source,
                               "--output-file", self.stack.path("signature"), check=check)


class Iam(TroubleTest):
    def setUp(self):
        self.stack.restart()  # tokens in hand outlive IAM; these tests are about a daemon that has none

    def test_a_wrong_pin_is_incorrect(self):
        done = self.stack.tool("--list-objects", check=False, env={"USER_PIN": "no-such-api-key-0000000000000000"})
        self.assertIn("CKR_PIN_INCORRECT", done.stdout)
        self.assertNotEqual(done.returncode, 0)

    def test_iam_that_is_down_is_a_device_error_and_the_log_names_the_host(self):
        with self.stack.fault(iam="down"):
            self.expect("CKR_DEVICE_ERROR", "--list-objects")
        host = self.stack.env["GREP11_IAM_URL"].removeprefix("https://")
        self.expect_log(f"(?i)iam.*{re.escape(host.split(':')[0])}")
        self.stack.tool("--list-objects")

    def test_iam_that_does_not_answer_is_a_device_error_in_time(self):
        with self.stack.fault(iam="slow:60s"):
            self.expect("CKR_DEVICE_ERROR", "--list-objects")
        self.stack.tool("--list-objects")


class Hsm(TroubleTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack.tool("--keypairgen", "--key-type", "EC:prime256v1", "--label", "steady", "--id", "70")

    def test_an_hsm_that_is_away_is_a_device_error_and_nothing_is_made(self):
        with self.stack.fault(rpc="*", status="UNAVAILABLE", count=100000):
            self.expect("CKR_DEVICE_ERROR", "--keypairgen", "--key-type", "EC:prime256v1", "--label", "half")
        self.assertEqual(self.objects("half"), 0)
        self.sign("70")

    def test_an_hsm_that_does_not_answer_is_a_device_error_in_time(self):
        with self.stack.stopped("emulator"):
            self.expect("CKR_DEVICE_ERROR", "--keypairgen", "--key-type", "EC:prime256v1", "--label", "silent")
        self.assertEqual(self.objects("silent"), 0)
        until(lambda: self.sign("70", check=False).returncode == 0, 30, "signing after the HSM came back")

    def test_a_slow_hsm_is_waited_for(self):
        with self.stack.fault(latency="400ms"):
            start = time.monotonic()
            self.sign("70")
            self.assertGreater(time.monotonic() - start, 0.4)

    def test_a_short_outage_is_not_noticed(self):
        with self.stack.fault(rpc="SignSingle", status="UNAVAILABLE", count=1):
            self.sign("70")

    def test_a_busy_hsm_is_asked_again(self):
        with self.stack.fault(rpc="SignSingle", status="RESOURCE_EXHAUSTED", count=1):
            self.sign("70")

    def test_a_token_that_was_revoked_is_fetched_again_once(self):
        self.sign("70")
        with self.stack.fault(revoke_tokens=True):
            self.stack.reset_counters()
            self.sign("70")
            self.assertLessEqual(self.stack.counters()["token_fetches"], 2)  # the user's, and the daemon's own

    def test_the_code_of_the_hsm_reaches_the_application_unchanged(self):
        with self.stack.fault(rpc="SignSingle", status="UNKNOWN", rv="CKR_KEY_SIZE_RANGE", count=100):
            done = self.sign("70", check=False)
        self.assertIn("CKR_KEY_SIZE_RANGE", done.stdout)

    def test_the_log_says_what_is_wrong_with_the_hsm(self):
        with self.stack.fault(rpc="*", status="UNAVAILABLE", count=100000):
            self.sign("70", check=False)
        self.expect_log(r"(?i)(warn|error).*" + re.escape(self.stack.env["GREP11_EMULATOR_ADDRESS"]))


class Keystore(TroubleTest):
    def database(self):
        state = os.path.join(self.stack.dir, "daemon", "state")
        found = [os.path.join(folder, name) for folder, _, names in os.walk(state) for name in names]
        for path in found:
            with open(path, "rb") as file:
                if file.read(15) == b"SQLite format 3":
                    return path
        raise AssertionError(f"no database among {found}")

    def test_a_locked_database_is_a_device_error_and_nothing_is_half_made(self):
        self.make_key("before")
        with contextlib.closing(sqlite3.connect(self.database(), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # somebody else writes, for long
            self.expect("CKR_DEVICE_ERROR", "--keypairgen", "--key-type", "EC:prime256v1", "--label", "locked-out")
            self.assertEqual(self.objects("before"), 2, "reading goes on")
            other.execute("ROLLBACK")
        self.assertEqual(self.objects("locked-out"), 0)
        self.make_key("after")
        self.assertEqual(self.objects("after"), 2)


class FullDisk(unittest.TestCase):
    def test_a_full_disk_is_a_device_error_nothing_is_lost_and_nothing_half_made(self):
        with Stack(*TIMES, state_tmpfs="2m") as stack:
            keygen = ("--keypairgen", "--key-type", "EC:prime256v1", "--label")
            stack.tool(*keygen, "kept")
            filler = os.path.join(stack.mounted, "filler")
            with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 512)
            start = time.monotonic()
            failed = []
            for number in range(40):  # what the journal still holds may be used up first
                done = stack.tool(*keygen, f"full-{number}", check=False)
                if done.returncode != 0:
                    failed.append((number, done.stdout))
                    break
            self.assertTrue(failed, "the disk never became full")
            self.assertRegex(failed[0][1], "CKR_DEVICE_(ERROR|MEMORY)")
            self.assertLess(time.monotonic() - start, 40 * (CALL_S + SLACK_S))
            until(lambda: re.search(r"(?i)(disk|space|full)", stack.daemon_log()), 5, "a log line about the disk")
            listed = stack.tool("--list-objects").stdout
            self.assertEqual(listed.count("label:      kept"), 2)
            self.assertEqual(listed.count(f"label:      full-{failed[0][0]}\n"), 0)
            os.remove(filler)
            stack.tool(*keygen, "room-again")
            stack.restart(kill=True)
            listed = stack.tool("--list-objects").stdout
            for label in ("kept", "room-again", *(f"full-{n}" for n in range(failed[0][0]))):
                self.assertEqual(listed.count(f"label:      {label}\n"), 2, label)


if __name__ == "__main__":
    unittest.main()
