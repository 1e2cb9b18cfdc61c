"""Room: bench/comparison. The order of the runs: rounds on the stacks that are up, then what needs a stack of its own.

Touches: the terminal.
"""

import contextlib
import os
import sys
import tempfile

from . import kills, measure, module_size, scale
from .programs import ProgramError, Programs
from .results import CANNED, Results
from .stack import CANNED_SIGNATURES, OwnStack, Stack, StackError, UNLIMITED

# Groups with stacks of their own, after the rounds.
ALONE = {"applications": scale.applications, "objects": scale.objects, "polite": scale.polite}
GROUPS = (*measure.GROUPS, *ALONE)
# What the table of targets is made of.
TABLE_GROUPS = ("requests", "cpu", "sign", "local", "scaling", "attach", "applications", "objects", "polite")
MADE, CANNED_ONLY, BOTH = SIGNATURES = ("made", "canned", "both")


def say(text):
    """A progress line, replaced by the next; nothing when nobody looks."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


class Side:
    """A stack that takes part in the rounds. The second of two measures only what has signatures in it."""

    def __init__(self, options, stack, scratch, second=False):
        folder = os.path.join(scratch, "second" if second else "first")
        os.mkdir(folder, mode=0o700)
        self.stack, self.second = stack, second
        self.programs = Programs(options.build_dir, stack, folder)
        self._round = measure.Round(self.programs, stack, options.duration, min(1.0, options.duration / 3))

    def wants(self, name):
        return not self.second or name in measure.SIGNING

    def key(self, name):
        return CANNED + name if name in measure.SIGNING and self.stack.gives_canned_signatures() else name

    def run(self, name):
        return getattr(self._round, name)()


@contextlib.contextmanager
def sides(options, scratch):
    """One stack that is up already (--env), or one of our own for each way of making signatures."""
    with contextlib.ExitStack() as context:
        if options.env:
            yield [Side(options, Stack.from_file(options.env), scratch)]
            return
        found = []
        for mode in modes_of(options):
            say(f"starting a private stack, signatures {mode}")
            more = (CANNED_SIGNATURES,) if mode == CANNED_ONLY else ()
            stack = context.enter_context(OwnStack(options.build_dir, *UNLIMITED, *more))
            found.append(Side(options, stack, scratch, second=bool(found)))
        yield found


def modes_of(options):
    """Two only if signatures are among what the rounds measure."""
    if options.signatures != BOTH:
        return (options.signatures,)
    return (MADE, CANNED_ONLY) if measure.SIGNING & set(names_of(options)) else (MADE,)


def names_of(options):
    return measure.wanted_names(each for each in options.only if each in measure.GROUPS)


def run_rounds(options, all_sides, results):
    """Even rounds forwards, odd ones backwards; floors and ours of one side beside each other."""
    runs = [(side, name) for side in all_sides for name in names_of(options) if side.wants(name)]
    for index in range(options.rounds):
        for side, name in runs if index % 2 == 0 else reversed(runs):
            key = side.key(name)
            say(f"round {index + 1} of {options.rounds}: {key.replace('_', ' ')}")
            scale.measured(results, key, index, lambda: side.run(name))


def count_requests(side, results):
    for operation, calls, _ in measure.REQUEST_COUNTS:
        say(f"counting HSM requests: {operation}")
        try:
            results.requests[operation] = measure.requests_per_call(side.programs, side.stack, operation, calls)
        except (ProgramError, StackError) as error:
            results.problems.append(str(error))


def about(options, programs, tool):
    """Build and machine, as the programs themselves report them."""
    probe = programs.floor_uds(1, 0.05, 0)
    return {"tool": tool, "started_at": probe["started_at"], "build": probe["build"], "machine": probe["machine"],
            "rounds": options.rounds, "duration_s": options.duration, "signatures": options.signatures}


def head_of(facts):
    build, machine = facts["build"], facts["machine"]
    return [f"{facts['rounds']} rounds of {facts['duration_s']:g} s, medians; commit {build['commit']},"
            f" {build['build_type'] or 'no build type'}, {build['compiler']}",
            f"{machine['cores']} cores {machine['cpu']}, {machine['kernel']}"]


def require(programs, build_dir):
    if missing := programs.missing():
        raise StackError(f"{build_dir}/bin lacks {', '.join(missing)}")


def on_shared_stacks(options, results, scratch):
    """All that the private stacks of the rounds serve; the facts for the head of the report."""
    with sides(options, scratch) as all_sides:
        first = all_sides[0]
        require(first.programs, options.build_dir)
        facts = about(options, first.programs, "compare")
        if options.env:
            facts["signatures"] = CANNED_ONLY if first.stack.gives_canned_signatures() else MADE
        if "attach" in options.only:
            scale.measured(results, "module", 0, lambda: {
                "size_kib": module_size.stripped_kib(first.stack.get("PKCS11_MODULE"), scratch)})
        run_rounds(options, all_sides, results)
        if "requests" in options.only:
            count_requests(first, results)
    return facts


def run(options):
    """(facts, results) of the groups in options.only."""
    results = Results()
    with tempfile.TemporaryDirectory(prefix="grep11-compare.") as scratch:
        facts = on_shared_stacks(options, results, scratch)
        for name, group in ALONE.items():
            if name not in options.only:
                continue
            folder = os.path.join(scratch, name)
            os.mkdir(folder, mode=0o700)
            try:
                group(options, results, folder, say)
            except (ProgramError, StackError) as error:
                results.problems.append(f"{name}: {error}")
        if options.kills:
            say("killing the daemon a hundred times under nginx")
            scale.measured(results, "kills", 0, lambda: kills.run(options.build_dir))
    say("")
    return facts, results
