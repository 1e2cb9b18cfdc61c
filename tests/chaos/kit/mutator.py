"""Room: tests/chaos. A client that changes objects at random and keeps a ledger of what it was told. See clients.py.

Task: name, seed, mutations, certificate (hex DER), progress (a file: one byte more for each mutation). May touch:
that file.
"""

import os
import random

from kit import p11
from kit.clients import main
from kit.ledger import Ledger, read_all
from kit.second_opinion import EcdsaP256
from stack import until

MOST_OBJECTS = 60  # then it destroys more than it makes
CHECK = bytes(range(16))
# After these the session is gone or the daemon was not found: only starting again helps, and session objects are lost.
START_AGAIN_S = 30
START_AGAIN = ("CKR_SESSION_HANDLE_INVALID", "CKR_DEVICE_REMOVED", "CKR_DEVICE_ERROR", "CKR_CRYPTOKI_NOT_INITIALIZED",
               "CKR_USER_NOT_LOGGED_IN")


class Mutator:
    def __init__(self, task):
        self.name, self.certificate = task["name"], bytes.fromhex(task["certificate"])
        self.random = random.Random(task["seed"])
        self.module, self.ledger = p11.Module(), Ledger()
        self.count, self.session = 0, None
        self.errors, self.acknowledged, self.told = [], 0, None
        self.module.initialize()
        self.start()

    def start(self):
        self.session = self.module.open_session()
        self.module.login(self.session)

    def _started(self):
        """False while the daemon is killed under the attempt, too."""
        try:
            self.module.finalize()
            self.module.initialize()
            self.start()
            return True
        except p11.P11Error as error:
            self.errors.append(f"{self.name} starting again: {error}")
            return False

    def start_again(self):
        until(self._started, START_AGAIN_S, "a new start")
        for label in [label for label, entry in self.ledger.entries.items() if not entry["token"]]:
            del self.ledger.entries[label]
        for entry in self.ledger.entries.values():
            entry["handle"] = None  # those of private objects are new ones

    # The mutations. Each enters what may be true into the ledger before it asks, and what is true after the answer.

    def _label(self):
        self.count += 1
        return f"{self.name}-{self.count}"

    def _octets(self):
        return self.random.randbytes(self.random.randrange(1, 24))

    def _begin(self, kind, state, **more):
        label, token = self._label(), self.random.random() < 0.6
        self.ledger.expect(label, kind, token, [None, state], **more)
        return label, token, self.ledger.entries[label]

    @staticmethod
    def _made(entry, handle):
        entry["states"], entry["handle"] = entry["states"][1:], handle

    def create_data(self):
        application, value = self._octets().hex(), self._octets()
        state = {"application": application.encode().hex(), "value": value.hex()}
        label, token, entry = self._begin(p11.CKO_DATA, state)
        self._made(entry, self.module.create(self.session, {
            p11.CKA_CLASS: p11.CKO_DATA, p11.CKA_TOKEN: token, p11.CKA_LABEL: label, p11.CKA_APPLICATION: application,
            p11.CKA_VALUE: value}))

    def create_certificate(self):
        number = self._octets()
        label, token, entry = self._begin(p11.CKO_CERTIFICATE, {"id": number.hex(), "value": self.certificate.hex()})
        self._made(entry, self.module.create(self.session, {
            p11.CKA_CLASS: p11.CKO_CERTIFICATE, p11.CKA_CERTIFICATE_TYPE: p11.CKC_X_509, p11.CKA_TOKEN: token,
            p11.CKA_LABEL: label, p11.CKA_ID: number, p11.CKA_VALUE: self.certificate}))

    def generate_aes(self):
        number = self._octets()
        label, token, entry = self._begin(p11.CKO_SECRET_KEY, {"id": number.hex()})
        template = {p11.CKA_TOKEN: token, p11.CKA_LABEL: label, p11.CKA_ID: number}
        handle = self.module.generate_aes(self.session, template)
        self._made(entry, handle)
        entry["check"] = self.module.encrypt_block(self.session, handle, CHECK).hex()

    def generate_ec(self):
        number = self._octets()
        label, token, private = self._begin(p11.CKO_PRIVATE_KEY, {"id": number.hex()})
        private["other"] = f"{label}.pub"
        self.ledger.expect(f"{label}.pub", p11.CKO_PUBLIC_KEY, token, [None, {"id": number.hex()}], other=label)
        same = {p11.CKA_TOKEN: token, p11.CKA_ID: number}
        handles = self.module.generate_ec(self.session, {**same, p11.CKA_LABEL: f"{label}.pub"},
                                          {**same, p11.CKA_LABEL: label})
        self._made(self.ledger.entries[f"{label}.pub"], handles[0])
        self._made(private, handles[1])

    def copy(self):
        source = self.ledger.entries[self._some()]
        label, token, entry = self._begin(source["class"], dict(source["states"][0]))
        template = {p11.CKA_LABEL: label, p11.CKA_TOKEN: token}
        self._made(entry, self.module.copy(self.session, source["handle"], template))
        if "check" in source:
            entry["check"] = source["check"]

    def destroy(self):
        label = self._some()
        entry = self.ledger.entries[label]
        handle, entry["handle"] = entry["handle"], None
        entry["states"] = [entry["states"][0], None]
        entry.pop("other", None)  # from here on its other half has a life of its own
        self.module.destroy(self.session, handle)
        entry["states"] = [None]

    def set_attributes(self):
        entry = self.ledger.entries[self._some()]
        state = dict(entry["states"][0])
        if entry["class"] == p11.CKO_DATA:
            application, value = self._octets().hex(), self._octets()
            state.update(application=application.encode().hex(), value=value.hex())
            change = {p11.CKA_APPLICATION: application, p11.CKA_VALUE: value}
        else:
            number = self._octets()
            state.update(id=number.hex())
            change = {p11.CKA_ID: number}
        entry["states"] = [entry["states"][0], state]
        self.module.set(self.session, entry["handle"], change)
        entry["states"] = [state]

    def _some(self):
        return self.random.choice(self.ledger.sure())

    MAKE = (create_data, create_certificate, generate_aes, generate_ec)
    CHANGE = (copy, set_attributes, set_attributes, destroy)

    def mutate(self):
        sure = self.ledger.sure()
        change = sure and self.random.random() < 0.55
        step = self.random.choice(self.CHANGE if change else self.MAKE)
        if len(sure) > MOST_OBJECTS:
            step = Mutator.destroy
        if self.survives(step):
            self.acknowledged += 1

    def survives(self, step):
        """Whether the step went well; if not, the session works again afterwards."""
        try:
            step(self)
            return True
        except p11.P11Error as error:
            self.errors.append(f"{self.name} {step.__name__}: {error}")
            if error.name in START_AGAIN:
                self.start_again()
            return False

    # At the end.

    def unusable(self):
        """Keys that are there and do not do what they did when they were made. Session objects are only ours to see."""
        return [label for label in self.ledger.sure() if not self._usable(label)]

    def _usable(self, label):
        entry = self.ledger.entries[label]
        if "check" in entry:
            return self.module.encrypt_block(self.session, entry["handle"], CHECK).hex() == entry["check"]
        if entry["class"] == p11.CKO_PRIVATE_KEY and entry.get("other") in self.ledger.sure():
            other = self.ledger.entries[entry["other"]]["handle"]
            digest = self.random.randbytes(32)
            point = self.module.get(self.session, other, p11.CKA_EC_POINT)[0]
            return EcdsaP256(point).holds(digest, self.module.sign(self.session, entry["handle"], digest))
        return True

    def report(self):
        found = read_all(self.module, self.session, token=False)
        differences = self.ledger.part(token=False).differences(found)
        self.told = {"acknowledged": self.acknowledged, "differences": differences, "session_objects": len(found),
                     "unusable": self.unusable(), "token": self.ledger.part(token=True).entries}


def work(task):
    mutator = Mutator(task)
    with open(task["progress"], "ab", buffering=0) as progress:
        for _ in range(task["mutations"]):
            mutator.mutate()
            os.write(progress.fileno(), b".")
    until(lambda: mutator.survives(Mutator.report), START_AGAIN_S, "a report")  # the daemon is still being killed
    mutator.module.finalize()
    return {**mutator.told, "errors": mutator.errors}


if __name__ == "__main__":
    main(work)
