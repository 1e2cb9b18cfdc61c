"""Room: bench/counting. Counts what one signature executes, in the application and in the daemon.

Both run under callgrind for N signatures and again for 2N; what the longer run executed more, divided by N, is one
signature. Starting, logging in, making the key and stopping are in both runs and cancel out, and no name of a function
or a file of ours is needed. Touches: child processes, a private stack, a folder of its own.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile

from comparison.stack import OwnStack, StackError

# The allocator gives memory back by the clock, which has no place in a count.
ALLOCATOR = "dirty_decay_ms:-1,muzzy_decay_ms:-1"
# No rate, and nothing that gives up: under callgrind everything takes some fifty times as long, on a busy machine more.
STACK_OPTIONS = ("--rate", "0", "--gateway", "tokens: {0: {rate_per_s: 0}}",
                 "--gateway", "times: {call: 10m, rpc: 5m, iam: 5m}", "--log-level", "warning")
PATIENCE_S = "180"
# On a busy machine the daemon executes more, above all at its start. That only adds, so the lowest count is the one to
# take, and it has been found when another run comes as close as this.
AGREEMENT = 0.01
MOST_RUNS = 6
TOTALS = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)
NEEDED = ("bin/grep11d", "bin/grep11-emulator", "bin/sign_loop", "lib/pkcs11-grep11.so")


class CountError(Exception):
    """Nothing was counted; the text says why."""


def total_of(text):
    """Instructions of a whole run, from the file that callgrind wrote at its end."""
    match = TOTALS.search(text)
    if not match:
        raise CountError("callgrind wrote no totals: the program did not end by itself")
    return int(match.group(1))


def total_in(path):
    try:
        return total_of(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise CountError(f"{path.name}: {error.strerror}; the program did not end by itself") from error


def per_signature(shorter, longer, signatures):
    """{program: instructions}, from the totals of a run of N signatures and one of 2N."""
    return {name: round((longer[name] - shorter[name]) / signatures) for name in shorter}


def callgrind(output):
    return ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={output}"]


def counted_programs(build_dir, folder, output):
    """A build folder whose daemon runs under callgrind and is else the real one; `./dev up` knows no difference."""
    build_dir = pathlib.Path(build_dir).resolve()
    missing = [name for name in NEEDED if not (build_dir / name).exists()]
    if missing:
        raise CountError(f"{build_dir} lacks {', '.join(missing)}")
    (folder / "bin").mkdir(parents=True)
    (folder / "lib").symlink_to(build_dir / "lib")
    (folder / "bin" / "grep11-emulator").symlink_to(build_dir / "bin" / "grep11-emulator")
    words = " ".join(f"'{word}'" for word in [*callgrind(output), str(build_dir / "bin" / "grep11d")])
    wrapper = folder / "bin" / "grep11d"
    wrapper.write_text(f"#!/bin/sh\nMALLOC_CONF='{ALLOCATOR}' exec {words} \"$@\"\n", encoding="utf-8")
    wrapper.chmod(0o755)
    return folder


def sign(build_dir, stack, scratch, signatures, output):
    """Makes the signatures; returns what sign_loop says it was built from."""
    pin_file = scratch / "pin"
    pin_file.touch(mode=0o600)
    pin_file.write_text(stack.get("USER_PIN") + "\n", encoding="utf-8")
    words = [*callgrind(output), str(pathlib.Path(build_dir) / "bin" / "sign_loop"), "--module",
             stack.get("PKCS11_MODULE"), "--pin-file", str(pin_file), "--count", str(signatures)]
    before = stack.counters()
    done = subprocess.run(words, env=stack.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CountError(f"sign_loop failed: {done.stderr.strip() or 'no reason given'}")
    made = stack.counters()["rpc"].get("SignSingle", 0) - before["rpc"].get("SignSingle", 0)
    if made != signatures:
        raise CountError(f"the HSM was asked for {made} signatures instead of {signatures}; something was sent again")
    return json.loads(done.stdout)["build"]


def count_run(build_dir, signatures):
    """({program: instructions of the whole run}, what was run)"""
    with tempfile.TemporaryDirectory(prefix="grep11-count.") as folder:
        scratch = pathlib.Path(folder)
        of_shim, of_daemon = scratch / "shim.out", scratch / "daemon.out"
        programs = counted_programs(build_dir, scratch / "programs", of_daemon)
        for variable in ("GREP11_STACK_PATIENCE_S", "GREP11_RECONNECT_S"):  # for the ./dev that OwnStack starts, too
            os.environ.setdefault(variable, PATIENCE_S)
        try:
            with OwnStack(programs, *STACK_OPTIONS) as stack:
                build = sign(build_dir, stack, scratch, signatures, of_shim)
        except StackError as error:
            raise CountError(str(error)) from error
        return {"shim": total_in(of_shim), "daemon": total_in(of_daemon)}, build


def agreed(totals):
    """{program: lowest total} once the two lowest of each program agree, else None."""
    lowest = {}
    for name in totals[0]:
        ordered = sorted(each[name] for each in totals)
        if len(ordered) < 2 or ordered[1] - ordered[0] > AGREEMENT * ordered[0]:
            return None
        lowest[name] = ordered[0]
    return lowest


def lowest_of(run):
    """(What agreed() says of the runs so far, what was run), by as few runs as it takes."""
    totals = []
    for _ in range(MOST_RUNS):
        total, build = run()
        totals.append(total)
        if lowest := agreed(totals):
            return lowest, build
    raise CountError(f"no two of {MOST_RUNS} equal runs agree within {AGREEMENT:.1%}: {totals}; is the machine very busy?")


def count(build_dir, signatures, say):
    """({"shim", "daemon"}: instructions per signature, what was run)"""
    say(f"counting {signatures} signatures")
    shorter, _ = lowest_of(lambda: count_run(build_dir, signatures))
    say(f"counting {2 * signatures} signatures")
    longer, build = lowest_of(lambda: count_run(build_dir, 2 * signatures))
    say("")
    return per_signature(shorter, longer, signatures), build


def valgrind_version():
    try:
        return subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise CountError("valgrind is missing; ./dev bench --check installs it") from error


def cpu():
    """The architecture, and the extensions for which OpenSSL and the C library have other code."""
    machine = os.uname().machine
    flags = set()
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "features"):
            flags.update(value.split())
    return " ".join([machine, *(flag for flag in EXTENSIONS if flag in flags)])


# As far as valgrind lets a program see them; of s390x its base level alone.
EXTENSIONS = ("aes", "pclmulqdq", "avx", "avx2", "bmi2")


def libraries():
    """{package: version} of what both programs spend most of their instructions in."""
    words = ["dpkg-query", "-W", "-f", "${Package} ${Version}\\n", "libc6", "libnghttp2-14", "libprotobuf32", "libssl3",
             "libjemalloc2"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
