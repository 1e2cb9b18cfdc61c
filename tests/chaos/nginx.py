#!/usr/bin/env python3
"""nginx, four workers, keys in the HSM, under steady TLS load: the daemon is killed at random instants, then restarted
gracefully; no handshake fails, no process of nginx goes.
"""

from kit.chaos import run
from kit.servers import Nginx
from kit.web import kills_and_stops

if __name__ == "__main__":
    run(__doc__, lambda chaos: kills_and_stops(chaos, Nginx))
