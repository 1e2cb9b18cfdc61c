"""Room: tests/chaos. A client with mixed load whose every result is checked. See clients.py.

Task: name, seed, ready (a file, made when it begins), weights (action to weight; those of ALL by default), threads
(1), key (label of a token key pair). It works until its input ends, then tells: done by action, errors (what, after
how many seconds, when), wrong results, slow calls. May touch: that file, processes that it forks.
"""

import os
import random
import sys
import threading
import time

from kit import p11
from kit.clients import main
from kit.second_opinion import EcdsaP256

ALL = {"sign": 40, "find": 15, "read": 15, "objects": 15, "sessions": 10, "encrypt": 5}
SLOW_S = 1.0  # calls that take longer are told one by one
MOST_TOLD = 200  # of errors and wrong results each; all are counted
CHILD_S = 60
CHECK = bytes(range(16))


class Tally:
    """What all threads of this client have seen."""

    def __init__(self):
        self.lock = threading.Lock()
        self.done, self.errors, self.wrong, self.slowest_s = {}, [], [], 0.0
        self.failed, self.slow = 0, []

    def add(self, action, took, error=None, wrong=None):
        with self.lock:
            self.slowest_s = max(self.slowest_s, took)
            if took > SLOW_S and len(self.slow) < MOST_TOLD:
                self.slow.append({"what": action, "after_s": round(took, 3), "at": time.time()})
            if error is not None:
                self.failed += 1
                self.errors[MOST_TOLD:] = []
                self.errors.append({"what": f"{action}: {error}", "after_s": round(took, 3), "at": time.time()})
            elif wrong:
                self.wrong[MOST_TOLD:] = []
                self.wrong.append(f"{action}: {wrong}")
            else:
                self.done[action] = self.done.get(action, 0) + 1


class Worker:
    """One thread: a session of its own, the key pair that all share. An action returns what is wrong, or nothing."""

    def __init__(self, module, task, number, tally):
        self.module, self.task, self.tally = module, task, tally
        self.random = random.Random(f"{task['seed']} {number}")
        self.session = module.open_session()
        self.aes = None
        self.find_keys()

    def find_keys(self):
        self.key = self._one(p11.CKO_PRIVATE_KEY)
        self.public = self._one(p11.CKO_PUBLIC_KEY)
        self.point = EcdsaP256(self.module.get(self.session, self.public, p11.CKA_EC_POINT)[0])

    def _one(self, kind):
        return self.module.find(self.session, {p11.CKA_LABEL: self.task["key"], p11.CKA_CLASS: kind})[0]

    def sign(self):
        digest = self.random.randbytes(32)
        signature = self.module.sign(self.session, self.key, digest)
        return None if self.point.holds(digest, signature) else f"{signature.hex()} of {digest.hex()}"

    def find(self):
        found = self.module.find(self.session, {p11.CKA_LABEL: self.task["key"]})
        return None if sorted(found) == sorted((self.key, self.public)) else f"{found}"

    def read(self):
        label, point = self.module.get(self.session, self.public, p11.CKA_LABEL, p11.CKA_EC_POINT)
        slot, _, _ = self.module.session_info(self.session)
        right = label == self.task["key"].encode() and point is not None and slot == self.module.slot
        return None if right else f"{label} {slot}"

    def objects(self):
        """A session object from its making to its end."""
        value = self.random.randbytes(self.random.randrange(1, 2000))
        label = f"{self.task['name']}-{self.random.getrandbits(60):x}"
        handle = self.module.create(self.session, {
            p11.CKA_CLASS: p11.CKO_DATA, p11.CKA_TOKEN: False, p11.CKA_LABEL: label, p11.CKA_VALUE: value})
        read = self.module.get(self.session, handle, p11.CKA_VALUE)[0]
        found = self.module.find(self.session, {p11.CKA_LABEL: label})
        self.module.destroy(self.session, handle)
        return None if (read, found) == (value, [handle]) else f"{label}: {found}"

    def large(self):
        """A frame that counts against what the daemon holds of all applications together."""
        value = self.random.randbytes(300_000)
        handle = self.module.create(self.session, {p11.CKA_CLASS: p11.CKO_DATA, p11.CKA_TOKEN: False,
                                                   p11.CKA_LABEL: "large", p11.CKA_VALUE: value})
        read = self.module.get(self.session, handle, p11.CKA_VALUE)[0]
        self.module.destroy(self.session, handle)
        return None if read == value else "other octets"

    def sessions(self):
        more = [self.module.open_session() for _ in range(self.random.randrange(1, 8))]
        states = [self.module.session_info(session)[1] for session in more]
        for session in more:
            self.module.close_session(session)
        return None if set(states) == {3} else f"states {states}"  # CKS_RW_USER_FUNCTIONS

    def encrypt(self):
        if self.aes is None:
            self.aes = self.module.generate_aes(self.session, {p11.CKA_TOKEN: False, p11.CKA_LABEL: "chaos"})
            self.check = self.module.encrypt_block(self.session, self.aes, CHECK)
        again = self.module.encrypt_block(self.session, self.aes, CHECK)
        return None if again == self.check else again.hex()

    def generate(self):
        key = self.module.generate_aes(self.session, {p11.CKA_TOKEN: False, p11.CKA_LABEL: "chaos"})
        size = len(self.module.encrypt_block(self.session, key, CHECK))
        self.module.destroy(self.session, key)
        return None if size == len(CHECK) else f"{size} octets"

    def login(self):
        """Handles of private objects end with a login: keys are looked up again, as an application has to."""
        self.module.logout(self.session)
        self.module.login(self.session)
        self.aes = None
        self.find_keys()

    def fork(self):
        """The child signs with what it inherited."""
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 3 if self.sign() else 0
            except p11.P11Error as error:
                print(f"child: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(status)
        end = time.monotonic() + CHILD_S
        while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
            if time.monotonic() > end:
                os.kill(child, 9)
            time.sleep(0.002)
        return None if ended[1] == 0 else f"the child ended with {ended[1]:#x}"

    def work(self, over):
        names, weights = zip(*self.task.get("weights", ALL).items())
        while not over.is_set():
            name = self.random.choices(names, weights)[0]
            start = time.monotonic()
            try:
                wrong = getattr(self, name)()
                self.tally.add(name, time.monotonic() - start, wrong=wrong)
            except p11.P11Error as error:
                self.tally.add(name, time.monotonic() - start, error=error)


def work(task):
    module, tally, over = p11.Module(), Tally(), threading.Event()
    module.initialize()
    keeper = module.open_session()  # the login lives as long as any session does
    module.login(keeper)
    workers = [Worker(module, task, number, tally) for number in range(task.get("threads", 1))]
    threads = [threading.Thread(target=worker.work, args=(over,)) for worker in workers]
    for thread in threads:
        thread.start()
    with open(task["ready"], "x", encoding="utf-8"):
        pass
    sys.stdin.read()  # until we are told to end
    over.set()
    for thread in threads:
        thread.join()
    module.finalize()
    return {"done": tally.done, "failed": tally.failed, "errors": tally.errors, "wrong": tally.wrong,
            "slow": tally.slow, "slowest_s": round(tally.slowest_s, 3)}


if __name__ == "__main__":
    main(work)
