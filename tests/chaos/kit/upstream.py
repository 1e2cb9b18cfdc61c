"""Room: tests/chaos. A stack whose daemon reaches the HSM through endpoints that can be broken. May touch: processes
it starts.
"""

from kit.breaker import Breaker
from kit.chaos import die_with_parent
from kit.stacks import ChaosStack


class BreakableStack(ChaosStack):
    """Two endpoints, both the same emulator. `times`: the daemon's gateway.times."""

    def __init__(self, chaos, times, *options):
        self.times, self.breaker = times, None
        super().__init__(chaos, *options)

    def dev(self, command, *arguments):
        if command == "up":
            seed = self.chaos.random.getrandbits(32)
            self.breaker = Breaker(self.path("emulator/ready.json"), 2, seed, die_with_parent)
            endpoints = ", ".join(f'{{address: localhost, port: "{port}"}}' for port in self.breaker.ports)
            arguments += ("--gateway", f"tokens: {{0: {{rate_per_s: 0, endpoints: [{endpoints}]}}}}",
                          "--gateway", f"times: {{{self.times}}}")
        super().dev(command, *arguments)

    def down(self):
        try:
            super().down()
        finally:
            self.breaker.__exit__()
