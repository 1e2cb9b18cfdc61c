"""Room: bench/comparison. What a module weighs where it is installed. Touches: a scratch folder, strip."""

import os
import subprocess

from .programs import ProgramError


def stripped_kib(module, scratch):
    """Packages install it without symbols and debug information; the build folder's has both."""
    path = os.path.join(scratch, "module.so")
    done = subprocess.run(["strip", "--strip-unneeded", "-o", path, module], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ProgramError(f"strip {module}: {done.stderr.strip()}")
    return os.path.getsize(path) / 1024
