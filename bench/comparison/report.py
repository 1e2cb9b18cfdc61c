"""Room: bench/comparison. The table for people and the object for programs. Prints; touches nothing else."""

from . import figures


def number(value):
    """Three or four digits, whatever the size."""
    if value >= 1000:
        return f"{value:.0f}"
    if value >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}"


def line_of(compared):
    figure = compared.figure
    sign = ">=" if figure.at_least else "<="
    bracket = f"[{compared.ratio.low:.2f} .. {compared.ratio.high:.2f}]"
    return (f"  {figure.name:<42} {number(compared.ours.median):>8} {number(compared.floor.median):>8} {figure.unit:<3}"
            f" {compared.ratio.median:6.2f}  {bracket:<18}  {sign} {figure.reach:<5} {'met' if compared.met() else 'not met'}")


def single(name, value, unit, reach):
    met = "met" if value <= reach else "not met"
    return f"  {name:<42} {number(value):>8} {'':>8} {unit:<3} {'':>6}  {'':<18}  <= {reach:<5} {met}"


def attach_lines(samples):
    attach = figures.value_of(samples, "attach", "attach_us")
    resident = figures.value_of(samples, "attach", "resident_added_kib")
    memory = figures.memory_ratio(samples)
    lines = []
    if attach and resident:
        lines.append(single("dlopen + C_Initialize", attach.median, "us", 1000))
        lines.append(single("resident memory added by the module", resident.median, "KiB", 300))
    if memory:
        ours, direct, ratio = memory
        met = "met" if ratio <= 0.05 else "not met"
        lines.append(f"  {'private memory, module against gRPC client':<42} {number(ours):>8} {number(direct):>8} KiB"
                     f" {ratio:6.2f}  {'':<18}  <= 0.05  {met}")
    return lines


def upstream_lines(samples):
    lines = []
    for name, text in (("daemon_16", "daemon"), ("direct_16", "direct")):
        fetches = figures.value_of(samples, name, "token_fetches")
        connections = figures.value_of(samples, name, "connections")
        if fetches and connections:
            lines.append(f"  16 processes, {text}: {fetches.median:.0f} token fetches, {connections.median:.0f} TLS"
                         " connections to the HSM in one run")
    return lines


def request_lines(requests):
    return [f"  {operation:<14} {value:10.5f}" for operation, value in requests.items()]


def text(head, samples, requests, problems):
    """The whole report. `head` is a list of lines."""
    lines = list(head)
    compared = [figures.compare(figure, samples) for figure in figures.FIGURES]
    table = [line_of(row) for row in compared if row] + attach_lines(samples)
    if table:
        lines += ["", f"  {'':<42} {'ours':>8} {'floor':>8} {'':<3} {'ratio':>6}  {'[rounds]':<18}  to reach", *table]
    if upstream := upstream_lines(samples):
        lines += ["", *upstream]
    if requests:
        lines += ["", "  HSM requests per call", *request_lines(requests)]
    if problems:
        lines += ["", "  FAILED", *(f"  {problem}" for problem in problems)]
    return "\n".join(lines)


def as_object(about, samples, requests, problems):
    """What --json writes; docs/load-tool.md and bench/README.md describe the parts."""
    rows = []
    for figure in figures.FIGURES:
        row = figures.compare(figure, samples)
        if row:
            rows.append({"name": figure.name, "unit": figure.unit, "ours": row.ours._asdict(),
                         "floor": row.floor._asdict(), "ratio": row.ratio._asdict(), "reach": figure.reach,
                         "at_least": figure.at_least, "met": row.met()})
    memory = figures.memory_ratio(samples)
    return {**about, "figures": rows, "samples": samples, "requests_per_call": requests, "failures": problems,
            "private_memory": None if memory is None else
            {"ours_kib": memory[0], "floor_kib": memory[1], "ratio": memory[2]}}
