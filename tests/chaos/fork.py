#!/usr/bin/env python3
"""A process with eight signing threads forks and forks: each child signs with an inherited session and key, one in
ten initialises the library first and starts afresh, one in ten forks a grandchild that signs; some programs are
spawned between. None hangs, each signature verifies, the threads of the parent see no error. Then once more, with the
daemon killed meanwhile.
"""

import json
import os
import struct
import subprocess

from kit.chaos import die_with_parent, run
from kit.second_opinion import EcdsaP256
from kit.stacks import ChaosStack
from kit.p11 import NAMES
from stack import build_dir

FORKS, LONG_FORKS = 150, 1000
KILLS, LONG_KILLS = 3, 20
ROLES = {1: "threads", 2: "children", 3: "fresh", 4: "grandchildren"}
RECORD = struct.Struct("@IIQ32s64s")
NO_RATE = ("--gateway", "tokens: {0: {rate_per_s: 0}}")


class Storm:
    def __init__(self, chaos, stack, name, forks):
        self.chaos, self.name = chaos, name
        self.path, self.progress = stack.path("storm.records"), stack.path("storm.progress")
        self.process = subprocess.Popen(
            [os.path.join(build_dir(), "tests", "fork_storm"), str(forks), str(chaos.random.getrandbits(31)), self.path,
             self.progress],
            env={**os.environ, **stack.env}, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)

    def is_over(self):
        return self.process.poll() is not None

    def judge(self, most_s):
        output, _ = self.process.communicate(timeout=most_s)
        if not self.chaos.promise(self.process.returncode == 0,
                                  f"{self.name}: fork_storm ended with {self.process.returncode}: {output}"):
            return
        told = json.loads(output)
        for what in ("hung", "crashed", "not_spawned"):
            self.chaos.count(what, told[what])
            self.chaos.promise(told[what] == 0, f"{self.name}: {told[what]} children {what}")
        self.chaos.count("spawned", told["spawned"])
        self.judge_records(EcdsaP256(bytes.fromhex(told["ec_point"])))

    def judge_records(self, key):
        failed, wrong = [], []
        with open(self.path, "rb") as file:
            for role, number, rv, digest, signature in RECORD.iter_unpack(file.read()):
                if role == 0:
                    continue  # a slot for a grandchild that was never to be
                self.chaos.count(ROLES[role])
                if rv != 0:
                    failed.append(f"{ROLES[role]} {number}: {NAMES.get(rv, hex(rv))}")
                elif not key.holds(digest, signature):
                    wrong.append(f"{ROLES[role]} {number}")
        self.chaos.count("failed", len(failed))
        self.chaos.count("wrong", len(wrong))
        self.chaos.promise_all(failed, f"{self.name}: calls that failed")
        self.chaos.promise_all(wrong, f"{self.name}: signatures that do not verify")


def body(chaos):
    forks, most_s = chaos.amount(FORKS, LONG_FORKS), chaos.amount(60, 900)
    with ChaosStack(chaos, *NO_RATE) as stack:
        Storm(chaos, stack, "storm", forks).judge(most_s)
    with ChaosStack(chaos, *NO_RATE) as stack:
        storm = Storm(chaos, stack, "storm under kills", forks)
        stack.kills_amid(storm.progress, forks, chaos.amount(KILLS, LONG_KILLS), storm.is_over)
        storm.judge(most_s)


if __name__ == "__main__":
    run(__doc__, body)
