# bench/compare --emulator, once and briefly: that it measures what it prints, not how long it takes. Argument: build folder.
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD_DIR = sys.argv.pop(1)


class EmulatorModeTest(unittest.TestCase):
    def test_both_services_are_measured_at_every_depth(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "found.json"
            done = subprocess.run(
                [sys.executable, "-B", ROOT / "bench/compare", "--build-dir", BUILD_DIR, "--emulator", "--rounds", "1",
                 "--duration", "0.3", "--json", path], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            found = json.loads(path.read_text(encoding="utf-8"))
        self.assertEqual(found["failures"], [])
        self.assertEqual([figure["name"] for figure in found["figures"]],
                         ["signatures, 1 in flight", "signatures, 8 in flight", "signatures, 64 in flight",
                          "p50, 64 in flight", "CPU of the server, 64 in flight"])
        for figure in found["figures"]:
            self.assertGreater(figure["ratio"]["median"], 0, figure["name"])
            self.assertIn(figure["name"], done.stdout)


if __name__ == "__main__":
    unittest.main()
