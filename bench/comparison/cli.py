"""Room: bench/comparison. The command line. Touches: the terminal and the JSON file."""

import argparse
import json
import pathlib
import signal
import sys

from . import emulator, peers, report, suite, table, tls
from .programs import ProgramError
from .stack import StackError

DESCRIPTION = """Runs the floors (bare socket, bare gRPC client) and our programs in turns, and prints our figures beside
the floors as ratios with their spread. bench/README.md explains each figure."""

EPILOG = """examples:
  bench/compare --build-dir build/release
      start private stacks, measure all, stop them
  bench/compare --build-dir build/release --table --kills
      the table of targets, one line for each, with 100 daemon kills under nginx (root, minutes)
  bench/compare --build-dir build/release --env DIR/env --quick --only sign,local
      a short form, on a stack that is up
  bench/compare --build-dir build/release --peers
      a channel in each process, and p11-kit's server, beside the daemon
  bench/compare --build-dir build/release --tls --json tls.json
      full handshakes per second of nginx by workers and HSM latency
  bench/compare --build-dir build/release --emulator
      the emulator alone beside the least that a GREP11 service can be

exit status: 0 everything was measured, whether targets are met or not; 1 something could not be measured;
2 nothing could be."""


def groups(text):
    names = text.split(",")
    unknown = [name for name in names if name not in suite.GROUPS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such group: {', '.join(unknown)}; there are {', '.join(suite.GROUPS)}")
    return names


def positive(kind):
    def parse(text):
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not positive")
        return value
    return parse


def numbers(text):
    """Comma-separated, none below 0."""
    values = [int(word) for word in text.split(",")]
    if min(values) < 0:
        raise argparse.ArgumentTypeError("negative")
    return values


def add_modes(parser):
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--table", action="store_true", help="the table of targets; implies what it needs")
    modes.add_argument("--peers", action="store_true",
                       help="the same workload with a channel in each process, and through p11-kit's server")
    modes.add_argument("--tls", action="store_true", help="nginx: full handshakes by workers and HSM latency")
    modes.add_argument("--emulator", action="store_true",
                       help="grep11-emulator alone beside a bare gRPC server that calls OpenSSL")


def add_amounts(parser):
    whole, some = positive(int), positive(float)
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.5 s, smaller crowds: for a first look")
    parser.add_argument("--rounds", type=whole, metavar="N", help="rounds; default 7, with --tls 3")
    parser.add_argument("--duration", type=some, metavar="S", help="seconds of each run; default 2")
    parser.add_argument("--objects", type=whole, metavar="N",
                        help="token objects at most; default 100000, with --quick and no --table 10000")
    parser.add_argument("--applications", type=whole, metavar="N",
                        help="attached applications; default 10000, with --quick and no --table 1000")
    parser.add_argument("--workers", type=numbers, metavar="N,...", help="--tls: nginx workers; default 1,2,4,8,16,32,64")
    parser.add_argument("--latencies", type=numbers, metavar="MS,...", help="--tls: HSM latencies; default 0,1,5")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="compare", description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", required=True, metavar="DIR", help="build folder with the programs in bin/")
    parser.add_argument("--env", metavar="FILE", help="env file of a stack that is up; default: start private ones")
    add_modes(parser)
    add_amounts(parser)
    parser.add_argument("--only", type=groups, metavar="GROUP,...", help="groups: " + ", ".join(suite.GROUPS))
    parser.add_argument("--signatures", choices=suite.SIGNATURES, default=suite.BOTH,
                        help="how the emulator makes signatures: each anew (made), each once (canned), or both beside"
                             " each other; default both")
    parser.add_argument("--kills", action="store_true",
                        help="also count handshakes lost in 100 daemon kills under nginx: minutes, root")
    parser.add_argument("--json", metavar="FILE", help="write everything as JSON too")
    options = parser.parse_args(arguments)
    alone = options.peers or options.tls or options.emulator
    if options.only and alone:
        parser.error("--only chooses among the groups of the suite, which --peers, --tls and --emulator do not run")
    if options.env and alone:
        parser.error("--peers, --tls and --emulator start what they need themselves")
    complete(options)
    return options


def complete(options):
    small = options.quick and not options.table
    options.rounds = options.rounds or (3 if options.quick or options.tls else 7)
    options.duration = options.duration or (0.5 if options.quick else 2.0)
    options.objects = options.objects or (10000 if small else 100000)
    options.applications = options.applications or (1000 if small else 10000)
    options.only = options.only or list(suite.TABLE_GROUPS if options.table else suite.GROUPS)
    options.workers = options.workers or ([1, 8] if options.quick else [1, 2, 4, 8, 16, 32, 64])
    options.latencies = options.latencies or ([0, 5] if options.quick else [0, 1, 5])


def write_json(options, whole):
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def run_suite(options):
    facts, results = suite.run(options)
    whole = report.as_object(facts, results)
    if options.table:
        print(table.text(suite.head_of(facts), results, options))
        whole["table"] = table.as_object(results, options)
    else:
        print(report.text(suite.head_of(facts), results))
    write_json(options, whole)
    return 1 if results.problems else 0


def run_mode(options, mode):
    """--peers, --tls and --emulator: a text, an object, and what could not be measured."""
    text, whole, problems = mode.run(options, suite.say)
    print(text)
    write_json(options, whole)
    return 1 if problems else 0


ENDING = (signal.SIGINT, signal.SIGTERM)


def interrupted(*_):
    """Everything is taken down; further signals do not break that off."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(arguments=None):
    options = parse(arguments)
    for number in ENDING:
        signal.signal(number, interrupted)
    try:
        if options.peers:
            return run_mode(options, peers)
        if options.tls:
            return run_mode(options, tls)
        if options.emulator:
            return run_mode(options, emulator)
        return run_suite(options)
    except (ProgramError, StackError, OSError) as error:
        suite.say("")
        print(f"compare: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        suite.say("")
        print("compare: interrupted", file=sys.stderr)
        return 2
