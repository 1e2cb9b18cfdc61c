"""Room: bench/comparison. From rounds of numbers to figures: ours, the floor, their ratio. Arithmetic only.

`samples` is that of Results: {key: {number: [value of each round]}}; a round in which a measurement failed holds None.
"""

import dataclasses
import statistics
import typing

from .measure import SIGNING
from .results import CANNED


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of the comparison.

    ours, floor: sums of numbers, each named (measurement, number). reach: the ratio to reach and on which side; None:
    no target, for the reader to see.
    """
    name: str
    unit: str
    ours: tuple
    floor: tuple
    reach: float = None
    at_least: bool = False

    def canned(self):
        """The same on the stack with canned signatures; None if signatures have no part in it."""
        if not any(measurement in SIGNING for measurement, _ in self.ours + self.floor):
            return None
        return dataclasses.replace(self, name=self.name + ", canned", ours=canned_terms(self.ours),
                                   floor=canned_terms(self.floor))


def canned_terms(terms):
    return tuple((CANNED + measurement if measurement in SIGNING else measurement, number)
                 for measurement, number in terms)


@dataclasses.dataclass(frozen=True)
class Limit:
    """A number that is judged by a bound of its own, not by a ratio."""
    name: str
    unit: str
    number: tuple  # (measurement, number)
    most: float = None  # None: no target
    beside: tuple = None  # (measurement, number) of the other way, for the reader

    def canned(self):
        if self.number[0] not in SIGNING:
            return None
        return dataclasses.replace(self, name=self.name + ", canned", number=canned_terms((self.number,))[0],
                                   beside=self.beside and canned_terms((self.beside,))[0])


def _p50(name, measurement, floor, reach):
    return Figure(name + " p50", "us", ((measurement, "p50_us"),), tuple((each, "p50_us") for each in floor), reach)


SIGN_P50 = _p50("C_SignInit + C_Sign, one in flight,", "sign_1", ("floor_grpc_1", "floor_socket_1"), 1.15)
SIGN_P99 = Figure("C_SignInit + C_Sign, one in flight, p99", "us", (("sign_1", "p99_us"),),
                  (("floor_grpc_1", "p99_us"), ("floor_socket_1", "p99_us")))
SIGN_CPU = Figure("daemon CPU per signature, 64 in flight", "us", (("sign_64", "daemon_cpu_us"),),
                  (("floor_grpc_64", "client_cpu_us"), ("floor_socket_64", "server_cpu_us")), 1.0)
SESSION_INFO = _p50("C_GetSessionInfo", "session_info", ("floor_socket_1",), 1.3)
ATTRIBUTE = _p50("C_GetAttributeValue", "attribute", ("floor_socket_1",), 1.3)
FIND = _p50("find by label", "find", ("floor_socket_1",), 1.3)
THREADS = Figure("8 threads against 8 processes", "/s", (("threads_8", "throughput"),), (("processes_8", "throughput"),),
                 0.95, at_least=True)
DIRECT = Figure("16 processes: daemon against direct", "/s", (("daemon_16", "throughput"),),
                (("direct_16", "throughput"),), 1.0, at_least=True)
APPLICATIONS_LOCAL = Figure("C_GetSessionInfo p50, crowd attached", "us", (("crowd_local", "p50_us"),),
                            (("quiet_local", "p50_us"),), 1.1)
APPLICATIONS_SIGN = Figure("C_SignInit + C_Sign p50, crowd attached", "us", (("crowd_sign", "p50_us"),),
                           (("quiet_sign", "p50_us"),), 1.1)
POLITE = Figure("polite p99, HSM 5 ms, 500/s", "us", (("flooded_hsm", "p99_us"),), (("alone_hsm", "p99_us"),), 2.0)
POLITE_CPU = Figure("polite p99, HSM without limits", "us", (("flooded_cpu", "p99_us"),), (("alone_cpu", "p99_us"),))


def depth(in_flight):
    return Figure(f"throughput, {in_flight} in flight", "/s", ((f"sign_{in_flight}", "throughput"),),
                  ((f"floor_grpc_{in_flight}", "throughput"),), at_least=True)


DEPTHS = tuple(depth(in_flight) for in_flight in (1, 8, 64, 512))

FIGURES = (SIGN_P50, SIGN_P99, SIGN_CPU, SESSION_INFO, ATTRIBUTE, FIND, THREADS, DIRECT, *DEPTHS, APPLICATIONS_LOCAL,
           APPLICATIONS_SIGN, POLITE, POLITE_CPU)

FOUND = Limit("C_FindObjects + Final, in the module, p50", "us", ("found", "p50_us"), 1)
SHIM_SIZE = Limit("module on disk, stripped", "KiB", ("module", "size_kib"), 100)
SHIM_RESIDENT = Limit("resident memory added by the module", "KiB", ("attach", "resident_added_kib"), 300)
SHIM_ATTACH = Limit("dlopen + C_Initialize", "us", ("attach", "attach_us"), 1000)
TOKEN_FETCHES = Limit("token fetches of 16 processes", "", ("daemon_16", "token_fetches"), 1,
                      ("direct_16", "token_fetches"))
HANDSHAKES = Limit("TLS handshakes with the HSM, 16 processes", "", ("daemon_16", "connections"), 2,
                   ("direct_16", "connections"))
PER_APPLICATION = Limit("memory in the daemon, attached", "KiB", ("attached", "kib_per_application"), 16)
PER_SESSION = Limit("memory in the daemon, with a session", "KiB", ("attached_session", "kib_per_application"))
ATTACH_ONE = Limit("attaching one more, p50", "us", ("attached", "attach_p50_us"))
KILLS_LOST = Limit("handshakes lost", "", ("kills", "failed"), 0)
START_UP = Limit("start of the daemon", "ms", ("start_up", "ready_ms"), 1000)

LIMITS = (FOUND, SHIM_SIZE, SHIM_RESIDENT, SHIM_ATTACH, TOKEN_FETCHES, HANDSHAKES, PER_APPLICATION, PER_SESSION, ATTACH_ONE,
          KILLS_LOST, START_UP, *(Limit(text + ", p50", "us", (name, "p50_us")) for name, text in (
              ("digest_1m", "digest of 1 MiB"), ("digest_64m", "digest of 64 MiB in parts"),
              ("hash_sign_1m", "CKM_ECDSA_SHA256 over 1 MiB"), ("aes_cbc_1m", "AES-CBC of 1 MiB"))))


def find_among(objects):
    """A find by label in a token of so many objects, beside the floor of the same round."""
    return _p50(f"find by label among {objects:,}", find_key(objects), (find_floor_key(objects),), 1.3)


def find_key(objects):
    return f"find_among_{objects}_objects"


def find_floor_key(objects):
    return f"floor_beside_{objects}_objects"


class Spread(typing.NamedTuple):
    """Median, lowest and highest of the rounds."""
    median: float
    low: float
    high: float


class Compared(typing.NamedTuple):
    figure: Figure
    ours: Spread
    floor: Spread
    ratio: Spread

    def met(self):
        """Judged by the median; None without a target."""
        if self.figure.reach is None:
            return None
        if self.figure.at_least:
            return self.ratio.median >= self.figure.reach
        return self.ratio.median <= self.figure.reach


def spread(values):
    return Spread(statistics.median(values), min(values), max(values))


def series(samples, terms):
    """The sum of the terms in each round; None where one of them is missing."""
    columns = [samples.get(measurement, {}).get(number, []) for measurement, number in terms]
    return [None if None in row else sum(row) for row in zip(*columns)]


def compare(figure, samples):
    """None when no round has both sides. The ratio is taken round by round: what disturbs a round disturbs both."""
    pairs = [(ours, floor) for ours, floor in zip(series(samples, figure.ours), series(samples, figure.floor))
             if ours is not None and floor]
    if not pairs:
        return None
    return Compared(figure, spread([ours for ours, _ in pairs]), spread([floor for _, floor in pairs]),
                    spread([ours / floor for ours, floor in pairs]))


def value_of(samples, measurement, number):
    """Spread of one number, or None."""
    values = [value for value in samples.get(measurement, {}).get(number, []) if value is not None]
    return spread(values) if values else None


def limit_met(limit, value):
    return None if limit.most is None else value.median <= limit.most


def compared_figures(samples, wanted=FIGURES):
    """Those of the figures that were measured, each also on the stack with canned signatures."""
    every = [each for figure in wanted for each in (figure, figure.canned()) if each]
    return [row for row in (compare(figure, samples) for figure in every) if row]


def memory_ratio(samples):
    """Private memory of one more process: with our module, and with a gRPC client in it, each beyond a bare process."""
    ours = value_of(samples, "attach", "private_added_kib")
    bare = value_of(samples, "attach", "bare_private_kib")
    client = value_of(samples, "floor_grpc_1", "private_kib") or value_of(samples, CANNED + "floor_grpc_1", "private_kib")
    if not ours or not bare or not client or client.median <= bare.median:
        return None
    direct = client.median - bare.median
    return ours.median, direct, ours.median / direct


def sizes_found(samples):
    """Numbers of objects among which finds were measured, ascending."""
    return sorted(int(key.split("_")[2]) for key in samples if key.startswith("find_among_"))
