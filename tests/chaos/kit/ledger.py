"""Room: tests/chaos. What a client believes of the objects it has made, and what a token turns out to hold. Labels
are unique.

An entry holds every state in which its object may be: one after an answer, two (before, after) after a call whose
outcome nobody told. A state is None (no object) or a dict of what can be told of it. May touch: nothing.
"""

from kit import p11

# What is read of each object, by class; the rest (CKA_CLASS, CKA_TOKEN, CKA_LABEL) of every one.
TOLD = {
    p11.CKO_DATA: {"application": p11.CKA_APPLICATION, "value": p11.CKA_VALUE},
    p11.CKO_CERTIFICATE: {"id": p11.CKA_ID, "value": p11.CKA_VALUE},
    p11.CKO_PUBLIC_KEY: {"id": p11.CKA_ID},
    p11.CKO_PRIVATE_KEY: {"id": p11.CKA_ID},
    p11.CKO_SECRET_KEY: {"id": p11.CKA_ID},
}


class Ledger:
    def __init__(self, entries=None):
        self.entries = entries or {}

    def expect(self, label, kind, token, states, handle=None, **more):
        self.entries[label] = {"class": kind, "token": token, "states": states, "handle": handle, **more}

    def sure(self):
        """Labels of objects that exist, in a state that is known."""
        return [label for label, entry in self.entries.items()
                if len(entry["states"]) == 1 and entry["states"][0] is not None and entry["handle"] is not None]

    def part(self, token):
        return Ledger({label: entry for label, entry in self.entries.items() if entry["token"] == token})

    def differences(self, found):
        """One sentence for each entry that the objects found contradict. `found`: list of what read_all() tells."""
        by_label = {}
        for seen in found:
            by_label.setdefault(seen["label"], []).append(seen)
        said = [f"{label}: nobody made it" for label in by_label if label not in self.entries]
        for label, entry in self.entries.items():
            said += self._differences_of(label, entry, by_label.get(label, []))
        return said + self._half_pairs(by_label)

    @staticmethod
    def _differences_of(label, entry, seen):
        if len(seen) > 1:
            return [f"{label}: {len(seen)} times"]
        state = seen[0]["state"] if seen else None
        if state not in entry["states"]:
            return [f"{label}: is {state}, should be {' or '.join(map(str, entry['states']))}"]
        if seen and (seen[0]["class"], seen[0]["token"]) != (entry["class"], entry["token"]):
            return [f"{label}: class {seen[0]['class']} token {seen[0]['token']}"]
        if seen and entry["handle"] not in (None, seen[0]["handle"]):
            return [f"{label}: handle {seen[0]['handle']:#x}, was {entry['handle']:#x}"]
        return []

    def _half_pairs(self, by_label):
        """Of a pair whose generation was never answered, either both halves are there or none."""
        return [f"{label}: there without {entry['other']}" for label, entry in self.entries.items()
                if entry.get("other") and entry["states"][0] is None and label in by_label and
                entry["other"] not in by_label]


def read_all(module, session, token):
    """Every token object, or every session object of this application."""
    found = []
    for handle in module.find(session, {p11.CKA_TOKEN: token}):
        kind, label = module.get(session, handle, p11.CKA_CLASS, p11.CKA_LABEL)
        kind = p11.number_of(kind)
        values = module.get(session, handle, *TOLD[kind].values())
        found.append({"label": label.decode(), "class": kind, "token": token, "handle": handle,
                      "state": {name: None if value is None else value.hex()
                                for name, value in zip(TOLD[kind], values)}})
    return found
