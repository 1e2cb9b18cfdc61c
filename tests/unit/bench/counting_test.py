# bench/instructions without valgrind: reading what callgrind wrote, the arithmetic, and what is done about a baseline.
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench"))

from counting import baseline, cli, count  # noqa: E402

OUTPUT = "version: 1\ncreator: callgrind-3.19.0\nevents: Ir\nsummary: 123\n\nfn=(1) main\n1 100\n\ntotals: 123\n"
BUILD = {"commit": "abc", "build_type": "RelWithDebInfo", "compiler": "GNU 12.2.0"}


def counted(shim, daemon, **other):
    facts = baseline.baseline_of({"shim": shim, "daemon": daemon}, 100, BUILD, "x86_64 avx2", "valgrind-3.19.0",
                                 {"libssl3": "3.0.15"})
    return {**facts, **other}


class CountTest(unittest.TestCase):
    def test_the_total_is_read_from_what_callgrind_wrote(self):
        self.assertEqual(count.total_of(OUTPUT), 123)

    def test_a_file_without_totals_is_an_error(self):
        with self.assertRaises(count.CountError):
            count.total_of("version: 1\nevents: Ir\n")

    def test_a_file_that_was_never_written_is_an_error_that_names_it(self):
        with self.assertRaisesRegex(count.CountError, "daemon.out"):
            count.total_in(pathlib.Path("/nonexistent/daemon.out"))

    def test_what_both_runs_do_cancels_out(self):
        shorter = {"shim": 5000 + 100 * 7, "daemon": 90000 + 100 * 1000}
        longer = {"shim": 5000 + 200 * 7, "daemon": 90000 + 200 * 1000}
        self.assertEqual(count.per_signature(shorter, longer, 100), {"shim": 7, "daemon": 1000})

    def test_the_lowest_of_two_runs_that_agree_counts(self):
        totals = iter([{"shim": 10, "daemon": 9000}, {"shim": 10, "daemon": 1004}, {"shim": 10, "daemon": 1000},
                       {"shim": 10, "daemon": 900}])
        lowest, build = count.lowest_of(lambda: (next(totals), "built"))
        self.assertEqual((lowest, build), ({"shim": 10, "daemon": 1000}, "built"))
        self.assertEqual(len(list(totals)), 1)

    def test_runs_that_never_agree_are_no_count(self):
        totals = iter([{"shim": 10, "daemon": 1000 * 2**run} for run in range(count.MOST_RUNS)])
        with self.assertRaisesRegex(count.CountError, "agree"):
            count.lowest_of(lambda: (next(totals), "built"))

    def test_a_build_folder_that_lacks_programs_is_refused(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(count.CountError, "sign_loop"):
            count.counted_programs(folder, pathlib.Path(folder) / "programs", "out")

    def test_the_counted_daemon_gets_its_arguments_and_its_allocator(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for needed in count.NEEDED:
                (folder / needed).parent.mkdir(exist_ok=True)
                (folder / needed).touch()
            programs = count.counted_programs(folder, folder / "programs", folder / "out")
            valgrind = folder / "valgrind"
            valgrind.write_text('#!/bin/sh\necho "$MALLOC_CONF"\nprintf "%s\\n" "$@"\n', encoding="utf-8")
            valgrind.chmod(0o755)
            done = subprocess.run([programs / "bin" / "grep11d", "--config", "a b"], env={"PATH": f"{folder}:/usr/bin:/bin"},
                                  capture_output=True, text=True, check=True)
            allocator, *words = done.stdout.splitlines()
            self.assertEqual(allocator, count.ALLOCATOR)
            self.assertEqual(words[-3:], [str(folder / "bin" / "grep11d"), "--config", "a b"])
            self.assertIn("--tool=callgrind", words)


class BaselineTest(unittest.TestCase):
    def test_five_per_cent_are_allowed_and_more_are_not(self):
        old = counted(1000, 100000)
        self.assertEqual(baseline.too_much(baseline.growth(old, counted(1050, 105000))), [])
        self.assertEqual(baseline.too_much(baseline.growth(old, counted(1051, 100000))), ["shim"])
        self.assertEqual(baseline.too_much(baseline.growth(old, counted(1000, 105001))), ["daemon"])
        self.assertEqual(baseline.too_much(baseline.growth(old, counted(10, 10))), [])

    def test_another_compiler_build_or_cpu_cannot_be_compared(self):
        self.assertEqual(baseline.differences(counted(1, 1), counted(2, 2)), [])
        for fact in ("compiler", "build_type", "cpu"):
            reasons = baseline.differences(counted(1, 1), counted(1, 1, **{fact: "another"}))
            self.assertEqual(len(reasons), 1)
            self.assertIn("another", reasons[0])

    def test_another_library_is_a_note(self):
        notes = baseline.library_notes(counted(1, 1), counted(1, 1, libraries={"libssl3": "3.0.16"}))
        self.assertEqual(notes, ["libssl3 is 3.0.16, was 3.0.15"])

    def test_what_is_stored_is_loaded(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "baseline.json"
            baseline.store(path, counted(1000, 100000))
            self.assertEqual(baseline.load(path), counted(1000, 100000))

    def test_a_file_that_is_no_baseline_says_how_to_make_one(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "baseline.json"
            texts = ["", "[]", "{}", json.dumps(counted(0, 1)), json.dumps(counted(1, 1, signatures=[])),
                     json.dumps(counted(1, 1, signatures=[0, 0])), json.dumps(counted(1, 1, compiler=None)),
                     json.dumps(counted(1, "many"))]
            for text in texts:
                path.write_text(text, encoding="utf-8")
                with self.subTest(text), self.assertRaisesRegex(baseline.BaselineError, "--baseline"):
                    baseline.load(path)
            path.unlink()
            with self.assertRaisesRegex(baseline.BaselineError, "--baseline"):
                baseline.load(path)

    def test_the_baseline_of_the_tree_is_one(self):
        self.assertGreater(baseline.load(cli.BASELINE)["instructions_per_signature"]["daemon"], 0)


class CheckTest(unittest.TestCase):
    """The command with a count that is given, not made."""

    def check(self, now, old=None):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "baseline.json"
            baseline.store(path, old or counted(1000, 100000))
            self.addCleanup(setattr, cli, "measure", cli.measure)
            cli.measure = lambda options, signatures: now(signatures)
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = cli.main(["--build-dir", "build", "--check", "--file", str(path)])
            return status, out.getvalue(), err.getvalue()

    def test_little_growth_is_status_0(self):
        status, out, err = self.check(lambda _: counted(1010, 99000))
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"shim +1010 +1000 +\+1\.0%\n")
        self.assertRegex(out, r"daemon +99000 +100000 +-1\.0%")

    def test_much_growth_is_status_1_and_says_what_grew(self):
        status, out, err = self.check(lambda _: counted(1000, 110000))
        self.assertEqual(status, cli.GREW)
        self.assertIn("daemon grew by 10.0%", err)
        self.assertNotIn("shim grew", err)

    def test_a_count_that_failed_is_status_2(self):
        def fail(_):
            raise count.CountError("no such luck")
        status, _, err = self.check(fail)
        self.assertEqual(status, cli.NOT_COUNTED)
        self.assertIn("no such luck", err)

    def test_a_count_of_something_else_is_status_3_whatever_it_is(self):
        status, out, _ = self.check(lambda _: counted(9000, 900000, compiler="Clang 14.0.6"))
        self.assertEqual(status, cli.NOT_COMPARABLE)
        self.assertIn("Clang 14.0.6", out)
        self.assertIn("GNU 12.2.0", out)

    def test_as_many_signatures_are_counted_as_for_the_baseline(self):
        asked = []

        def now(signatures):
            asked.append(signatures)
            return counted(1000, 100000)
        self.check(now, counted(1000, 100000, signatures=[77, 154]))
        self.assertEqual(asked, [77])


if __name__ == "__main__":
    unittest.main()
