#!/usr/bin/env python3
"""Room: tests/stack. Several files of the vendor's on one host, one for each application, as profiles of one daemon.

May touch: a stack of its own.
"""

import re
import unittest
import uuid

from stack import StackTest, binary

PAYMENTS = "/etc/payments/grep11client.yaml"
WEB = "/etc/web/grep11client.yaml"


def with_second_slot(text):
    """The configuration with tokens.1, which is tokens.0 with keystores of its own."""
    block = re.search(r"^tokens:\n(  0:\n(?:(?:   .*)?\n)*)", text, re.MULTILINE).group(1)
    second = re.sub(r'tokenspaceID: ".*"', lambda _: f'tokenspaceID: "{uuid.uuid4()}"', block.replace("  0:", "  1:", 1))
    return text.replace(block, block.rstrip("\n") + "\n" + second, 1)


class Profiles(StackTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        path = cls.stack.env["GREP11_CONFIG"]
        with open(path, encoding="utf-8") as file:
            text = with_second_slot(file.read())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + f"  profiles:\n    - {{ep11client_cfg: {WEB}, slots: [0]}}\n"
                              f"    - {{ep11client_cfg: {PAYMENTS}, slots: [1]}}\n")
        cls.stack.restart()
        cls.tool_of(PAYMENTS, "--init-token", "--label", "payments", "--so-pin", "env:SO_PIN", login=False)

    @classmethod
    def tool_of(cls, file, *arguments, **options):
        """An application with this EP11CLIENT_CFG, which knows of slot 0 alone; the file does not exist."""
        return cls.stack.tool(*arguments, env={"EP11CLIENT_CFG": file}, **options)

    def keys(self, *options):
        """Labels of the private keys in a slot as pkcs11-tool sees it."""
        done = self.stack.run("pkcs11-tool", "--module", self.stack.env["PKCS11_MODULE"], "--login", "--pin",
                              "env:USER_PIN", "--list-objects", "--type", "privkey", *options)
        return re.findall(r"label: +(\S+)", done.stdout)

    def test_R270_each_file_is_a_slot_0_of_its_own(self):
        for file, label in ((WEB, "www"), (PAYMENTS, "cards")):
            self.tool_of(file, "--keypairgen", "--key-type", "EC:prime256v1", "--label", label)
        for file, label in ((WEB, "www"), (PAYMENTS, "cards")):
            found = self.tool_of(file, "--list-objects", "--type", "privkey").stdout
            self.assertEqual(re.findall(r"label: +(\S+)", found), [label])
            slots = self.tool_of(file, "--list-slots", login=False).stdout
            self.assertEqual(re.findall(r"^Slot (\d+) ", slots, re.MULTILINE), ["0"], slots)
        # Without the variable: all slots, as the daemon's file numbers them.
        self.assertEqual(self.keys("--slot", "0"), ["www"])
        self.assertEqual(self.keys("--slot", "1"), ["cards"])

    def test_a_key_is_used_by_the_number_of_the_profile(self):
        self.tool_of(PAYMENTS, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "used", "--id", "77")
        data = self.stack.write("data", bytes(32))
        signature = self.stack.path("signature")
        self.tool_of(PAYMENTS, "--sign", "-m", "ECDSA", "--id", "77", "-i", data, "-o", signature)
        verified = self.tool_of(PAYMENTS, "--verify", "-m", "ECDSA", "--id", "77", "-i", data, "--signature-file",
                                signature)
        self.assertIn("Signature is valid", verified.stdout)
        refused = self.tool_of(WEB, "--sign", "-m", "ECDSA", "--id", "77", "-i", data, "-o", signature, check=False)
        self.assertNotEqual(refused.returncode, 0)

    def test_another_slot_than_those_of_the_profile_does_not_exist(self):
        done = self.stack.run("pkcs11-tool", "--module", self.stack.env["PKCS11_MODULE"], "--slot", "1",
                              "--list-mechanisms", env={"EP11CLIENT_CFG": PAYMENTS}, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("CKR_SLOT_ID_INVALID", done.stdout)

    def test_a_value_that_is_no_profile_sees_all_slots_and_the_log_says_what_to_do(self):
        for _ in range(2):
            done = self.tool_of("/etc/passwd", "--list-slots", login=False)
            self.assertEqual(re.findall(r"^Slot \d+ \((0x\w+)\)", done.stdout, re.MULTILINE), ["0x0", "0x1"], done.stdout)
        lines = [line for line in self.stack.daemon_log().splitlines() if "EP11CLIENT_CFG" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("EP11CLIENT_CFG=/etc/passwd", lines[0])
        self.assertIn("gateway.profiles", lines[0])

    def test_the_check_shows_them(self):
        done = self.stack.run(binary("grep11d"), "--config", self.stack.env["GREP11_CONFIG"], "--check")
        self.assertRegex(done.stdout, rf"(?m)^ok       profile {PAYMENTS}: its slots are 0 for slot 1$")
        self.assertRegex(done.stdout, rf"(?m)^ok       profile {WEB}: its slots are 0 for slot 0$")


if __name__ == "__main__":
    unittest.main()
