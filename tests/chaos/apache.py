#!/usr/bin/env python3
"""Apache, prefork: the parent finds the keys as root, forked children sign as www-data. The daemon is killed at
random instants under steady TLS load, then restarted gracefully; no handshake fails, no process goes.
"""

from kit.chaos import run
from kit.servers import Apache
from kit.web import kills_and_stops

if __name__ == "__main__":
    run(__doc__, lambda chaos: kills_and_stops(chaos, Apache))
