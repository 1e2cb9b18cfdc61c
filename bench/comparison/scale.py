"""Room: bench/comparison. Many applications, many objects, and a greedy neighbour, each on a stack of its own.

Touches: the stacks it starts, the daemons among them, limits of this process for descriptors.
"""

import math
import os
import resource
import signal
import subprocess
import time

from . import figures
from .measure import latency_of
from .programs import ProgramError, Programs
from .results import HISTOGRAM
from .stack import OwnStack, QUIET_LOG, StackError, UNLIMITED

FILL_PROCESSES, FILL_THREADS = 8, 16  # as many creations share a transaction as wait for it
START_UP_S = 60
GONE_S = 30
DESCRIPTORS_BESIDE = 256
NEEDLE = "needle"
POLITE_RATE = 50  # signatures in a second
POLITE_THREADS = 16  # none of them is late for want of a thread
FLOOD = {"processes": 4, "threads": 16}
# The HSM of the fairness test: what a unit takes, the time that a card and the way to it take.
HSM_RATE, HSM_LATENCY = 500, "5ms"


class Runs:
    """Runs of the programs on one stack, each as one number set. `duration` and `warmup` in seconds."""

    def __init__(self, programs, stack, options):
        self.programs, self.stack = programs, stack
        self.duration, self.warmup = options.duration, min(1.0, options.duration / 3)

    def load(self, operation, **shape):
        shape = {"duration": self.duration, "warmup": self.warmup, **shape}
        return latency_of(self.programs.load(operation, **shape))

    def floor_uds(self):
        return latency_of(self.programs.floor_uds(1, self.duration, self.warmup))


def measured(results, key, index, run):
    """Adds what run() gives; a failure is a problem and an empty round."""
    try:
        numbers = run()
    except (ProgramError, StackError) as error:
        results.problems.append(f"{key}: {error}")
        numbers = {}
    results.add(key, index, numbers)


# Many applications.


def allow_descriptors(wanted):
    """Processes inherit the limit: the daemon needs a descriptor for each connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, OSError) as error:
        raise StackError(f"the daemon needs {wanted} descriptors and the limit is {hard}: ulimit -Hn") from error


def limits_for(applications):
    return (*UNLIMITED, "--gateway", f"limits: {{connections: {applications + DESCRIPTORS_BESIDE}}}")


def applications(options, results, scratch, say):
    """Memory of each, first with nothing but the connection, then with a session; p50 of busy ones with and without."""
    count = options.applications
    allow_descriptors(count + 2 * DESCRIPTORS_BESIDE)
    with OwnStack(options.build_dir, *limits_for(count)) as stack:
        runs = Runs(Programs(options.build_dir, stack, scratch), stack, options)
        for index in range(options.rounds):
            say(f"{count:,} applications, round {index + 1} of {options.rounds}")
            measured(results, "quiet_local", index, lambda: runs.load("session-info"))
            measured(results, "quiet_sign", index, lambda: runs.load("ecdsa"))
            with_crowd(results, runs, count, index)
    with OwnStack(options.build_dir, *limits_for(count)) as stack:
        programs = Programs(options.build_dir, stack, scratch)
        measured(results, "attached_session", 0, lambda: attached_numbers(programs, count, sessions=1))


def with_crowd(results, runs, count, index):
    before = connections_to(runs.stack.get("GREP11_SOCKET"))
    try:
        with runs.programs.attached(count) as report:
            if index == 0:  # later ones find the memory of the first again
                results.add("attached", 0, numbers_attached(report))
            measured(results, "crowd_local", index, lambda: runs.load("session-info"))
            measured(results, "crowd_sign", index, lambda: runs.load("ecdsa"))
    except ProgramError as error:
        results.problems.append(str(error))
        return
    until(lambda: connections_to(runs.stack.get("GREP11_SOCKET")) <= before, GONE_S, "the end of the crowd's connections")


def attached_numbers(programs, count, sessions):
    with programs.attached(count, sessions) as report:
        return numbers_attached(report)


def numbers_attached(report):
    daemon = report["daemon"]
    if daemon is None:
        raise StackError("the daemon's memory could not be read")
    return {"kib_per_application": daemon["kib_per_application"], "attached_per_s": report["result"]["attached_per_s"],
            "attach_p50_us": report["result"]["latency_us"]["p50"], HISTOGRAM: report["histogram"]}


def connections_to(socket):
    """How many the daemon has; its descriptors nobody else may list."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
        return connections_in(file, socket)


def connections_in(lines, socket):
    """Of the lines of /proc/net/unix, those of connected sockets (state 03) of this name."""
    fields = (line.split() for line in lines)
    return sum(1 for words in fields if len(words) > 7 and words[5] == "03" and words[7] == socket)


def until(condition, most_s, what, pause_s=0.01):
    end = time.monotonic() + most_s
    while not condition():
        if time.monotonic() > end:
            raise StackError(f"{what}: not within {most_s} s")
        time.sleep(pause_s)


# Many objects.


def sizes_up_to(objects):
    """1,000, 10,000 and so on, and last `objects` itself."""
    powers = [10 ** exponent for exponent in range(3, 10) if 10 ** exponent < objects]
    return [*powers, objects]


def objects(options, results, scratch, say):
    """Finds by label in a token that grows; then how long the daemon takes to start with all of it."""
    with OwnStack(options.build_dir, *UNLIMITED) as stack:
        runs = Runs(Programs(options.build_dir, stack, scratch), stack, options)
        runs.programs.load("create-object", count=1, label=NEEDLE)
        there, filled_s = 1, 0.0
        for size in sizes_up_to(options.objects):
            say(f"filling the token up to {size:,} objects")
            filled_s += fill(runs.programs, size - there)
            there = size
            for index in range(options.rounds):
                say(f"find among {size:,} objects, round {index + 1} of {options.rounds}")
                measured(results, figures.find_floor_key(size), index, runs.floor_uds)
                measured(results, figures.find_key(size), index, lambda: runs.load("find-label", label=NEEDLE))
        results.add("filling", 0, {"seconds": filled_s, "objects_per_s": there / filled_s})
        results.notes.append(f"{there:,} objects were made by C_CreateObject in {filled_s:.1f} s: {there / filled_s:.0f} /s")
        for index in range(options.rounds):
            say(f"start of the daemon with {there:,} objects, {index + 1} of {options.rounds}")
            measured(results, "start_up", index, lambda: {"ready_ms": start_up_ms(stack)})


def fill(programs, count):
    """Makes so many data objects, each with a label of its own; the seconds it took."""
    if count <= 0:
        return 0.0
    workers = {"processes": FILL_PROCESSES, "threads": FILL_THREADS} if count > FILL_PROCESSES * FILL_THREADS else {}
    return programs.load("create-object", count=count, **workers)["result"]["seconds"]


def start_up_ms(stack):
    """The daemon of the stack stops, and starts again with the same command line; until its ready file is there.

    It stays the stack's: ./dev finds it by the file that names its process, and the file is written anew.
    """
    pid = stack.pid("GREP11_DAEMON_PID_FILE")
    command = words_of(pid)
    ready = command[command.index("--ready-file") + 1]
    log = stack.get("GREP11_DAEMON_LOG")
    os.kill(pid, signal.SIGTERM)
    until(lambda: not is_alive(pid), GONE_S, "the end of the daemon")
    if os.path.exists(ready):
        os.unlink(ready)
    with open(log, "ab") as output:
        start = time.monotonic()
        daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        write_process_files(stack, daemon.pid)
        until(lambda: os.path.exists(ready) or daemon.poll() is not None, START_UP_S, "the start of the daemon", 0.001)
        took = time.monotonic() - start
    if daemon.poll() is not None:
        raise StackError(f"the daemon did not start again; its log is {log}")
    return took * 1000


def words_of(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return [word.decode() for word in file.read().split(b"\0")[:-1]]


def start_time_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rsplit(")", 1)[1].split()[19]


def write_process_files(stack, pid):
    """As ./dev up writes them: daemon.pid, and daemon.proc with the start time that tells it from a later process."""
    path = stack.get("GREP11_DAEMON_PID_FILE")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{pid}\n")
    with open(path.removesuffix(".pid") + ".proc", "w", encoding="ascii") as file:
        file.write(f"{pid} {start_time_of(pid)}\n")


def is_alive(pid):
    """Reaps it if it is a child of ours; False for a zombie, too."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


# A greedy neighbour.


HSM_STACKS = {
    # A unit of 500 requests in a second that takes 5 ms for each: what is shared out is the HSM.
    "hsm": ("--latency", HSM_LATENCY, "--gateway", f"tokens: {{0: {{rate_per_s: {HSM_RATE}}}}}", *QUIET_LOG),
    # No limit: what is shared out is this machine's CPU.
    "cpu": UNLIMITED,
}


def polite(options, results, scratch, say):
    """The latency of an application that asks now and then, alone and beside one that asks for all it can get."""
    for name, stack_options in HSM_STACKS.items():
        with OwnStack(options.build_dir, *stack_options) as stack:
            programs = Programs(options.build_dir, stack, scratch)
            for index in range(options.rounds):
                say(f"polite application ({name}), round {index + 1} of {options.rounds}")
                measured(results, f"alone_{name}", index, lambda: polite_numbers(programs, options))
                measured(results, f"flooded_{name}", index, lambda: flooded_numbers(programs, stack, options))


def polite_seconds(options):
    """Enough for a 99th percentile that is not its slowest call."""
    return max(options.duration, 200 / POLITE_RATE)


def polite_numbers(programs, options):
    duration = polite_seconds(options)
    return latency_of(programs.load("ecdsa", threads=POLITE_THREADS, rate=POLITE_RATE, duration=duration, warmup=1,
                                    verify=0))


def flooded_numbers(programs, stack, options):
    before = stack.counters()["requests"]
    with programs.start_load("ecdsa", duration=math.ceil(polite_seconds(options) + 60), verify=0, **FLOOD) as flood:
        workers = FLOOD["processes"] * FLOOD["threads"]
        until(lambda: stack.counters()["requests"] > before + 2 * workers, GONE_S, "the flood")
        numbers = polite_numbers(programs, options)
        if flood.poll() is not None:
            raise ProgramError(f"the flood ended early: {flood.stderr.read().strip()}")
    return numbers
