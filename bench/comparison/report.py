"""Room: bench/comparison. The report for people and the object for programs. Prints; touches nothing else."""

from . import figures
from .results import CANNED


def number(value):
    """Three or four digits, whatever the size."""
    if value >= 1000:
        return f"{value:.0f}"
    if value >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}"


WORDS = {True: "met", False: "not met", None: ""}


def line_of(compared):
    figure = compared.figure
    sign = ">=" if figure.at_least else "<="
    bracket = f"[{compared.ratio.low:.2f} .. {compared.ratio.high:.2f}]"
    target = f"{sign} {figure.reach:<5}" if figure.reach else f"{'':<8}"
    return (f"  {figure.name:<48} {number(compared.ours.median):>8} {number(compared.floor.median):>8} {figure.unit:<3}"
            f" {compared.ratio.median:6.2f}  {bracket:<18}  {target} {WORDS[compared.met()]}").rstrip()


def limit_line(limit, value):
    target = f"<= {limit.most:<5g}" if limit.most is not None else f"{'':<8}"
    bracket = f"[{number(value.low)} .. {number(value.high)}]"
    return (f"  {limit.name:<48} {number(value.median):>8} {'':>8} {limit.unit:<3} {'':>6}  {bracket:<18}  {target}"
            f" {WORDS[figures.limit_met(limit, value)]}").rstrip()


def measured_limits(samples):
    """[(limit, spread of its number)]"""
    every = [each for limit in figures.LIMITS for each in (limit, limit.canned()) if each]
    found = [(limit, figures.value_of(samples, *limit.number)) for limit in every]
    return [(limit, value) for limit, value in found if value]


def memory_lines(samples):
    if not (memory := figures.memory_ratio(samples)):
        return []
    ours, direct, ratio = memory
    return [f"  {'private memory, module against gRPC client':<48} {number(ours):>8} {number(direct):>8} KiB"
            f" {ratio:6.2f}  {'':<18}  <= 0.05  {WORDS[ratio <= 0.05]}"]


def cpu_lines(samples):
    """Where the CPU of one operation goes: application with module and load tool, daemon, emulator."""
    parts = ("application_cpu_us", "daemon_cpu_us", "emulator_cpu_us")
    lines = []
    for key in sorted(samples):
        values = [figures.value_of(samples, key, part) for part in parts]
        if all(values):
            lines.append(f"  {key:<28}" + "".join(f" {number(value.median):>12}" for value in values))
    if lines:
        lines.insert(0, f"  {'CPU of an operation, us':<28} {'application':>12} {'daemon':>12} {'emulator':>12}")
    return lines


def latency_lines(samples):
    numbers = ("p50_us", "p90_us", "p99_us", "p999_us", "throughput")
    lines = []
    for key in sorted(samples):
        values = [figures.value_of(samples, key, each) for each in numbers]
        if all(values):
            lines.append(f"  {key:<28}" + "".join(f" {number(value.median):>10}" for value in values))
    if lines:
        lines.insert(0, f"  {'latency, us':<28}" + "".join(f" {name:>10}" for name in
                                                              ("p50", "p90", "p99", "p99.9", "per second")))
    return lines


def upstream_lines(samples):
    lines = []
    for name, text_of in (("daemon_16", "daemon"), ("direct_16", "direct")):
        fetches = figures.value_of(samples, name, "token_fetches")
        connections = figures.value_of(samples, name, "connections")
        if fetches and connections:
            lines.append(f"  16 processes, {text_of}: {fetches.median:.0f} token fetches, {connections.median:.0f} TLS"
                         " connections to the HSM in one run")
    return lines


def request_lines(requests):
    return [f"  {operation:<14} {value:10.5f}" for operation, value in requests.items()]


def all_figures(samples):
    finds = tuple(figures.find_among(size) for size in figures.sizes_found(samples))
    return figures.compared_figures(samples, figures.FIGURES + finds)


def text(head, results):
    """The whole report. `head` is a list of lines."""
    samples = results.samples
    lines = list(head)
    table = [line_of(row) for row in all_figures(samples)]
    table += [limit_line(*each) for each in measured_limits(samples)] + memory_lines(samples)
    if table:
        lines += ["", f"  {'':<48} {'ours':>8} {'floor':>8} {'':<3} {'ratio':>6}  {'[rounds]':<18}  to reach", *table]
    for part in (cpu_lines(samples), latency_lines(samples), upstream_lines(samples), results.notes and
                 [f"  {note}" for note in results.notes]):
        if part:
            lines += ["", *part]
    if results.requests:
        lines += ["", "  HSM requests per call", *request_lines(results.requests)]
    if results.problems:
        lines += ["", "  FAILED", *(f"  {problem}" for problem in results.problems)]
    return "\n".join(lines)


def figure_object(row):
    figure = row.figure
    canned = any(measurement.startswith(CANNED) for measurement, _ in figure.ours + figure.floor)
    judged = {} if figure.reach is None else {"reach": figure.reach, "met": row.met()}
    return {"name": figure.name, "unit": figure.unit, "signatures": "canned" if canned else "made",
            "ours": row.ours._asdict(), "floor": row.floor._asdict(), "ratio": row.ratio._asdict(),
            "at_least": figure.at_least, **judged}


def limit_object(limit, value):
    judged = {} if limit.most is None else {"most": limit.most, "met": figures.limit_met(limit, value)}
    return {"name": limit.name, "unit": limit.unit, "ours": value._asdict(), **judged}


def as_object(about, results):
    """What --json writes; bench/README.md describes the parts."""
    memory = figures.memory_ratio(results.samples)
    return {**about, "figures": [figure_object(row) for row in all_figures(results.samples)],
            "limits": [limit_object(*each) for each in measured_limits(results.samples)], **results.as_object(),
            "private_memory": None if memory is None else
            {"ours_kib": memory[0], "floor_kib": memory[1], "ratio": memory[2]}}
