"""Room: tests/chaos. The frame of a chaos program: options, seed, counts, promises, an end in time, nothing left
behind.

A program is `run(__doc__, body)`. Its last line is "NAME: kept|BROKEN seed=N form=short|long COUNT=N ..."; its exit
status is 0 if every promise was kept, 1 if one was broken, 77 if the host lacks something. May touch: processes that
descend from it.
"""

import argparse
import collections
import contextlib
import ctypes
import os
import random
import signal
import sys
import time
import traceback

from kit import CHAOS

SKIPPED = 77
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIMIT_S = {False: 180, True: 5400}  # short form, long form; ctest waits a little longer
CLEAN_UP_S = 20
SHOWN = 8  # of the ways in which one promise was broken

RELEASE = os.path.join(CHAOS, "..", "..", "build", "release")

libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    """This host cannot run the program; the text says what is missing."""


class TimeIsUp(BaseException):
    """Passes `except Exception`: nothing may hold up the end."""


class Chaos:
    """One run: where its randomness comes from, what was counted, what was broken."""

    def __init__(self, name, seed, long):
        self.name, self.seed, self.long = name, seed, long
        self.random = random.Random(seed)
        self.counts, self.broken = {}, []

    def amount(self, short, long):
        return long if self.long else short

    def count(self, name, value=1):
        self.counts[name] = self.counts.get(name, 0) + value

    def note(self, name, value):
        """A figure that is no sum; the last one counts."""
        self.counts[name] = value

    def say(self, text):
        print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)

    def promise(self, kept, text):
        """`text` says what was broken, with what a reader needs to find it."""
        if not kept:
            self.broken.append(text)
            if len(self.broken) <= SHOWN:
                self.say(f"BROKEN: {text}")
        return kept

    def promise_all(self, failures, text):
        """No entry in the list of failures. Their last words, counted, are the ways in which they failed."""
        ways = collections.Counter(str(failure).rsplit(": ", 1)[-1] for failure in failures)
        self.promise(not failures, f"{text}: {len(failures)}, first " + "; ".join(map(str, failures[:SHOWN])) +
                     f"; ways: {dict(ways.most_common(SHOWN))}")

    def last_line(self):
        form = "long" if self.long else "short"
        figures = "".join(f" {name}={value}" for name, value in self.counts.items())
        return f"{self.name}: {'BROKEN' if self.broken else 'kept'} seed={self.seed} form={form}{figures}"


def options(text):
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="repeats the random choices of a run (printed by it)")
    parser.add_argument("--long", action="store_true", help="the long form: minutes instead of seconds")
    parser.add_argument("--build-dir", help="programs to test; else GW_BUILD_DIR, else build/release")
    return parser.parse_args()


def run(text, body):
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    chosen = options(text)
    os.environ["GW_BUILD_DIR"] = os.path.abspath(chosen.build_dir or os.environ.get("GW_BUILD_DIR") or RELEASE)
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(2**32)
    sys.exit(_run(Chaos(name, seed, chosen.long), body))


def _run(chaos, body):
    started = time.monotonic()
    _guard(LIMIT_S[chaos.long])
    chaos.say(f"{chaos.name}: seed {chaos.seed}")
    try:
        body(chaos)
    except Skip as why:
        print(f"{chaos.name}: skipped: {why}")
        return SKIPPED
    except (Exception, TimeIsUp) as error:  # a program that fell over has shown nothing
        traceback.print_exc()
        chaos.promise(False, f"{type(error).__name__}: {error}")
    finally:
        signal.alarm(0)
        end_descendants()
    chaos.note("seconds", round(time.monotonic() - started))
    print(chaos.last_line(), flush=True)
    return 1 if chaos.broken else 0


def _guard(limit_s):
    """Ends the body after limit_s or at SIGTERM, and makes daemons that our children start our children too."""
    def end(number, _):
        raise TimeIsUp(f"not done within {limit_s} s" if number == signal.SIGALRM else "told to end")

    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, end)
    signal.alarm(limit_s)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    """For preexec_fn of programs that nobody else would end."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


# Processes.


def children_of(pid):
    found = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", encoding="utf-8") as file:
                found += map(int, file.read().split())
    return sorted(found)


def descendants_of(pid):
    return [found for child in children_of(pid) for found in [child, *descendants_of(child)]]


def is_alive(pid):
    """False for a zombie, too."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def end_descendants():
    """What the body did not stop is killed, and waited for: also servers that have become our children."""
    end = time.monotonic() + CLEAN_UP_S
    while (left := descendants_of(os.getpid())) and time.monotonic() < end:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.01)


def uid_of(pid):
    """Of the effective user; None if the process has ended."""
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except FileNotFoundError:
        return None


def resident_kib(pid):
    """Resident memory of a process; None if it has ended."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return None
