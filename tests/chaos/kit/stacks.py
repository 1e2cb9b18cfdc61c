"""Room: tests/chaos. A stack whose daemon is killed and restarted at random instants while others work.

May touch: the stack's folder and its processes.
"""

import os
import shutil
import threading
import time

from stack import Stack, until

# Daemon and servers that drop their privileges meet in this group, as they would in the group grep11.
GROUP = "www-data"
STEP_S = 120  # the longest that work may take until the next kill is due
FIRST_S, LAST_S = 0.05, 0.8  # the daemon lives for a random time between


class ChaosStack(Stack):
    """Is kept, with its logs, if a promise was broken while it was up."""

    def __init__(self, chaos, *options, **more):
        self.chaos, self.failed = chaos, False
        self.broken_before = len(chaos.broken)
        super().__init__(*options, **more)

    def down(self):
        self.dev("down")
        if self.failed or len(self.chaos.broken) > self.broken_before:
            self.chaos.say(f"logs of the stack are in {self.dir}")
        else:
            shutil.rmtree(self.dir)

    def __exit__(self, kind, *_):
        self.failed = kind is not None
        self.down()

    def restarts(self, kills, stops, first_s=FIRST_S, last_s=LAST_S, done=lambda: None):
        """Kills, then restarts gracefully, each after the daemon has served for a random time; done() after each."""
        for number in range(kills + stops):
            kill = number < kills
            time.sleep(self.chaos.random.uniform(first_s, last_s))
            self.restart(kill=kill)
            self.chaos.count("kills" if kill else "restarts")
            done()


    def kills_amid(self, progress, total, kills, is_over=lambda: False):
        """Kills at random amounts of work done, which a file's size tells: all of them hit clients that are busy, however
        fast the host is. Ends early if the work is over.
        """
        for instant in sorted(self.chaos.random.sample(range(1, max(total * 9 // 10, kills + 1)), kills)):
            until(lambda least=instant: is_over() or size_of(progress) >= least, STEP_S, f"step {instant} of {total}")
            if is_over():
                return
            self.restart(kill=True)
            self.chaos.count("kills")


def size_of(path):
    """0 if there is none yet."""
    return os.path.getsize(path) if os.path.exists(path) else 0


class InBackground:
    """Runs a function in a thread for a scope; at its end the function's error, if any, is raised."""

    def __init__(self, function, *arguments):
        self.error = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(function, *arguments))

    def _run(self, function, *arguments):
        try:
            function(self.stopping, *arguments)
        except Exception as error:  # handed to whoever leaves the scope
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        self.thread.join()
        if self.error is not None and kind is None:
            raise self.error


def stamp(path, text, mode=0o644):
    """Writes a file whole, with this mode from the start."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path
