"""Room: bench/comparison. What was measured, round by round, in memory. Touches nothing.

A key names a measurement: "sign_1", or "canned_sign_1" on a stack whose emulator gives canned signatures.
"""

import collections

CANNED = "canned_"
HISTOGRAM = "histogram"  # among the numbers of a measurement: its latencies, as the programs report them


class Results:
    """samples: {key: {number: [value of each round]}}, None for a round in which the measurement failed.

    histograms: {key: {"unit": ..., "buckets": [[lowest, width, count], ...]}}, all rounds added. requests: {operation:
    HSM requests per call}. problems: texts of what could not be measured. notes: lines for the reader.
    """

    def __init__(self):
        self.samples = {}
        self.histograms = {}
        self.requests = {}
        self.problems = []
        self.notes = []

    def add(self, key, index, numbers):
        """The numbers of round `index`, counted from 0; an empty dict: it failed."""
        numbers = dict(numbers)
        if histogram := numbers.pop(HISTOGRAM, None):
            self.histograms[key] = added(self.histograms.get(key), histogram)
        columns = self.samples.setdefault(key, {})
        for number, value in numbers.items():
            column = columns.setdefault(number, [])
            column += [None] * (index - len(column)) + [value]
        for column in columns.values():
            column += [None] * (index + 1 - len(column))

    def as_object(self):
        return {"samples": self.samples, "histograms": self.histograms, "requests_per_call": self.requests,
                "failures": self.problems, "notes": self.notes}


def added(first, second):
    """Two histograms as one, bucket by bucket: the buckets of all programs are the same."""
    if first is None:
        return second
    if first["unit"] != second["unit"]:
        raise ValueError(f"histograms in {first['unit']} and in {second['unit']}")
    counts = collections.Counter()
    for lowest, width, count in first["buckets"] + second["buckets"]:
        counts[lowest, width] += count
    return {"unit": first["unit"], "buckets": [[*bucket, counts[bucket]] for bucket in sorted(counts)]}
