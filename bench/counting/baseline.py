"""Room: bench/counting. The baseline: what is in the file, and how a new count is held against it. Pure, but for the file."""

import json
import pathlib

MOST_GROWTH = 0.05
PROGRAMS = ("shim", "daemon")
WHAT = ("instructions of user space for one C_SignInit + C_Sign (ECDSA P-256, 32 octets), one thread, one in flight; shim:"
        " the whole application process, daemon: the whole daemon")
# What makes two counts two different things.
MUST_AGREE = {"compiler": "compiler", "build_type": "build type", "cpu": "CPU"}


class BaselineError(Exception):
    """The file is no baseline; the text says why."""


def baseline_of(counts, signatures, build, cpu, tool, libraries):
    return {"what": WHAT, "instructions_per_signature": counts, "signatures": [signatures, 2 * signatures],
            "compiler": build["compiler"], "build_type": build["build_type"], "cpu": cpu, "counted_with": tool,
            "libraries": libraries}


def load(path):
    try:
        found = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        shortest = found["signatures"][0]
        counts = found["instructions_per_signature"]
        sound = isinstance(shortest, int) and shortest > 0 and all(counts[name] > 0 for name in PROGRAMS)
        sound = sound and all(isinstance(found[fact], str) for fact in MUST_AGREE)
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror}; ./dev bench --baseline writes it") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise BaselineError(f"{path} is no baseline; ./dev bench --baseline writes it anew") from error
    if not sound:
        raise BaselineError(f"{path} is no baseline; ./dev bench --baseline writes it anew")
    return found


def store(path, baseline):
    pathlib.Path(path).write_text(json.dumps(baseline, indent=2) + "\n", encoding="utf-8")


def differences(baseline, now):
    """Why the two cannot be compared, one line each; none if they can."""
    return [f"{name} {now[fact]!r}, of the baseline {baseline[fact]!r}"
            for fact, name in MUST_AGREE.items() if now[fact] != baseline[fact]]


def library_notes(baseline, now):
    """Not a reason to refuse, but one for a difference."""
    old, new = baseline.get("libraries", {}), now["libraries"]
    return [f"{name} is {new.get(name, 'missing')}, was {old.get(name, 'missing')}"
            for name in sorted({*old, *new}) if old.get(name) != new.get(name)]


def growth(baseline, now):
    """{program: growth}, 0.01 being one per cent."""
    old, new = baseline["instructions_per_signature"], now["instructions_per_signature"]
    return {name: (new[name] - old[name]) / old[name] for name in PROGRAMS}


def too_much(grown):
    return [name for name in PROGRAMS if grown[name] > MOST_GROWTH]


def lines(baseline, now):
    """The table for people."""
    old, new = baseline["instructions_per_signature"], now["instructions_per_signature"]
    grown = growth(baseline, now)
    table = [f"  {'instructions per signature':<28} {'now':>10} {'baseline':>10} {'change':>9}"]
    for name in PROGRAMS:
        verdict = f"  more than {MOST_GROWTH:.0%}" if name in too_much(grown) else ""
        table.append(f"  {name:<28} {new[name]:>10} {old[name]:>10} {grown[name]:>+9.1%}{verdict}")
    return table
