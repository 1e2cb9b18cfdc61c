# bench/compare without any stack: reading env files, arithmetic of the figures, the report.
import contextlib
import http.server
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench"))

from comparison import cli, emulator, figures, kills, measure, peers, report, results, scale, suite, table, tls  # noqa: E402
from comparison.programs import ProgramError, Programs, load_words, report_of  # noqa: E402
from comparison.results import Results  # noqa: E402
from comparison.stack import REQUIRED, Stack, StackError, parse_env, undisturbed  # noqa: E402


def stack_with(**more):
    return Stack({**{name: "x" for name in REQUIRED}, **more})


def results_of(samples, requests=None, problems=()):
    made = Results()
    made.samples.update(samples)
    made.requests.update(requests or {})
    made.problems.extend(problems)
    return made


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


class SignalTest(unittest.TestCase):
    def test_taking_down_is_not_broken_off_by_a_further_signal(self):
        before = signal.getsignal(signal.SIGINT)
        with undisturbed():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
        self.assertIs(signal.getsignal(signal.SIGINT), before)


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

    def test_the_emulator_says_whether_its_signatures_are_canned(self):
        for body, canned in ((b'{"requests": 7}', False), (b'{"requests": 7, "canned_signatures": 0}', True)):
            server = self.serve(body)
            stack = stack_with(GREP11_EMULATOR_CONTROL=f"127.0.0.1:{server.server_port}")
            self.assertEqual(stack.gives_canned_signatures(), canned)

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

    def test_a_figure_without_a_target_is_not_judged(self):
        figure = figures.Figure("f", "us", (("a", "n"),), (("b", "n"),))
        self.assertIsNone(figures.compare(figure, {"a": {"n": [96]}, "b": {"n": [100]}}).met())

    def test_the_canned_form_of_a_figure_keeps_floors_without_signatures(self):
        canned = figures.SIGN_P50.canned()
        self.assertEqual(canned.ours, (("canned_sign_1", "p50_us"),))
        self.assertEqual(canned.floor, (("canned_floor_grpc_1", "p50_us"), ("floor_socket_1", "p50_us")))
        self.assertIsNone(figures.FIND.canned())

    def test_limits_are_judged_by_the_median(self):
        limit = figures.Limit("l", "KiB", ("m", "n"), 16)
        self.assertTrue(figures.limit_met(limit, figures.spread([15, 16, 40])))
        self.assertFalse(figures.limit_met(limit, figures.spread([16, 17, 18])))
        self.assertIsNone(figures.limit_met(figures.Limit("l", "KiB", ("m", "n")), figures.spread([1])))

    def test_every_figure_names_measurements_that_exist(self):
        alone = {"quiet_local", "quiet_sign", "crowd_local", "crowd_sign", "alone_hsm", "flooded_hsm", "alone_cpu",
                 "flooded_cpu"}
        for figure in figures.FIGURES:
            for measurement, _ in figure.ours + figure.floor:
                self.assertTrue(measurement in alone or hasattr(measure.Round, measurement), measurement)
        for name in measure.SIGNING:
            self.assertTrue(hasattr(measure.Round, name), name)
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


class ResultsTest(unittest.TestCase):
    def test_rounds_that_failed_hold_none_wherever_they_fall(self):
        found = Results()
        found.add("m", 0, {})
        found.add("m", 1, {"n": 5})
        found.add("m", 2, {})
        found.add("m", 3, {"n": 7, "late": 1})
        self.assertEqual(found.samples["m"], {"n": [None, 5, None, 7], "late": [None, None, None, 1]})

    def test_histograms_of_rounds_are_added_bucket_by_bucket(self):
        found = Results()
        found.add("m", 0, {"histogram": {"unit": "ns", "buckets": [[10, 1, 2], [20, 2, 1]]}})
        found.add("m", 1, {"histogram": {"unit": "ns", "buckets": [[5, 1, 1], [20, 2, 3]]}})
        self.assertEqual(found.histograms["m"], {"unit": "ns", "buckets": [[5, 1, 1], [10, 1, 2], [20, 2, 4]]})
        self.assertNotIn("histogram", found.samples["m"])

    def test_histograms_of_different_units_are_refused(self):
        with self.assertRaises(ValueError):
            results.added({"unit": "ns", "buckets": []}, {"unit": "us", "buckets": []})


class SharesTest(unittest.TestCase):
    def test_cpu_of_an_operation_is_told_apart(self):
        loaded = {"result": {"operations": 1000}, "processes": [{"cpu_s": 0.01}, {"cpu_s": 0.02}],
                  "watched": [{"cpu_us_per_op": 12.5}, {"cpu_us_per_op": 80.0}]}
        self.assertEqual(measure.cpu_of(loaded), {"application_cpu_us": 30.0, "daemon_cpu_us": 12.5,
                                                  "emulator_cpu_us": 80.0})

    def test_a_process_that_could_not_be_read_has_no_share(self):
        loaded = {"result": {"operations": 10}, "processes": [], "watched": [{"cpu_us_per_op": None}]}
        self.assertNotIn("daemon_cpu_us", measure.cpu_of(loaded))


class SuiteTest(unittest.TestCase):
    class Recorder:
        """A side that notes what is run on it."""
        def __init__(self, prefix, order):
            self.prefix, self.order = prefix, order

        def wants(self, name):
            return not self.prefix or name in measure.SIGNING

        def key(self, name):
            return self.prefix + name

        def run(self, name):
            self.order.append(self.prefix + name)
            if name == "find":
                raise ProgramError("it broke")
            return {"n": 1}

    def test_odd_rounds_run_backwards_and_local_calls_are_not_repeated_with_canned_signatures(self):
        order, found = [], Results()
        options = cli.parse(["--build-dir", "b", "--rounds", "2", "--only", "sign"])
        suite.run_rounds(options, [self.Recorder("", order), self.Recorder("canned_", order)], found)
        forwards = ["floor_socket_1", "floor_grpc_1", "sign_1", "canned_floor_grpc_1", "canned_sign_1"]
        self.assertEqual(order, forwards + forwards[::-1])
        self.assertEqual(found.samples["canned_sign_1"], {"n": [1, 1]})

    def test_a_side_names_what_canned_signatures_are_in_and_the_second_measures_nothing_else(self):
        options = cli.parse(["--build-dir", "b"])
        with tempfile.TemporaryDirectory() as scratch:
            first = suite.Side(options, ProgramsTest.PlainStack({name: "x" for name in REQUIRED}), scratch)
            second = suite.Side(options, ProgramsTest.CannedStack({name: "x" for name in REQUIRED}), scratch, second=True)
        self.assertEqual([first.key("sign_1"), second.key("sign_1"), second.key("find")],
                         ["sign_1", "canned_sign_1", "find"])
        self.assertEqual([first.wants("find"), second.wants("find"), second.wants("sign_1")], [True, False, True])

    def test_two_stacks_are_started_only_for_signatures(self):
        parsed = lambda *words: cli.parse(["--build-dir", "b", *words])
        self.assertEqual(suite.modes_of(parsed("--only", "sign")), ("made", "canned"))
        self.assertEqual(suite.modes_of(parsed("--only", "local,objects")), ("made",))
        self.assertEqual(suite.modes_of(parsed("--signatures", "canned")), ("canned",))

    def test_a_measurement_that_fails_is_a_problem_and_the_others_go_on(self):
        order, found = [], Results()
        options = cli.parse(["--build-dir", "b", "--rounds", "1", "--only", "local"])
        suite.run_rounds(options, [self.Recorder("", order)], found)
        self.assertEqual(found.problems, ["find: it broke"])
        self.assertEqual(found.samples["found"], {"n": [1]})


class ScaleTest(unittest.TestCase):
    def test_sizes_grow_by_tens_up_to_the_last(self):
        self.assertEqual(scale.sizes_up_to(100000), [1000, 10000, 100000])
        self.assertEqual(scale.sizes_up_to(500), [500])
        self.assertEqual(scale.sizes_up_to(2500), [1000, 2500])

    def test_a_condition_that_does_not_come_true_is_named(self):
        with self.assertRaisesRegex(StackError, "the moon"):
            scale.until(lambda: False, 0, "the moon")

    def test_only_what_failed_is_a_problem(self):
        found = Results()

        def fail():
            raise StackError("no stack")

        scale.measured(found, "a", 0, fail)
        scale.measured(found, "b", 0, lambda: {"n": 1})
        self.assertEqual(found.problems, ["a: no stack"])
        self.assertEqual(found.samples["b"], {"n": [1]})

    def test_connected_sockets_of_a_name_are_counted_and_no_others(self):
        lines = ["Num RefCount Protocol Flags Type St Inode Path",
                 "0000: 00000002 00000000 00010000 0001 01 11 /d/grep11d.sock",
                 "0000: 00000003 00000000 00000000 0001 03 12 /d/grep11d.sock",
                 "0000: 00000003 00000000 00000000 0001 03 13 /d/grep11d.sock",
                 "0000: 00000003 00000000 00000000 0001 03 14 /d/other.sock",
                 "0000: 00000003 00000000 00000000 0001 03 15"]
        self.assertEqual(scale.connections_in(lines, "/d/grep11d.sock"), 2)

    def test_memory_that_could_not_be_read_is_an_error(self):
        with self.assertRaises(StackError):
            scale.numbers_attached({"daemon": None})


class KillsTest(unittest.TestCase):
    def test_counts_come_from_the_last_line(self):
        line = "nginx: kept seed=4711 form=long kills=100 restarts=20 handshakes=1603 failed=0 slowest_s=0.7 seconds=17"
        counts = kills.counts_of(line)
        self.assertEqual((counts["kills"], counts["handshakes"], counts["failed"], counts["slowest_s"]),
                         (100, 1603, 0, 0.7))


class TlsTest(unittest.TestCase):
    SAMPLES = {"tls_0ms_1": {"per_s": [500.0], "busy": [0.5]}, "tls_0ms_8": {"per_s": [2000.0], "busy": [1.0]},
               "tls_5ms_1": {"per_s": [125.0], "busy": [0.1]}, "tls_5ms_8": {"per_s": [857.0], "busy": [0.6]}}

    def options(self):
        return cli.parse(["--build-dir", "b", "--tls", "--workers", "1,8", "--latencies", "0,5"])

    def test_the_local_cost_is_a_lone_workers_time_without_the_hsm(self):
        self.assertAlmostEqual(tls.local_cost_s(self.SAMPLES, [0, 5], [1, 8]), 0.002)
        self.assertAlmostEqual(tls.local_cost_s(self.SAMPLES, [5], [1]), 0.003)
        self.assertIsNone(tls.local_cost_s(self.SAMPLES, [0], [8]))

    def test_rows_stand_beside_the_ideal(self):
        rows = tls.rows(results_of(self.SAMPLES), self.options())
        self.assertEqual([(row["latency_ms"], row["workers"]) for row in rows], [(0, 1), (0, 8), (5, 1), (5, 8)])
        self.assertAlmostEqual(rows[1]["of_ideal"], 2000 / 4000)
        self.assertAlmostEqual(rows[3]["ideal_per_s"], 8 / 0.007)
        text = tls.text_of(["head"], results_of(self.SAMPLES), self.options())
        self.assertRegex(text, r"5 ms +8 +857\.0 .* 1143 +0\.75 +60%")

    def test_clients_are_twice_the_workers_within_bounds(self):
        self.assertEqual([tls.clients_for(workers) for workers in (1, 8, 64)], [4, 16, 96])

    def test_busy_is_the_part_of_all_ticks(self):
        self.assertEqual(tls.busy_part((100, 200), (175, 300)), 0.75)
        self.assertEqual(tls.busy_part((100, 200), (100, 200)), 0)


class PeersTest(unittest.TestCase):
    SAMPLES = {"in_process_find": {"p50_us": [2.0]}, "p11_kit_find": {"p50_us": [52.0]}, "ours_find": {"p50_us": [25.0]},
               "ours_ecdsa": {"p50_us": [230.0]}, "floor_grpc": {"p50_us": [200.0]},
               "in_process_ecdsa": {"p50_us": [40.0]}, "p11_kit_ecdsa": {"p50_us": [100.0]}}

    def test_a_hop_is_what_the_way_adds(self):
        self.assertEqual(peers.hop_of(self.SAMPLES, "find"), (50.0, 25.0))
        self.assertEqual(peers.hop_of(self.SAMPLES, "ecdsa"), (60.0, 30.0))
        self.assertEqual(peers.hop_of({}, "find"), (None, None))

    def test_what_is_missing_is_a_dash(self):
        text = peers.text_of(["head"], results_of(self.SAMPLES, problems=["it failed"]))
        self.assertRegex(text, r"find +2\.00 +52\.00 +50\.00 +25\.00 +25\.00 +0\.50")
        self.assertRegex(text, r"digest +- +- +- +- +- +-")
        self.assertIn("it failed", text)


class EmulatorTest(unittest.TestCase):
    SAMPLES = {f"{side}_{depth}": {"throughput": [pace, pace], "p50_us": [1.0, 1.0], "server_cpu_us": [30.0, 30.0]}
               for side, pace in (("emulator", 95.0), ("floor", 100.0)) for depth in emulator.IN_FLIGHT}

    def rows(self, samples):
        return [row for row in (figures.compare(figure, samples) for figure in emulator.figures_of()) if row]

    def test_only_the_deepest_is_judged_and_by_nine_tenths(self):
        judged = [row for row in self.rows(self.SAMPLES) if row.met() is not None]
        self.assertEqual([row.figure.name for row in judged], ["signatures, 64 in flight"])
        self.assertTrue(judged[0].met())
        slower = {**self.SAMPLES, "emulator_64": {**self.SAMPLES["emulator_64"], "throughput": [89.0, 89.0]}}
        self.assertEqual([row.met() for row in self.rows(slower) if row.met() is not None], [False])

    def test_the_text_has_a_line_for_each_figure_and_what_failed(self):
        text = emulator.text_of(["head"], self.rows(self.SAMPLES), ["floor_8: gone"])
        self.assertIn("signatures, 64 in flight", text)
        self.assertIn(">= 0.9", text)
        self.assertIn("floor_8: gone", text)

    def test_cpu_of_this_process_is_read(self):
        self.assertGreater(emulator.cpu_s(os.getpid()), 0)

    def test_it_runs_alone(self):
        for more in (["--only", "sign"], ["--env", "x"]):
            with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
                cli.parse(["--build-dir", "x", "--emulator", *more])


class ProgramsTest(unittest.TestCase):
    class PlainStack(Stack):
        def counters(self):
            return {}

    class CannedStack(Stack):
        def counters(self):
            return {"canned_signatures": 0}

    def programs_of(self, kind):
        variables = {**{name: "x" for name in REQUIRED}, "USER_PIN": "planted-pin", "PKCS11_MODULE": "m.so"}
        return Programs(self.folder.name, kind(variables), self.folder.name)

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        (pathlib.Path(self.folder.name) / "bin").mkdir()
        self.programs = self.programs_of(self.PlainStack)

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

    def test_canned_signatures_are_told_to_load_and_floor_and_not_to_other_modules(self):
        for name in ("grep11-load", "floor_grpc"):
            self.install(name, 'printf \'{"words": "%s"}\' "$*"')
        canned = self.programs_of(self.CannedStack)
        self.assertIn("--canned-signatures", canned.load("ecdsa", count=1)["words"])
        self.assertIn("--canned-signatures", canned.floor_grpc(1, 1, 0)["words"])
        self.assertNotIn("--canned-signatures", canned.load("ecdsa", module="other.so", count=1)["words"])
        self.assertNotIn("--canned-signatures", self.programs.load("ecdsa", count=1)["words"])

    def test_a_program_that_holds_on_is_read_to_the_end_of_its_report_and_let_go_by_its_input(self):
        path = pathlib.Path(self.folder.name) / "pid"
        path.write_text("1\n", encoding="utf-8")
        self.programs._stack.variables["GREP11_DAEMON_PID_FILE"] = str(path)
        self.install("attach_many", 'printf \'{\n  "daemon": null\n}\n\'; cat >/dev/null; echo gone >"$0.gone"')
        with self.programs.attached(5) as report_of_crowd:
            self.assertEqual(report_of_crowd, {"daemon": None})
            self.assertFalse((pathlib.Path(self.folder.name) / "bin" / "attach_many.gone").exists())
        self.assertTrue((pathlib.Path(self.folder.name) / "bin" / "attach_many.gone").exists())

    def test_a_program_that_ends_without_a_report_says_why(self):
        process = subprocess.Popen(["sh", "-c", "echo too many >&2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        with process, self.assertRaisesRegex(ProgramError, "attach_many: too many"):
            report_of(process, "attach_many")

    def test_a_count_replaces_the_duration_and_every_pid_is_watched(self):
        self.assertNotIn("--duration", load_words(count=5, duration=3))
        words = load_words(duration=3, watch=(7, 8), size=16, label="l", rate=2)
        self.assertEqual(words[-10:], ["--size", 16, "--key-label", "l", "--rate", 2, "--watch-pid", 7, "--watch-pid", 8])

    def test_missing_programs_are_listed(self):
        self.install("floor_uds", "exit 0")
        self.assertNotIn("floor_uds", self.programs.missing())
        self.assertIn("floor_grpc", self.programs.missing())


class ReportTest(unittest.TestCase):
    SAMPLES = {"sign_1": {"p50_us": [115.0], "application_cpu_us": [9.0], "daemon_cpu_us": [10.0],
                          "emulator_cpu_us": [70.0]},
               "floor_grpc_1": {"p50_us": [80.0]}, "floor_socket_1": {"p50_us": [20.0]},
               "canned_sign_1": {"p50_us": [50.0]}, "canned_floor_grpc_1": {"p50_us": [20.0]},
               "find_among_1000_objects": {"p50_us": [22.0]}, "floor_beside_1000_objects": {"p50_us": [20.0]},
               "digest_1m": {"p50_us": [700.0]}}

    def test_text_shows_ours_the_floor_and_the_ratio(self):
        text = report.text(["head"], results_of(self.SAMPLES, {"ecdsa": 1.0}, ["it failed"]))
        self.assertRegex(text, r"C_SignInit \+ C_Sign, one in flight, p50 +115\.0 +100\.0 us +1\.15 .*<= 1\.15 +met")
        self.assertRegex(text, r"one in flight, p50, canned +50\.00 +40\.00 us +1\.25 .*not met")
        self.assertRegex(text, r"find by label among 1,000 p50 +22\.00 +20\.00")
        self.assertRegex(text, r"digest of 1 MiB, p50 +700\.0")
        self.assertRegex(text, r"sign_1 +9\.00 +10\.00 +70\.00")
        self.assertRegex(text, r"ecdsa +1\.00000")
        self.assertIn("it failed", text)

    def test_json_is_complete(self):
        whole = json.loads(json.dumps(report.as_object({"tool": "compare"}, results_of(self.SAMPLES, {"ecdsa": 1.0}))))
        self.assertEqual(whole["figures"][0]["ratio"], {"median": 1.15, "low": 1.15, "high": 1.15})
        self.assertEqual([row["signatures"] for row in whole["figures"]], ["made", "canned", "made"])
        self.assertEqual(whole["requests_per_call"], {"ecdsa": 1.0})
        self.assertEqual(whole["samples"]["sign_1"]["p50_us"], [115.0])
        self.assertEqual(whole["limits"], [{"name": "digest of 1 MiB, p50", "unit": "us",
                                            "ours": {"median": 700.0, "low": 700.0, "high": 700.0}}])
        self.assertIsNone(whole["private_memory"])


class TableTest(unittest.TestCase):
    def options(self, *more):
        return cli.parse(["--build-dir", "b", "--table", *more])

    def line(self, found, start, options=None):
        return next((line, rows) for line, rows in table.lines(found, options or self.options())
                    if line.name.startswith(start))

    def test_there_is_a_line_for_each_promise_and_nothing_measured_judges_none(self):
        found = table.lines(Results(), self.options())
        self.assertEqual(len(found), 11)
        self.assertEqual({table.verdict(rows) for _, rows in found}, {None})

    def test_a_line_is_met_when_all_its_rows_are(self):
        requests = {operation: most for operation, _, most in measure.REQUEST_COUNTS}
        _, rows = self.line(results_of({}, requests), "HSM requests")
        self.assertTrue(table.verdict(rows))
        _, rows = self.line(results_of({}, {**requests, "find": 0.001}), "HSM requests")
        self.assertFalse(table.verdict(rows))
        self.assertEqual([row.name for row in rows if not row.met], ["find"])
        _, rows = self.line(results_of({}, {"ecdsa": 1.0}), "HSM requests")
        self.assertIsNone(table.verdict(rows))

    def test_both_ways_of_signing_are_judged(self):
        samples = {**ReportTest.SAMPLES}
        _, rows = self.line(results_of(samples), "C_SignInit")
        self.assertEqual([(row.name.endswith("canned"), row.met) for row in rows], [(False, True), (True, False)])
        self.assertFalse(table.verdict(rows))

    def test_one_way_of_signing_alone_judges_the_line(self):
        samples = {key: value for key, value in ReportTest.SAMPLES.items() if key not in ("sign_1", "floor_grpc_1")}
        _, rows = self.line(results_of(samples), "C_SignInit")
        self.assertEqual([(row.name.endswith("canned"), row.met) for row in rows], [(True, False)])

    def test_what_has_no_target_is_shown_and_does_not_decide(self):
        samples = {"alone_hsm": {"p99_us": [10.0]}, "flooded_hsm": {"p99_us": [15.0]}, "alone_cpu": {"p99_us": [1.0]},
                   "flooded_cpu": {"p99_us": [90.0]}}
        _, rows = self.line(results_of(samples), "p99 of a polite")
        self.assertEqual([row.met for row in rows], [True, None])
        self.assertTrue(table.verdict(rows))

    def test_kills_that_were_not_asked_for_say_how_to_run_them(self):
        _, rows = self.line(Results(), "handshakes lost")
        self.assertIn("--kills", rows[0].ratio)
        _, rows = self.line(results_of({"kills": {"failed": [0.0]}}), "handshakes lost", self.options("--kills"))
        self.assertTrue(table.verdict(rows))
        _, rows = self.line(results_of({"kills": {"failed": [2.0]}}), "handshakes lost", self.options("--kills"))
        self.assertFalse(table.verdict(rows))

    def test_what_the_other_way_needs_stands_beside(self):
        samples = {"daemon_16": {"token_fetches": [0], "connections": [0]},
                   "direct_16": {"token_fetches": [16], "connections": [16]}}
        _, rows = self.line(results_of(samples), "16 processes")
        fetches = next(row for row in rows if row.name.startswith("token fetches"))
        self.assertEqual((fetches.floor, fetches.ours, fetches.met), ("16.00", "0.00", True))

    def test_finds_are_judged_among_as_many_objects_as_were_asked_for(self):
        _, rows = self.line(results_of(ReportTest.SAMPLES), "many token objects", self.options("--objects", "1000"))
        self.assertEqual((rows[0].target, rows[0].met), ("<= 1.3 x", True))

    def test_text_numbers_the_lines_and_names_what_failed(self):
        text = table.text(["head"], results_of(ReportTest.SAMPLES, problems=["it failed"]), self.options())
        self.assertRegex(text, r"\n  3  C_SignInit .*: not met\n")
        self.assertRegex(text, r"\n 10  handshakes lost .*: not judged\n")
        self.assertIn("it failed", text)

    def test_the_object_has_every_row(self):
        whole = json.loads(json.dumps(table.as_object(results_of(ReportTest.SAMPLES), self.options())))
        self.assertEqual(len(whole), 11)
        self.assertEqual(whole[2]["rows"][0]["ratio"], "1.15 [1.15 .. 1.15]")


class CommandLineTest(unittest.TestCase):
    def test_quick_is_shorter_and_can_be_overridden(self):
        self.assertEqual(cli.parse(["--build-dir", "b", "--quick"]).rounds, 3)
        self.assertEqual(cli.parse(["--build-dir", "b", "--quick", "--rounds", "9"]).rounds, 9)

    def test_the_table_is_of_full_size_also_when_quick(self):
        options = cli.parse(["--build-dir", "b", "--quick", "--table"])
        self.assertEqual((options.objects, options.applications), (100000, 10000))
        self.assertEqual(cli.parse(["--build-dir", "b", "--quick"]).objects, 10000)
        self.assertNotIn("depth", options.only)

    def test_what_makes_no_sense_is_refused(self):
        for words in (["--rounds", "0"], ["--duration", "-1"], ["--only", "nothing"], ["--peers", "--tls"],
                      ["--tls", "--env", "e"], ["--peers", "--only", "sign"], ["--workers", "1,-2"]):
            with self.subTest(words=words), self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                cli.parse(["--build-dir", "b", *words])

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
