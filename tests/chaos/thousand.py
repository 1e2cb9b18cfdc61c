#!/usr/bin/env python3
"""A process that is logged in and has a thousand sessions and a thousand session objects: after each restart of the
daemon (killed, stopped) every handle is valid, every state and value the same, and the first call takes less than 50
ms, attaching again included. Threads that are in calls meanwhile see no error.
"""

import os
import statistics
import threading
import time

from kit import p11
from kit.chaos import run
from kit.second_opinion import EcdsaP256
from kit.stacks import ChaosStack

SESSIONS, OBJECTS = 1000, 1000
PAIRS, AES_KEYS = 10, 20  # the rest are data objects
REATTACH_S = 0.050
ROUNDS, LONG_ROUNDS = 5, 41  # every second one kills
THREADS = 4
CHECK = bytes(range(16))
NO_RATE = ("--gateway", "tokens: {0: {rate_per_s: 0}}")
TOLD = (p11.CKA_CLASS, p11.CKA_TOKEN, p11.CKA_LABEL, p11.CKA_APPLICATION, p11.CKA_VALUE, p11.CKA_ID)


class Holder:
    """What the process has: sessions, objects, and what each of them said when it was made."""

    def __init__(self, chaos):
        self.chaos, self.module = chaos, p11.Module()
        self.module.initialize()
        self.sessions = [self.module.open_session(chaos.random.choice((0, p11.CKF_RW_SESSION)))
                         for _ in range(SESSIONS)]
        self.writer = self.module.open_session()
        self.module.login(self.writer)
        self.pairs = [self._pair(number) for number in range(PAIRS)]
        self.keys = [self._aes(number) for number in range(AES_KEYS)]
        self.data = [self._data(number) for number in range(OBJECTS - AES_KEYS - 2 * PAIRS)]
        self.states, self.values = self.all_states(), self.all_values()

    def _pair(self, number):
        public, private = self.module.generate_ec(
            self.writer, {p11.CKA_TOKEN: False, p11.CKA_LABEL: f"pair {number}"},
            {p11.CKA_TOKEN: False, p11.CKA_LABEL: f"pair {number}"})
        return public, private, EcdsaP256(self.module.get(self.writer, public, p11.CKA_EC_POINT)[0])

    def _aes(self, number):
        key = self.module.generate_aes(self.writer, {p11.CKA_TOKEN: False, p11.CKA_LABEL: f"aes {number}"})
        return key, self.module.encrypt_block(self.writer, key, CHECK)

    def _data(self, number):
        chance = self.chaos.random
        return self.module.create(self.writer, {
            p11.CKA_CLASS: p11.CKO_DATA, p11.CKA_TOKEN: False, p11.CKA_PRIVATE: chance.random() < 0.5,
            p11.CKA_LABEL: f"data {number}", p11.CKA_APPLICATION: chance.randbytes(8).hex(),
            p11.CKA_VALUE: chance.randbytes(chance.randrange(1, 200))})

    def objects(self):
        return [*self.data, *(key for key, _ in self.keys), *(half for pair in self.pairs for half in pair[:2])]

    def all_states(self):
        return {session: self.module.session_info(session) for session in self.sessions}

    def all_values(self):
        return {handle: self.module.get(self.writer, handle, *TOLD) for handle in self.objects()}

    # Afterwards. Each gives what is wrong.

    @staticmethod
    def _or_error(function, *arguments):
        try:
            return function(*arguments)
        except p11.P11Error as error:
            return str(error)

    def changed_sessions(self):
        return [f"session {session:#x}: {now}" for session, before in self.states.items()
                if (now := self._or_error(self.module.session_info, session)) != before]

    def changed_objects(self):
        return [f"object {handle:#x}: {now}" for handle, before in self.values.items()
                if (now := self._or_error(self.module.get, self.writer, handle, *TOLD)) != before]

    def dead_keys(self):
        digest = self.chaos.random.randbytes(32)
        wrong = [f"AES key {key:#x}: other octets, or an error" for key, before in self.keys
                 if self._or_error(self.module.encrypt_block, self.writer, key, CHECK) != before]
        for _, private, public in self.pairs:
            signature = self._or_error(self.module.sign, self.chaos.random.choice(self.sessions), private, digest)
            if isinstance(signature, str) or not public.holds(digest, signature):
                wrong.append(f"EC key {private:#x}: {signature}")
        return wrong

    def wrong_finds(self):
        found = self._or_error(self.module.find, self.writer, {p11.CKA_TOKEN: False})
        if isinstance(found, str):
            return [found]
        return [] if sorted(found) == sorted(self.values) else [f"{len(found)} objects"]


def first_call(holder):
    """The daemon answers others already; what does this process wait?"""
    start = time.perf_counter()
    holder._or_error(holder.module.session_info, holder.sessions[0])  # judged with the others
    took = time.perf_counter() - start
    return took


def judge_times(chaos, times):
    """By the median: one time may also be that of somebody else who had the processor."""
    median = statistics.median(times)
    chaos.note("reattach_ms", round(median * 1000, 1))
    chaos.note("slowest_reattach_ms", round(max(times) * 1000, 1))
    chaos.promise(median < REATTACH_S, f"the first call took {median * 1000:.1f} ms")


def judge(chaos, holder):
    chaos.promise_all(holder.changed_sessions(), "sessions that changed")
    chaos.promise_all(holder.changed_objects(), "objects that changed")
    chaos.promise_all(holder.dead_keys(), "keys that changed")
    chaos.promise_all(holder.wrong_finds(), "searches that changed")


def restart_amid_calls(chaos, stack, holder):
    """Threads that are in a call when the daemon goes: the call is answered by the next daemon."""
    over, errors, calls = threading.Event(), [], []

    def work(session):
        while not over.is_set():
            try:
                holder.module.session_info(session)
                calls.append(1)
            except p11.P11Error as error:
                errors.append(error)
    threads = [threading.Thread(target=work, args=(session,))
               for session in chaos.random.sample(holder.sessions, THREADS)]
    for thread in threads:
        thread.start()
    stack.restarts(kills=1, stops=0)
    over.set()
    for thread in threads:
        thread.join()
    chaos.count("calls_amid_kills", len(calls))
    chaos.promise_all(errors, "calls amid a kill that failed")


def body(chaos):
    with ChaosStack(chaos, *NO_RATE) as stack:
        os.environ.update(stack.env)
        holder = Holder(chaos)
        times = []
        chaos.note("sessions", len(holder.states))
        chaos.note("objects", len(holder.values))
        for number in range(chaos.amount(ROUNDS, LONG_ROUNDS)):
            kill = number % 2 == 0
            stack.restart(kill=kill)
            chaos.count("kills" if kill else "restarts")
            times.append(first_call(holder))
            judge(chaos, holder)
        judge_times(chaos, times)
        restart_amid_calls(chaos, stack, holder)
        judge(chaos, holder)
        holder.module.finalize()


if __name__ == "__main__":
    run(__doc__, body)
