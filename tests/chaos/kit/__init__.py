"""Room: tests/chaos. What the chaos programs share. The stack, the codec of the protocol and the functions of the web
tests come from tests/stack and tests/e2e.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CHAOS = os.path.dirname(HERE)
TESTS = os.path.dirname(CHAOS)

sys.path.insert(0, os.path.join(TESTS, "stack"))
