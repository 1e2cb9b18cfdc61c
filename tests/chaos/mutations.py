#!/usr/bin/env python3
"""Many processes change objects at random - generate, create, copy, destroy, set attributes; token and session
objects - while the daemon is killed. Afterwards the token is compared, object by object, with what the clients were
told: every acknowledged change is there, nothing is there twice, nothing is half done, no call failed.
"""

import base64
import os

from kit import p11
from kit.chaos import run
from kit.clients import Client
from kit.ledger import Ledger, read_all
from kit.stacks import ChaosStack

CLIENTS, LONG_CLIENTS = 8, 50
MUTATIONS, LONG_MUTATIONS = 40, 200
KILLS, LONG_KILLS = 5, 50
NO_RATE = ("--gateway", "tokens: {0: {rate_per_s: 0}}")


def certificate(stack):
    pem = stack.path("some.pem")
    stack.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
              stack.path("some.key"), "-out", pem, "-subj", "/CN=some")
    lines = stack.read("some.pem").decode().splitlines()
    return base64.b64decode("".join(line for line in lines if not line.startswith("-"))).hex()


def token_objects(stack):
    """As a process sees them that was not there."""
    os.environ.update(stack.env)
    module = p11.Module()
    module.initialize()
    session = module.open_session()
    module.login(session)
    found = read_all(module, session, token=True)
    module.finalize()
    return found


def judge(chaos, results, found):
    ledger = Ledger()
    for result in results:
        chaos.count("acknowledged", result["acknowledged"])
        chaos.count("errors", len(result["errors"]))
        chaos.count("session_objects", result["session_objects"])
        ledger.entries.update(result["token"])
    chaos.count("token_objects", len(found))
    chaos.count("unknown", sum(len(entry["states"]) > 1 for entry in ledger.entries.values()))
    for entry in ledger.entries.values():
        entry["handle"] = None  # handles of private objects are each application's own
    differences = ledger.differences(found)
    chaos.count("differences", len(differences))
    chaos.promise_all(differences, "token objects that are not as the clients were told")
    for name, text in (("errors", "mutations that failed"), ("differences", "session objects not as they should be"),
                       ("unusable", "keys that do not work")):
        chaos.promise_all([one for result in results for one in result[name]], text)


def body(chaos):
    clients, mutations = chaos.amount(CLIENTS, LONG_CLIENTS), chaos.amount(MUTATIONS, LONG_MUTATIONS)
    with ChaosStack(chaos, *NO_RATE) as stack:
        progress, blob = stack.write("progress", b""), certificate(stack)
        task = {"mutations": mutations, "certificate": blob, "progress": progress}
        running = [Client(stack, "mutator", {**task, "name": f"m{number}", "seed": chaos.random.getrandbits(32)})
                   for number in range(clients)]
        stack.kills_amid(progress, clients * mutations, chaos.amount(KILLS, LONG_KILLS))
        results = [client.result(chaos.amount(60, 600)) for client in running]
        stack.restart(kill=True)  # what is only in memory does not count
        judge(chaos, results, token_objects(stack))


if __name__ == "__main__":
    run(__doc__, body)
