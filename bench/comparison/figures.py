"""Room: bench/comparison. From rounds of numbers to figures: ours, the floor, their ratio. Arithmetic only.

`samples` is {measurement: {number: [value of each round]}}; a round in which a measurement failed holds None.
"""

import dataclasses
import statistics
import typing


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of the comparison.

    ours, floor: sums of numbers, each named (measurement, number). reach: the ratio to reach and on which side.
    """
    name: str
    unit: str
    ours: tuple
    floor: tuple
    reach: float
    at_least: bool = False


FIGURES = (
    Figure("C_SignInit + C_Sign, one in flight, p50", "us", (("sign_1", "p50_us"),),
           (("floor_grpc_1", "p50_us"), ("floor_socket_1", "p50_us")), 1.15),
    Figure("daemon CPU per signature, 64 in flight", "us", (("sign_64", "daemon_cpu_us"),),
           (("floor_grpc_64", "client_cpu_us"), ("floor_socket_64", "server_cpu_us")), 1.0),
    Figure("C_GetSessionInfo p50", "us", (("session_info", "p50_us"),), (("floor_socket_1", "p50_us"),), 1.3),
    Figure("C_GetAttributeValue p50", "us", (("attribute", "p50_us"),), (("floor_socket_1", "p50_us"),), 1.3),
    Figure("find by label p50", "us", (("find", "p50_us"),), (("floor_socket_1", "p50_us"),), 1.3),
    Figure("8 threads against 8 processes", "/s", (("threads_8", "throughput"),), (("processes_8", "throughput"),),
           0.95, at_least=True),
    Figure("16 processes: daemon against direct", "/s", (("daemon_16", "throughput"),),
           (("direct_16", "throughput"),), 1.0, at_least=True),
)


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
        """Judged by the median."""
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


def memory_ratio(samples):
    """Private memory of one more process: with our module, and with a gRPC client in it, each beyond a bare process."""
    ours = value_of(samples, "attach", "private_added_kib")
    bare = value_of(samples, "attach", "bare_private_kib")
    client = value_of(samples, "floor_grpc_1", "private_kib")
    if not ours or not bare or not client or client.median <= bare.median:
        return None
    direct = client.median - bare.median
    return ours.median, direct, ours.median / direct
