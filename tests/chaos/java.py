#!/usr/bin/env python3
"""A Java server, keys in the HSM through SunPKCS11, eight threads. The daemon is killed at random instants under
steady TLS load, then restarted gracefully; no handshake fails, no process goes.
"""

from kit.chaos import run
from kit.servers import Java
from kit.web import kills_and_stops

if __name__ == "__main__":
    run(__doc__, lambda chaos: kills_and_stops(chaos, Java))
