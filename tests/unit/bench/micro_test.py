#!/usr/bin/env python3
"""Every micro benchmark runs: each file of bench/micro has some, and none stops with an error. Times nothing.

usage: micro_test.py PROGRAM
"""

import json
import pathlib
import subprocess
import sys
import unittest

MICRO = pathlib.Path(__file__).resolve().parents[3] / "bench" / "micro"
SUPPORT = ("memory_daemon",)  # measures nothing itself
PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""
SHORTEST_S = "0.0001"


def run(*options):
    done = subprocess.run([PROGRAM, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class MicroTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.names = run("--benchmark_list_tests").split()
        report = json.loads(run(f"--benchmark_min_time={SHORTEST_S}", "--benchmark_format=json"))
        cls.ran = {each["name"]: each for each in report["benchmarks"]}

    def test_each_file_has_benchmarks_that_bear_its_name(self):
        files = {path.stem for path in MICRO.glob("*.cc")} - set(SUPPORT)
        self.assertGreater(len(files), 0)
        for stem in files:
            self.assertTrue([name for name in self.names if name.startswith(stem.capitalize())], stem)

    def test_each_benchmark_ran_and_stopped_with_no_error(self):
        self.assertEqual(set(self.ran), set(self.names))
        for name, result in self.ran.items():
            self.assertFalse(result.get("error_occurred", False), f"{name}: {result.get('error_message')}")
            self.assertGreater(result["iterations"], 0, name)


if __name__ == "__main__":
    unittest.main()
