#!/usr/bin/env python3
"""What an application keeps is good in its own hands alone: another user who presents copied records, a copied
application id or another session's handles is refused each time and named in the log; so are a process of the same
user with the id alone, and records that were altered, mixed, or sealed before the last boot. Each refusal is beside a
case that is allowed.
"""

import grp
import os
import pwd
import re

from kit.chaos import Skip, run
from kit.raw import Actor
from kit.stacks import GROUP, ChaosStack
import wire
from stack import until

STRANGER = 65534
ALTERATIONS, LONG_ALTERATIONS = 60, 3000
REFUSED = (wire.CKR_SESSION_HANDLE_INVALID, "closed")
CKR_OBJECT_HANDLE_INVALID, CKR_KEY_HANDLE_INVALID = 0x82, 0x60
LOG_S = 5
SECRET = b"what only its owner reads"


class Scene:
    """One owner with a session, a login and session objects; what others know of it; judges of what they try."""

    def __init__(self, chaos, stack):
        self.chaos, self.stack = chaos, stack
        self.actors = []
        self.gid = grp.getgrnam(GROUP).gr_gid
        self.uid = pwd.getpwnam(GROUP).pw_uid

    def actor(self, uid):
        self.actors.append(Actor(self.stack.env["GREP11_SOCKET"], uid, self.gid))
        return self.actors[-1]

    def end(self):
        for actor in self.actors:
            actor.end()

    def owner(self, uid):
        """An application with something to lose. What it knows is in attributes of the actor."""
        owner = self.actor(uid)
        assert owner.attach(wire.BEGIN) == wire.CKR_OK
        known = {"session": owner.open_session()}
        assert owner.login(known["session"], self.stack.env["USER_PIN"]) == wire.CKR_OK
        known["object"] = owner.create_data(known["session"], SECRET)
        known["id"], known["records"] = owner.id(), owner.records()
        self.chaos.promise(1 in known["records"] and len(known["records"]) >= 4,
                           f"owner, session, login and object are records; there are {sorted(known['records'])}")
        return owner, known

    def refused(self, actor, uid, text, *attach, logged=True):
        """This Attach is refused, and the log names who tried."""
        result = actor.attach(*attach)
        self.chaos.count("refused")
        shown = result if isinstance(result, str) else hex(result)
        if self.chaos.promise(result in REFUSED, f"{text}: the answer was {shown}") and result != "closed" and logged:
            line = rf"process {actor.pid} \(uid {uid}\b.*refused"
            self.chaos.promise(self.is_logged(line), f"{text}: no line of the log says so")

    def is_logged(self, line):
        try:
            return until(lambda: re.search(line, self.stack.daemon_log()), LOG_S)
        except AssertionError:
            return False

    def allowed(self, result, text):
        self.chaos.count("allowed")
        self.chaos.promise(result == wire.CKR_OK, f"{text}: was refused ({result})")

    def has_its_things(self, actor, known, text):
        self.allowed(actor.session_info(known["session"]), f"{text}: session")
        result, value = actor.value_of(known["session"], known["object"])
        self.allowed(result, f"{text}: object")
        self.chaos.promise(value.endswith(SECRET), f"{text}: the object has changed")


def strangers(scene, known, when, is_known=True):
    """A process of another user, and one of the same user that has not the records. An id that the daemon does not know is
    no trespass: every application comes with one after a restart.
    """
    other, same = scene.actor(STRANGER), scene.actor(scene.uid)
    for actor, uid, who in ((other, STRANGER, "another user"), (same, scene.uid, "another process")):
        scene.refused(actor, uid, f"{when}: {who} joins with a copied id", wire.JOIN, known["id"], logged=is_known)
        scene.refused(actor, uid, f"{when}: {who} restores with the id alone", wire.RESTORE, known["id"], {})
        scene.refused(actor, uid, f"{when}: {who} clones with the id alone", wire.CLONE, known["id"], {})
    for manner, name in ((wire.RESTORE, "restores"), (wire.CLONE, "clones")):
        scene.refused(other, STRANGER, f"{when}: another user {name} with copied records", manner, known["id"],
                      known["records"])


def altered(chance, records, foreign):
    """(what, records) that no daemon may take."""
    number = chance.choice(sorted(records))
    sealed = bytearray(records[number])
    kind = chance.randrange(6)
    if kind == 0:
        sealed[chance.randrange(len(sealed))] ^= 1 << chance.randrange(8)
        return f"a bit of record {number}", {**records, number: bytes(sealed)}
    if kind == 1:
        return f"record {number} cut off", {**records, number: bytes(sealed[:chance.randrange(len(sealed))])}
    if kind == 2:
        sealed += chance.randbytes(chance.randrange(1, 40))
        return f"record {number} made longer", {**records, number: bytes(sealed)}
    if kind == 3:
        other = chance.choice([one for one in sorted(records) if one != number])
        return f"records {number} and {other} exchanged", {**records, number: records[other], other: records[number]}
    if kind == 4:
        other = chance.choice(sorted(foreign))
        return f"record {number} of another application", {**records, number: foreign[other]}
    return "no record 1", {other: octets for other, octets in records.items() if other != 1}


def alterations(chaos, scene, known, foreign):
    """The user is the right one; the records are not."""
    actor = scene.actor(scene.uid)
    for _ in range(chaos.amount(ALTERATIONS, LONG_ALTERATIONS)):
        what, records = altered(chaos.random, known["records"], foreign["records"])
        manner = chaos.random.choice((wire.RESTORE, wire.CLONE))
        scene.refused(actor, scene.uid, f"{what}, manner {manner}", manner, known["id"], records)
    scene.refused(actor, scene.uid, "another application's id", wire.RESTORE, foreign["id"], known["records"])


def handles(scene, known):
    """Handles of another application mean nothing, or something of one's own."""
    actor = scene.actor(STRANGER)
    assert actor.attach(wire.BEGIN) == wire.CKR_OK
    own = actor.open_session()
    tries = {
        "C_GetSessionInfo": (actor.session_info(known["session"]), wire.CKR_SESSION_HANDLE_INVALID),
        "C_CloseSession": (actor.close_session(known["session"]), wire.CKR_SESSION_HANDLE_INVALID),
        "C_GetAttributeValue there": (actor.value_of(known["session"], known["object"])[0],
                                      wire.CKR_SESSION_HANDLE_INVALID),
        "C_GetAttributeValue": (actor.value_of(own, known["object"])[0], CKR_OBJECT_HANDLE_INVALID),
        "C_DestroyObject": (actor.destroy(own, known["object"]), CKR_OBJECT_HANDLE_INVALID),
        "C_SignInit": (actor.sign_init(own, known["object"]), CKR_KEY_HANDLE_INVALID),
    }
    for name, (result, expected) in tries.items():
        scene.chaos.count("refused")
        scene.chaos.promise(result == expected, f"{name} with another application's handle: {result:#x}")


def what_is_allowed(scene, known):
    """The other side of each refusal, so that they are refusals of these things and not of everything."""
    clone = scene.actor(scene.uid)
    scene.allowed(clone.attach(wire.CLONE, known["id"], known["records"]), "a forked child of the same user")
    scene.has_its_things(clone, known, "a forked child")
    scene.chaos.promise(clone.id() != known["id"], "a clone is an application of its own")
    root, of_root = scene.owner(0)
    dropped = scene.actor(scene.uid)
    scene.allowed(dropped.attach(wire.CLONE, of_root["id"], of_root["records"]), "a worker that root has started")
    scene.has_its_things(dropped, of_root, "a worker that root has started")
    scene.has_its_things(root, of_root, "root")


def before_boot(scene, owner, known):
    """The seal key does not outlive the host's boot; nor do records."""
    os.remove(os.path.join(os.path.dirname(scene.stack.env["GREP11_SOCKET"]), "seal.key"))  # where it is by default
    scene.stack.restart(kill=True)
    scene.refused(owner, scene.uid, "sealed before the last boot", wire.RESTORE, known["id"], known["records"])
    scene.allowed(owner.attach(wire.BEGIN), "a new start")


def body(chaos):
    if os.geteuid() != 0:
        raise Skip("only root can be two users")
    with ChaosStack(chaos, group=GROUP) as stack:
        scene = Scene(chaos, stack)
        try:
            owner, known = scene.owner(scene.uid)
            _, foreign = scene.owner(scene.uid)
            if chaos.broken:
                return  # without records there is nothing to copy
            strangers(scene, known, "while its owner lives")
            handles(scene, known)
            alterations(chaos, scene, known, foreign)
            what_is_allowed(scene, known)
            stack.restart(kill=True)
            strangers(scene, known, "while its owner is away", is_known=False)
            scene.allowed(owner.attach(wire.RESTORE, known["id"], known["records"]), "the owner itself")
            strangers(scene, known, "after its owner is back")
            scene.has_its_things(owner, known, "the owner")
            before_boot(scene, owner, known)
        finally:
            scene.end()


if __name__ == "__main__":
    run(__doc__, body)
