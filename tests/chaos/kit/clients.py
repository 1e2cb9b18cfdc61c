"""Room: tests/chaos. Client programs of a chaos program: modules of this kit in processes of their own, each an
application.

A client reads one JSON object (what it is to do) from its input, works until it is done or its input ends, and writes
one JSON object at the end. May touch: processes it starts.
"""

import json
import os
import select
import subprocess
import sys

from kit import CHAOS
from kit.chaos import die_with_parent


class Client:
    def __init__(self, stack, module, task, user=None):
        self.name, self.ready = f"{module} {task.get('name', '')}".strip(), task.get("ready")
        base = stack.path(f"client-{module}-{task.get('name', os.urandom(4).hex())}")
        self.output, self.log = (open(f"{base}.{end}", "w+", encoding="utf-8") for end in ("json", "log"))
        environment = {**os.environ, **stack.env, "PYTHONPATH": CHAOS}
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-m", f"kit.{module}"], env=environment, text=True, stdin=subprocess.PIPE,
            stdout=self.output, stderr=self.log, preexec_fn=die_with_parent, user=user)
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()

    @property
    def pid(self):
        return self.process.pid

    def is_ready(self):
        """Its file is there; an error if it has ended instead."""
        if self.process.poll() is not None:
            self.result()
        return os.path.exists(self.ready)

    def tell_to_end(self):
        self.process.stdin.close()

    def result(self, most_s=90):
        """What it wrote, or an error if it did not end well in time."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        status = self.process.wait(most_s)
        output, log = (self._text(file) for file in (self.output, self.log))
        if status != 0:
            raise AssertionError(f"client {self.name} ended with {status}: {log[-1000:]}")
        return json.loads(output)

    @staticmethod
    def _text(file):
        with file:
            file.seek(0)
            return file.read()


# In the client.


def told_to_end():
    return bool(select.select([sys.stdin], [], [], 0)[0])


def main(work):
    """work(task) returns what is written."""
    json.dump(work(json.loads(sys.stdin.readline())), sys.stdout)
