"""Room: bench/comparison. The command line, and the order of the runs. Touches: the terminal and the JSON file."""

import argparse
import collections
import contextlib
import json
import pathlib
import sys
import tempfile

from . import measure, report
from .programs import ProgramError, Programs
from .stack import OwnStack, Stack, StackError

DESCRIPTION = """Runs the floors (bare socket, bare gRPC client) and our programs in turns on one stack, and prints our
figures beside the floors as ratios with their spread. bench/README.md explains each figure."""

EPILOG = """examples:
  bench/compare --build-dir build/release
      start a private stack, measure all, stop it
  bench/compare --build-dir build/release --env DIR/env --quick
      a short form, on a stack that is up
  bench/compare --build-dir build/release --only sign,requests --json figures.json

exit status: 0 everything was measured, whether targets are met or not; 1 something could not be measured;
2 nothing could be."""


def groups(text):
    names = text.split(",")
    unknown = [name for name in names if name not in measure.GROUPS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such group: {', '.join(unknown)}; there are {', '.join(measure.GROUPS)}")
    return names


def parse(arguments):
    parser = argparse.ArgumentParser(prog="compare", description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", required=True, metavar="DIR", help="build folder with the programs in bin/")
    parser.add_argument("--env", metavar="FILE", help="env file of a stack that is up; default: start one")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.5 s: for a first look")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds; default 7")
    parser.add_argument("--duration", type=float, metavar="S", help="seconds of each run; default 3")
    parser.add_argument("--only", type=groups, metavar="GROUP,...", default=list(measure.GROUPS),
                        help="groups: " + ", ".join(measure.GROUPS))
    parser.add_argument("--json", metavar="FILE", help="write everything as JSON too")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (3 if options.quick else 7)
    options.duration = options.duration or (0.5 if options.quick else 3.0)
    if options.rounds < 1 or options.duration <= 0:
        parser.error("--rounds and --duration must be positive")
    return options


def say(text):
    """A progress line, replaced by the next; nothing when nobody looks."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def run_rounds(options, programs, stack, problems):
    """{measurement: {number: [value or None for each round]}}"""
    samples = collections.defaultdict(dict)
    names = measure.wanted_names(options.only)
    runner = measure.Round(programs, stack, options.duration, min(1.0, options.duration / 3))
    for index in range(options.rounds):
        for name in names if index % 2 == 0 else reversed(names):
            say(f"round {index + 1} of {options.rounds}: {name.replace('_', ' ')}")
            try:
                numbers = getattr(runner, name)()
            except (ProgramError, StackError) as error:
                problems.append(str(error))
                numbers = {}
            for number, value in numbers.items():
                column = samples[name].setdefault(number, [])
                column += [None] * (index - len(column)) + [value]
        for columns in samples.values():
            for column in columns.values():
                column += [None] * (index + 1 - len(column))
    return samples


def count_requests(options, programs, stack, problems):
    requests = {}
    if "requests" not in options.only:
        return requests
    for operation, calls in measure.REQUEST_COUNTS:
        say(f"counting HSM requests: {operation}")
        try:
            requests[operation] = measure.requests_per_call(programs, stack, operation, calls)
        except (ProgramError, StackError) as error:
            problems.append(str(error))
    return requests


def about(options, programs):
    """Build and machine, as the programs themselves report them."""
    probe = programs.floor_uds(1, 0.05, 0)
    return {"tool": "compare", "started_at": probe["started_at"], "build": probe["build"], "machine": probe["machine"],
            "rounds": options.rounds, "duration_s": options.duration}


def head_of(facts):
    build, machine = facts["build"], facts["machine"]
    return [f"{facts['rounds']} rounds of {facts['duration_s']:g} s, medians; commit {build['commit']},"
            f" {build['build_type'] or 'no build type'}, {build['compiler']}",
            f"{machine['cores']} cores {machine['cpu']}, {machine['kernel']}"]


def measure_all(options, stack, scratch):
    programs = Programs(options.build_dir, stack, scratch)
    if missing := programs.missing():
        raise StackError(f"{options.build_dir}/bin lacks {', '.join(missing)}")
    facts = about(options, programs)
    problems = []
    samples = run_rounds(options, programs, stack, problems)
    requests = count_requests(options, programs, stack, problems)
    say("")
    print(report.text(head_of(facts), samples, requests, problems))
    if options.json:
        whole = report.as_object(facts, samples, requests, problems)
        pathlib.Path(options.json).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    return 1 if problems else 0


def main(arguments=None):
    options = parse(arguments)
    with tempfile.TemporaryDirectory(prefix="grep11-compare.") as scratch:
        try:
            if options.env:
                return measure_all(options, Stack.from_file(options.env), scratch)
            with contextlib.ExitStack() as context:
                say("starting a private stack")
                return measure_all(options, context.enter_context(OwnStack(options.build_dir)), scratch)
        except (ProgramError, StackError, OSError) as error:
            say("")
            print(f"compare: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            say("")
            print("compare: interrupted", file=sys.stderr)
            return 2
