"""Room: bench/comparison. Handshakes lost while the daemon is killed under nginx: the chaos program's count.

Touches: tests/chaos/nginx.py, which starts a stack and nginx of its own.
"""

import re
import subprocess
import sys

from .programs import ProgramError
from .stack import ROOT

SKIPPED = 77


def counts_of(last_line):
    """{"kills": 100, "handshakes": ..., "failed": ..., ...} of "nginx: kept seed=... kills=100 ..."."""
    return {name: float(value) for name, value in re.findall(r"(\w+)=([0-9.]+)", last_line)}


def run(build_dir):
    """The long form: 100 kills, 20 restarts. A promise that was broken is a number to print, not an error."""
    command = [sys.executable, "-B", str(ROOT / "tests" / "chaos" / "nginx.py"), "--build-dir", str(build_dir), "--long"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            process.terminate()  # it takes its own stack down
            process.communicate()
            raise
    lines = output.strip().splitlines() or [""]
    counts = counts_of(lines[-1])
    if process.returncode == SKIPPED or not {"kills", "handshakes", "failed"} <= counts.keys():
        raise ProgramError(f"tests/chaos/nginx.py: {lines[-1]}")
    return {name: counts[name] for name in ("kills", "restarts", "handshakes", "failed", "slowest_s") if name in counts}
