"""Room: bench/counting. The command line. Touches: the terminal and the baseline's file."""

import argparse
import pathlib
import sys

from . import baseline as base
from .count import CountError, count, cpu, libraries, valgrind_version

DESCRIPTION = """Counts the instructions that one C_SignInit + C_Sign costs in the application and in the daemon, with
callgrind on a private stack, and holds them against a baseline. bench/README.md says how stable that is."""

EPILOG = """exit status: 0 counted, and no growth of more than 5 %; 1 grew by more than 5 %; 2 could not be counted;
3 the baseline is of another compiler, build type or CPU and says nothing here."""

BASELINE = pathlib.Path(__file__).resolve().parents[1] / "baseline.json"
SIGNATURES = 2000
GREW, NOT_COUNTED, NOT_COMPARABLE = 1, 2, 3


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be positive")
    return number


def parse(arguments):
    parser = argparse.ArgumentParser(prog="instructions", description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build-dir", required=True, metavar="DIR", help="build folder with the programs in bin/")
    job = parser.add_mutually_exclusive_group()
    job.add_argument("--check", action="store_true", help="compare with the baseline (default)")
    job.add_argument("--baseline", action="store_true", help="write the baseline anew")
    parser.add_argument("--file", default=BASELINE, type=pathlib.Path, metavar="FILE",
                        help="the baseline; default: bench/baseline.json")
    parser.add_argument("--signatures", type=positive, metavar="N",
                        help=f"of the shorter run, for --baseline; default {SIGNATURES}. --check takes the baseline's")
    options = parser.parse_args(arguments)
    if options.signatures and not options.baseline:
        parser.error("--signatures goes with --baseline: a check counts what the baseline counted")
    return options


def say(text):
    """A progress line, replaced by the next; nothing when nobody looks."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def measure(options, signatures):
    tool = valgrind_version()
    counts, build = count(options.build_dir, signatures, say)
    return base.baseline_of(counts, signatures, build, cpu(), tool, libraries())


def write(options):
    now = measure(options, options.signatures or SIGNATURES)
    base.store(options.file, now)
    print(f"{options.file}: " + ", ".join(
        f"{name} {number}" for name, number in now["instructions_per_signature"].items()) + " instructions per signature")
    return 0


def check(options):
    baseline = base.load(options.file)
    now = measure(options, baseline["signatures"][0])
    if reasons := base.differences(baseline, now):
        print("not comparable: " + "; ".join(reasons))
        print("counted here: " + ", ".join(
            f"{name} {number}" for name, number in now["instructions_per_signature"].items()))
        print("./dev bench --baseline writes a baseline of this machine")
        return NOT_COMPARABLE
    print("\n".join(base.lines(baseline, now) + [f"  note: {note}" for note in base.library_notes(baseline, now)]))
    grown = base.growth(baseline, now)
    for name in base.too_much(grown):
        print(f"instructions: {name} grew by {grown[name]:.1%}; ./dev bench --baseline if that is meant", file=sys.stderr)
    return GREW if base.too_much(grown) else 0


def main(arguments=None):
    options = parse(arguments)
    try:
        return write(options) if options.baseline else check(options)
    except (CountError, base.BaselineError, OSError) as error:
        say("")
        print(f"instructions: {error}", file=sys.stderr)
        return NOT_COUNTED
    except KeyboardInterrupt:
        say("")
        print("instructions: interrupted", file=sys.stderr)
        return NOT_COUNTED
