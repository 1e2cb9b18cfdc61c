"""Room: tests/chaos. A stack whose socket outlives its daemon, as systemd's socket unit has it: connections that come while
no daemon runs wait in the queue of the socket. May touch: the stack's socket, daemons it starts.
"""

import os
import signal
import socket
import subprocess
import threading
import time

from kit.chaos import die_with_parent, is_alive
from kit.stacks import ChaosStack
from stack import binary, until

BACKLOG = 4096  # systemd/grep11d.socket
END_S = 20
# What systemd does to hand over a socket (sd_listen_fds(3)): descriptor 3, and the variables that say so.
HAND_OVER = 'exec 3<&"$1" && shift && LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'


class ActivatedStack(ChaosStack):
    """The daemon that ./dev up started is replaced by one on a socket of ours, which is never closed."""

    def __init__(self, chaos, *options, **more):
        self.daemon, self.listening = None, None
        super().__init__(chaos, *options, **more)
        self._end(super().pid(), signal.SIGTERM)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(self.env["GREP11_SOCKET"])
        self.listening.listen(BACKLOG)
        self.start()

    @staticmethod
    def _end(pid, number):
        os.kill(pid, number)
        until(lambda: not is_alive(pid), END_S, f"the end of process {pid}")

    def start(self):
        """Returns at once; clients need not wait for a daemon that is ready."""
        config = self.env["GREP11_CONFIG"]
        with open(self.path("daemon/log"), "ab") as log:
            self.daemon = subprocess.Popen(
                ["/bin/bash", "-c", HAND_OVER, "bash", str(self.listening.fileno()), binary("grep11d"), "--config", config,
                 "--metrics", "127.0.0.1:0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[self.listening.fileno()],
                preexec_fn=die_with_parent)

    def end(self, kill):
        self.daemon.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        self.daemon.wait(END_S)

    def restart(self, kill=False, away_s=0.0):
        """`away_s`: how long nobody serves the socket."""
        self.end(kill)
        time.sleep(away_s)
        self.start()

    def pid(self, program="daemon"):
        return self.daemon.pid if program == "daemon" and self.daemon else super().pid(program)

    def down(self):
        if self.daemon:
            self.end(kill=False)
        if self.listening:
            self.listening.close()
        super().down()


class Knocker:
    """Connects again and again for a scope; refusals are what an activated socket never gives."""

    PAUSE_S = 0.005

    def __init__(self, path):
        self.path, self.knocks, self.refused = path, 0, []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._knock)

    def _knock(self):
        while not self.over.wait(self.PAUSE_S):
            with socket.socket(socket.AF_UNIX) as one:
                try:
                    one.connect(self.path)
                    self.knocks += 1
                except OSError as error:
                    self.refused.append(str(error))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
