#!/usr/bin/env python3
"""stunnel: threads of one process that has found its key as root and then dropped its privileges in place. The daemon
is killed at random instants under steady TLS load, then restarted gracefully; no handshake fails, no process goes.
"""

from kit.chaos import run
from kit.servers import Stunnel
from kit.web import kills_and_stops

if __name__ == "__main__":
    run(__doc__, lambda chaos: kills_and_stops(chaos, Stunnel))
