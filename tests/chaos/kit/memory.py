"""Room: tests/chaos. Does a process keep growing? Resident memory over time, and a straight line under it: through the
lowest value of each part of the run, since a large call is a peak and no growth.

May touch: /proc, read only.
"""

import threading
import time

from kit.chaos import resident_kib

EVERY_S = 0.1
WARM_UP = 0.3  # the part of a run in which caches and pools fill
PARTS = 10  # of the rest


def slope(points):
    """Least squares through (x, y); y per x."""
    count = len(points)
    mean_x, mean_y = (sum(values) / count for values in zip(*points))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


class MemoryWatch:
    """Samples processes for a scope. `pids`: name to pid."""

    def __init__(self, pids):
        self.samples = {name: [] for name in pids}
        self.pids, self.over = pids, threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self.over.wait(EVERY_S):
            for name, pid in self.pids.items():
                kib = resident_kib(pid)
                if kib is not None:
                    self.samples[name].append((time.monotonic(), kib))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def growth_kib(self, name):
        """What the line gains over the run, its warm-up left out."""
        warm = self.samples[name][int(len(self.samples[name]) * WARM_UP):]
        size = max(len(warm) // PARTS, 1)
        lowest = [min(warm[at:at + size], key=lambda sample: sample[1]) for at in range(0, len(warm), size)]
        return slope(lowest) * (warm[-1][0] - warm[0][0]) if len(lowest) > 2 else 0.0

    def last_kib(self, name):
        return self.samples[name][-1][1] if self.samples[name] else 0

    def judge(self, chaos, bound_kib):
        """Every process is within bound_kib(its last size) of flat; the figures of the worst of a kind are told."""
        for name in self.samples:
            growth = round(self.growth_kib(name))
            kind = name.split()[0]
            chaos.note(f"{kind}_kib", max(self.last_kib(name), chaos.counts.get(f"{kind}_kib", 0)))
            chaos.note(f"{kind}_growth_kib", max(growth, chaos.counts.get(f"{kind}_growth_kib", growth)))
            bound = bound_kib(self.last_kib(name))
            chaos.promise(growth <= bound, f"{name} grows: {growth} KiB over the run, more than {bound:.0f}")
