# bench/compare without any stack: reading env files, arithmetic of the figures, the report.
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench"))

from comparison import cli, figures, measure, report  # noqa: E402
from comparison.programs import ProgramError, Programs  # noqa: E402
from comparison.stack import REQUIRED, Stack, StackError, parse_env  # noqa: E402


def stack_with(**more):
    return Stack({**{name: "x" for name in REQUIRED}, **more})


class EnvFileTest(unittest.TestCase):
    def test_both_forms_and_shell_quotes(self):
        text = "# comment\nexport A=1\nB='two words'\n  export C=\"x y\"  # why\nD=\nnot an assignment\n"
        self.assertEqual(parse_env(text), {"A": "1", "B": "two words", "C": "x y", "D": ""})

    def test_missing_variables_are_named(self):
        with self.assertRaisesRegex(StackError, "PKCS11_MODULE"):
            Stack({})

    def test_a_missing_file_is_named(self):
        with self.assertRaisesRegex(StackError, "/nonexistent/env"):
            Stack.from_file("/nonexistent/env")

    def test_pid_comes_from_the_file_that_the_variable_names(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("4711\n")
            file.flush()
            self.assertEqual(stack_with(GREP11_DAEMON_PID_FILE=file.name).pid("GREP11_DAEMON_PID_FILE"), 4711)
        with self.assertRaises(StackError):
            stack_with().pid("GREP11_DAEMON_PID_FILE")


class CountersTest(unittest.TestCase):
    def serve(self, body):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.path = self.path
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def test_counters_are_read_with_and_without_a_scheme(self):
        server = self.serve(b'{"requests": 7}')
        address = f"127.0.0.1:{server.server_port}"
        for control in (address, "http://" + address, "http://" + address + "/"):
            self.assertEqual(stack_with(GREP11_EMULATOR_CONTROL=control).counters()["requests"], 7)
        self.assertEqual(server.path, "/counters.json")

    def test_what_is_no_json_is_a_stack_error(self):
        server = self.serve(b"requests 7")
        with self.assertRaises(StackError):
            stack_with(GREP11_EMULATOR_CONTROL=f"127.0.0.1:{server.server_port}").counters()


class FigureTest(unittest.TestCase):
    FIGURE = figures.Figure("f", "us", (("ours", "p50"),), (("grpc", "p50"), ("uds", "p50")), 1.15)

    def test_floors_are_added_and_ratios_taken_round_by_round(self):
        samples = {"ours": {"p50": [110, 240, 300]}, "grpc": {"p50": [80, 180, 250]}, "uds": {"p50": [20, 20, 50]}}
        row = figures.compare(self.FIGURE, samples)
        self.assertEqual(row.floor, (200, 100, 300))
        self.assertEqual(row.ratio, (1.1, 1.0, 1.2))
        self.assertTrue(row.met())

    def test_a_round_that_failed_on_one_side_is_left_out(self):
        samples = {"ours": {"p50": [None, 100]}, "grpc": {"p50": [80, 180]}, "uds": {"p50": [20, 20]}}
        self.assertEqual(figures.compare(self.FIGURE, samples).ratio, (0.5, 0.5, 0.5))

    def test_no_figure_without_both_sides(self):
        self.assertIsNone(figures.compare(self.FIGURE, {"ours": {"p50": [1]}, "grpc": {"p50": [None]}}))
        self.assertIsNone(figures.compare(self.FIGURE, {}))

    def test_throughput_has_to_be_at_least(self):
        figure = figures.Figure("f", "/s", (("a", "n"),), (("b", "n"),), 0.95, at_least=True)
        self.assertTrue(figures.compare(figure, {"a": {"n": [96]}, "b": {"n": [100]}}).met())
        self.assertFalse(figures.compare(figure, {"a": {"n": [94]}, "b": {"n": [100]}}).met())

    def test_memory_is_counted_beyond_a_bare_process(self):
        samples = {"attach": {"private_added_kib": [100], "bare_private_kib": [1000]},
                   "floor_grpc_1": {"private_kib": [5000]}}
        self.assertEqual(figures.memory_ratio(samples), (100, 4000, 0.025))
        self.assertIsNone(figures.memory_ratio({}))

    def test_every_figure_names_measurements_that_exist(self):
        for figure in figures.FIGURES:
            for measurement, _ in figure.ours + figure.floor:
                self.assertTrue(hasattr(measure.Round, measurement), measurement)
        for names in measure.GROUPS.values():
            for name in names:
                self.assertTrue(hasattr(measure.Round, name), name)


class RequestsTest(unittest.TestCase):
    def test_set_up_cancels_out(self):
        class Service:
            requests = 0

            def counters(self):
                return {"requests": self.requests}

            def load(self, _operation, count, verify):
                assert verify == 0
                self.requests += 5 + 2 * count

        service = Service()
        self.assertEqual(measure.requests_per_call(service, service, "ecdsa", 1000), 2.0)


class ProgramsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        (pathlib.Path(self.folder.name) / "bin").mkdir()
        self.programs = Programs(self.folder.name, stack_with(USER_PIN="planted-pin", PKCS11_MODULE="m.so"),
                                 self.folder.name)

    def install(self, name, script):
        path = pathlib.Path(self.folder.name) / "bin" / name
        path.write_text("#!/bin/sh\n" + script, encoding="utf-8")
        path.chmod(0o755)

    def test_the_pin_is_in_a_file_of_ours_and_on_no_command_line(self):
        self.install("grep11-load", 'printf \'{"words": "%s"}\' "$*"')
        words = self.programs.load("ecdsa", count=5)["words"]
        self.assertNotIn("planted-pin", words)
        self.assertIn("--count 5", words)
        self.assertEqual((pathlib.Path(self.folder.name) / "pin").stat().st_mode & 0o777, 0o600)

    def test_a_failure_repeats_what_the_program_said(self):
        self.install("floor_uds", "echo it broke >&2; exit 2")
        with self.assertRaisesRegex(ProgramError, "floor_uds .*it broke"):
            self.programs.floor_uds(1, 1, 0)

    def test_errors_of_the_run_are_named(self):
        self.install("grep11-load", 'echo \'{"result": {"errors_by_name": {"CKR_DEVICE_ERROR": 3}}}\'; exit 1')
        with self.assertRaisesRegex(ProgramError, "CKR_DEVICE_ERROR"):
            self.programs.load("ecdsa", duration=1)

    def test_missing_programs_are_listed(self):
        self.install("floor_uds", "exit 0")
        self.assertNotIn("floor_uds", self.programs.missing())
        self.assertIn("floor_grpc", self.programs.missing())


class ReportTest(unittest.TestCase):
    SAMPLES = {"sign_1": {"p50_us": [115.0]}, "floor_grpc_1": {"p50_us": [80.0]}, "floor_socket_1": {"p50_us": [20.0]}}

    def test_text_shows_ours_the_floor_and_the_ratio(self):
        text = report.text(["head"], self.SAMPLES, {"ecdsa": 1.0}, ["it failed"])
        self.assertRegex(text, r"C_SignInit \+ C_Sign.* 115\.0 +100\.0 us +1\.15 .*<= 1\.15 +met")
        self.assertRegex(text, r"ecdsa +1\.00000")
        self.assertIn("it failed", text)

    def test_json_is_complete(self):
        whole = json.loads(json.dumps(report.as_object({"tool": "compare"}, self.SAMPLES, {"ecdsa": 1.0}, [])))
        self.assertEqual(whole["figures"][0]["ratio"], {"median": 1.15, "low": 1.15, "high": 1.15})
        self.assertEqual(whole["requests_per_call"], {"ecdsa": 1.0})
        self.assertIsNone(whole["private_memory"])


class CommandLineTest(unittest.TestCase):
    def test_quick_is_shorter_and_can_be_overridden(self):
        self.assertEqual(cli.parse(["--build-dir", "b", "--quick"]).rounds, 3)
        self.assertEqual(cli.parse(["--build-dir", "b", "--quick", "--rounds", "9"]).rounds, 9)

    def test_programs_that_are_missing_end_it_with_status_two(self):
        with tempfile.TemporaryDirectory() as folder:
            env = pathlib.Path(folder) / "env"
            env.write_text("".join(f"{name}=x\n" for name in REQUIRED), encoding="utf-8")
            done = subprocess.run([str(ROOT / "bench" / "compare"), "--build-dir", folder, "--env", str(env)],
                                  capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("floor_uds", done.stderr)


if __name__ == "__main__":
    unittest.main()
