"""Room: bench/comparison. The table of targets: one numbered line for each promise, the figures that judge it below.

Prints; touches nothing else.
"""

import dataclasses
import typing

from . import figures, report
from .measure import REQUEST_COUNTS

KILLS_HINT = "takes minutes and root: add --kills, or run tests/chaos/nginx.py --long"


NOT_MEASURED = "not measured"


class Row(typing.NamedTuple):
    """One figure as it is printed. met: None if there is nothing to judge."""
    name: str
    target: str
    floor: str
    ours: str
    ratio: str
    met: bool

    def as_object(self):
        return self._asdict()


@dataclasses.dataclass(frozen=True)
class Line:
    """A promise: what judges it. `rows` makes its rows from results and options; a missing one is a row that says so."""
    name: str
    rows: typing.Callable


def ratio_row(figure, samples):
    compared = figures.compare(figure, samples)
    sign = ">=" if figure.at_least else "<="
    target = f"{sign} {figure.reach:g} x" if figure.reach else "-"
    if compared is None:
        return Row(figure.name, target, "-", NOT_MEASURED, "-", None)
    unit = f" {figure.unit}" if figure.unit else ""
    spread = compared.ratio
    return Row(figure.name, target, report.number(compared.floor.median), report.number(compared.ours.median) + unit,
               f"{spread.median:.2f} [{spread.low:.2f} .. {spread.high:.2f}]", compared.met())


def limit_row(limit, samples):
    target = "-" if limit.most is None else f"<= {limit.most:g} {limit.unit}".rstrip()
    value = figures.value_of(samples, *limit.number)
    if value is None:
        return Row(limit.name, target, "-", NOT_MEASURED, "-", None)
    ours = f"{report.number(value.median)} {limit.unit}".rstrip()
    beside = figures.value_of(samples, *limit.beside) if limit.beside else None
    return Row(limit.name, target, report.number(beside.median) if beside else "-", ours, f"[{report.number(value.low)} .. {report.number(value.high)}]",
               figures.limit_met(limit, value))


def request_row(operation, most, requests):
    target = f"<= {most:.3g}" if most else "0"
    value = requests.get(operation)
    if value is None:
        return Row(operation, target, "-", NOT_MEASURED, "-", None)
    # The counter is exact; a fetch of a token or a connection made anew is no request.
    return Row(operation, target, "-", f"{value:.5f}", "-", value <= most)


def memory_row(samples):
    ratio = figures.memory_ratio(samples)
    name, target = "private memory of a process", "<= 0.05 x"
    if ratio is None:
        return Row(name, target, "-", NOT_MEASURED, "-", None)
    ours, direct, part = ratio
    return Row(name, target, report.number(direct), f"{report.number(ours)} KiB", f"{part:.3f}", part <= 0.05)


def of(*wanted):
    """Rows of figures and limits, each also with canned signatures if it was measured so."""
    def rows(results, _):
        return [row for figure in wanted for row in measured_rows(figure, results.samples)]
    return rows


def measured_rows(figure, samples):
    """With signatures made and canned, as far as measured; if neither was, a row that says so."""
    make = ratio_row if isinstance(figure, figures.Figure) else limit_row
    both = [make(each, samples) for each in (figure, figure.canned()) if each]
    return [row for row in both if row.ours != NOT_MEASURED] or both[:1]


def request_rows(results, _):
    return [request_row(operation, most, results.requests) for operation, _, most in REQUEST_COUNTS]


def sixteen_rows(results, options):
    return [*of(figures.DIRECT, figures.TOKEN_FETCHES, figures.HANDSHAKES)(results, options), memory_row(results.samples)]


def find_rows(results, options):
    return of(figures.find_among(options.objects), figures.START_UP)(results, options)


def kill_rows(results, options):
    if not options.kills and "kills" not in results.samples:
        return [Row(figures.KILLS_LOST.name, "<= 0", "-", "not run", KILLS_HINT, None)]
    return of(figures.KILLS_LOST)(results, options)


LINES = (
    Line("HSM requests per call", request_rows),
    Line("daemon CPU per signature, 64 in flight, against floor_grpc client + floor_uds server", of(figures.SIGN_CPU)),
    Line("C_SignInit + C_Sign p50, one in flight, against floor_grpc + floor_uds", of(figures.SIGN_P50)),
    Line("local calls p50, against floor_uds", of(figures.SESSION_INFO, figures.ATTRIBUTE, figures.FIND, figures.FOUND)),
    Line("8 threads in one process against 8 processes", of(figures.THREADS)),
    Line("16 processes through the daemon against 16 with a channel each", sixteen_rows),
    Line("shim: size, resident memory, dlopen + C_Initialize",
         of(figures.SHIM_SIZE, figures.SHIM_RESIDENT, figures.SHIM_ATTACH)),
    Line("many attached applications", of(figures.PER_APPLICATION, figures.PER_SESSION, figures.APPLICATIONS_LOCAL,
                                           figures.APPLICATIONS_SIGN)),
    Line("many token objects: find by label, against floor_uds; start of the daemon", find_rows),
    Line("handshakes lost in 100 daemon kills under nginx load", kill_rows),
    Line("p99 of a polite application while another floods, against alone", of(figures.POLITE, figures.POLITE_CPU)),
)

WIDTHS = (58, 12, 10, 14, 22)


def verdict(rows):
    """True, False, or None while something that has a target was not measured."""
    judged = [row.met for row in rows if row.target != "-"]
    if False in judged:
        return False
    return None if None in judged or not judged else True


WORDS = {True: "met", False: "not met", None: ""}


def columns(cells):
    name, *rest = cells
    return f"{name:<{WIDTHS[0]}}" + "".join(f" {cell:>{width}}" for cell, width in zip(rest, WIDTHS[1:]))


def lines(results, options):
    """[(line, its rows)]"""
    return [(line, line.rows(results, options)) for line in LINES]


def text(head, results, options):
    out = [*head, "", columns(("     what", "target", "floor", "ours", "ratio or range")) + "  verdict"]
    for number, (line, rows) in enumerate(lines(results, options), 1):
        summary = WORDS[verdict(rows)] or "not judged"
        out.append(f"{number:>3}  {line.name}: {summary}")
        out += [f"  {columns(('     ' + row.name, *row[1:-1]))}  {WORDS[row.met]}".rstrip() for row in rows]
    out += ["", *(f"  {note}" for note in results.notes)]
    if results.problems:
        out += ["", "  FAILED", *(f"  {problem}" for problem in results.problems)]
    return "\n".join(out)


def as_object(results, options):
    return [{"line": line.name, "met": verdict(rows), "rows": [row.as_object() for row in rows]}
            for line, rows in lines(results, options)]
