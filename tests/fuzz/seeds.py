#!/usr/bin/env python3
"""Room: tests/fuzz. Writes the seeds of the fuzz targets: one frame of each carried function with a body of the right
shape, a few whole conversations, attribute lists, answers of an HSM, the example configurations, requests to the emulator.

usage: seeds.py FOLDER. May touch: FOLDER, the examples below config/, read only.
"""

import os
import re
import struct
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "stack"))

import wire  # noqa: E402

U8, U64 = struct.Struct("<B").pack, struct.Struct("<Q").pack
NULL = U64(2**64 - 1)
KEY = U64(1)
P256 = bytes.fromhex("06082a8648ce3d030107")
TEMPLATE = wire.attributes([wire.attribute(0, U64(3)), wire.attribute(1, b"\1"), wire.attribute(3, b"label"),
                            wire.attribute(0x180, P256), wire.attribute(0x161, U64(32))])
NESTED = wire.attributes([wire.nested(0x40000211, [wire.attribute(3, b"x")])])


def mechanism(kind, form=0, parameter=b""):
    return U64(kind) + U8(form) + parameter


ECDSA = mechanism(0x1041)
OAEP = mechanism(9, 2, U64(0x250) + U64(2) + U64(1) + wire.octets(b""))
PSS = mechanism(0xD, 3, U64(0x250) + U64(2) + U64(32))
CBC = mechanism(0x1085, 1, wire.octets(bytes(16)))
ECDH = mechanism(0x1050, 4, U64(1) + wire.octets(b"") + wire.octets(bytes(65)))
SCHNORR = mechanism(0x80010031, 16, U64(3))
EDDSA = mechanism(0x1057, 17, U8(0) + wire.octets(b""))
WALLET = mechanism(0x80070001, 18, U64(1) + U64(0) + wire.octets(bytes(32)) + U64(1))
KYBER = mechanism(0x80010024, 19, U64(0) + U64(1) + U64(1) + U8(0) + wire.octets(b"") + U64(1568) + wire.octets(b"")
                  + U64(0) + wire.octets(b""))
SLOT = U64(0)
DATA = wire.octets(b"data")

# Function name -> bodies, as WIRE.md lists them.
BODIES = {
    "C_GetSlotList": [U8(1) + NULL, U8(0) + U64(4)], "C_GetSlotInfo": [SLOT], "C_GetTokenInfo": [SLOT],
    "C_GetMechanismList": [SLOT + NULL, SLOT + U64(100)], "C_GetMechanismInfo": [SLOT + U64(0x1041)],
    "C_InitToken": [SLOT + U8(1) + wire.octets(b"pin") + wire.octets(b"label".ljust(32))],
    "C_InitPIN": [U8(1) + wire.octets(b"pin"), U8(0)], "C_SetPIN": [U8(1) + wire.octets(b"a") + U8(1) + wire.octets(b"b")],
    "C_OpenSession": [SLOT + U64(6)], "C_CloseAllSessions": [SLOT], "C_Login": [U64(1) + U8(1) + wire.octets(b"pin")],
    "C_CreateObject": [TEMPLATE, NESTED], "C_CopyObject": [KEY + TEMPLATE], "C_DestroyObject": [KEY],
    "C_GetObjectSize": [KEY], "C_SetAttributeValue": [KEY + TEMPLATE],
    "C_GetAttributeValue": [KEY + struct.pack("<I", 2) + U64(3) + NULL + U64(0x180) + U64(64)],
    "C_FindObjectsInit": [TEMPLATE, wire.attributes([])], "C_FindObjects": [U64(10)],
    "C_GenerateKey": [mechanism(0x1080) + TEMPLATE], "C_GenerateKeyPair": [mechanism(0x1040) + TEMPLATE + TEMPLATE],
    "C_WrapKey": [CBC + KEY + KEY + U64(100)], "C_UnwrapKey": [CBC + KEY + wire.octets(bytes(32)) + TEMPLATE],
    "C_DeriveKey": [m + KEY + TEMPLATE for m in (ECDH, WALLET, KYBER)], "C_SeedRandom": [DATA], "C_GenerateRandom": [U64(32)],
    "C_DigestInit": [U8(1) + mechanism(0x250), U8(0)], "C_Verify": [DATA + wire.octets(bytes(64))],
    "C_VerifyFinal": [wire.octets(bytes(64))],
}
KEPT = struct.pack("<IH", 1, 37) + wire.octets(U8(1) + mechanism(0x250)) + DATA
BODIES |= {
    "C_GetOperationState": [NULL + KEPT, U64(512) + KEPT], "C_SetOperationState": [wire.octets(bytes(64)) + KEY + U64(0)],
    "C_DigestKey": [KEY], "C_LoginUser": [U64(1) + U8(1) + wire.octets(b"pin") + wire.octets(b"Normal user")],
    "C_SessionCancel": [U64(0x7F5E)], "C_SignMessage": [wire.octets(b"") + DATA + U64(512)],
    "C_VerifyMessage": [wire.octets(b"") + DATA + wire.octets(bytes(64))],
    "C_SignMessageNext": [wire.octets(b"") + DATA + U8(0) + U64(0), wire.octets(b"") + DATA + U8(1) + U64(512)],
    "C_VerifyMessageNext": [wire.octets(b"") + DATA + U8(0), wire.octets(b"") + DATA + U8(1) + wire.octets(bytes(64))],
}
for name in ("Sign", "Verify"):
    BODIES[f"C_{name}MessageBegin"] = [wire.octets(b"")]
for name in ("DigestEncrypt", "DecryptDigest", "SignEncrypt", "DecryptVerify"):
    BODIES[f"C_{name}Update"] = [DATA + NULL, DATA + U64(512)]
for name in ("Encrypt", "Decrypt", "Sign", "Verify", "SignRecover", "VerifyRecover", "MessageSign", "MessageVerify"):
    BODIES[f"C_{name}Init"] = [U8(1) + m + KEY for m in (ECDSA, OAEP, PSS, CBC, SCHNORR, EDDSA)] + [U8(0) + KEY]
for name in ("Encrypt", "EncryptUpdate", "Decrypt", "DecryptUpdate", "Digest", "Sign", "SignRecover", "VerifyRecover"):
    BODIES[f"C_{name}"] = [DATA + NULL, DATA + U64(512)]
for name in ("Encrypt", "Decrypt", "Digest", "Sign"):
    BODIES[f"C_{name}Final"] = [NULL, U64(512)]
for name in ("Digest", "Sign", "Verify"):
    BODIES[f"C_{name}Update"] = [DATA]
EMPTY = ("C_Finalize", "C_GetInfo", "C_CloseSession", "C_GetSessionInfo", "C_Logout", "C_FindObjectsFinal",
         "C_WaitForSlotEvent", "C_MessageSignFinal", "C_MessageVerifyFinal")


def carried():
    """Numbers of the functions that travel, by name."""
    with open(os.path.join(ROOT, "proto", "wire", "functions.def"), encoding="utf-8") as file:
        return {name: int(number) for name, number in re.findall(r"^GW_FN\((\w+), (\d+), kCarried", file.read(),
                                                                 re.MULTILINE)}


def frames():
    numbers = carried()
    seeds = {}
    for name, number in numbers.items():
        bodies = [b""] if name in EMPTY else BODIES[name]  # a function without a seed is an error
        for i, body in enumerate(bodies):
            seeds[f"{name}-{i}"] = wire.frame(number, body, session=1)

    def talk(*names):
        return b"".join(seeds[n if "-" in n else f"{n}-0"] for n in names)

    seeds["sign"] = talk("C_GenerateKeyPair", "C_FindObjectsInit-1", "C_FindObjects", "C_FindObjectsFinal", "C_SignInit",
                         "C_Sign", "C_Sign-1", "C_SignInit", "C_SignUpdate", "C_SignFinal-1")
    seeds["cipher"] = talk("C_GenerateKey", "C_EncryptInit-3", "C_EncryptUpdate-1", "C_EncryptFinal-1", "C_DecryptInit-3",
                           "C_Decrypt-1")
    seeds["digest"] = talk("C_DigestInit", "C_DigestUpdate", "C_DigestFinal-1", "C_GetSessionInfo", "C_Logout", "C_Login")
    seeds["dual"] = talk("C_DigestInit", "C_EncryptInit-3", "C_DigestEncryptUpdate-1", "C_EncryptFinal-1", "C_DigestKey",
                         "C_DigestFinal-1", "C_SessionCancel")
    seeds["messages"] = talk("C_MessageSignInit", "C_SignMessage", "C_SignMessageBegin", "C_SignMessageNext",
                             "C_SignMessageNext-1", "C_MessageSignFinal")
    seeds["objects"] = talk("C_CreateObject", "C_GetAttributeValue", "C_SetAttributeValue", "C_CopyObject",
                            "C_DestroyObject", "C_CloseSession")
    return seeds


def attribute_lists():
    def coded(*pairs):
        return struct.pack(">I", len(pairs)) + b"".join(struct.pack(">QI", t, len(v)) + v for t, v in pairs)

    return {"none": coded(), "key": coded((0, struct.pack(">Q", 3)), (1, b"\1"), (3, b"label")),
            "nested": coded((0x40000211, coded((3, b"x"))))}


def answers():
    """HTTP/2 as a server speaks it, headers as literals without index (RFC 7541 section 6.2.2)."""
    def frame(kind, flags, stream, body=b""):
        return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body

    def headers(stream, flags, *pairs):
        block = b"".join(b"\0" + bytes([len(n)]) + n + bytes([len(v)]) + v for n, v in pairs)
        return frame(1, 4 | flags, stream, block)

    hello = frame(4, 0, 0) + frame(4, 1, 0)
    good = (b":status", b"200"), (b"content-type", b"application/grpc")
    message = b"\0" + struct.pack(">I", 4) + b"\x0a\x02ok"
    fine = headers(1, 0, *good) + frame(0, 0, 1, message) + headers(1, 1, (b"grpc-status", b"0"))
    refusal = headers(3, 1, *good, (b"grpc-status", b"2"), (b"grpc-message", b"no%20key"),
                      (b"grpc-status-details-bin", b"Zm9v"))
    return {"fine": hello + fine, "refusal": hello + refusal + fine, "page": hello + headers(1, 1, (b":status", b"502")),
            "reset": hello + frame(3, 0, 1, struct.pack(">I", 7)),
            "goaway": hello + frame(7, 0, 0, struct.pack(">II", 1, 0)) + fine,
            "ping": hello + frame(6, 0, 0, bytes(8)) + fine}


def configurations():
    seeds = {"minimal": b'tokens:\n  0:\n    grep11connection: {address: "hsm.example", port: "443"}\n'
                        b"    storage: {remotestore: {enabled: true}}\n    users:\n"
                        b"      1: {tokenspaceID: 00000000-0000-0000-0000-000000000001}\n"
                        b"      2: &a {tokenspaceID: 00000000-0000-0000-0000-000000000002, iamauth: {apikey: k}}\n"}
    folder = os.path.join(ROOT, "config")
    for name in sorted(os.listdir(folder)):
        if name.endswith((".example", ".yaml")):
            with open(os.path.join(folder, name), "rb") as file:
                seeds[name] = file.read()
    return seeds


def varint(value):
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number, value):
    """A protobuf field: a number as varint, octets with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def emulator_requests():
    """Requests by RPC, from the message table of the service's interface; a key or state of one octet is a real one."""
    def mech(kind, parameter=b""):
        return field(1, kind) + (field(2, parameter) if parameter else b"")

    def key(number):
        return field(5, bytes([number]))

    def template(number, *pairs):
        return b"".join(field(number, field(1, kind) + field(2, value)) for kind, value in pairs)

    aes, generic, ec_private, ec_public, rsa_private, rsa_public = range(6)
    cbc, hmac, bound = mech(0x1085, bytes(16)), mech(0x251), mech(0x80020004)
    yes, length = field(2, 1), field(3, 16)
    oaep = field(1, 9) + field(3, field(1, 0x250) + field(2, 2))
    pss = field(1, 0xD) + field(4, field(1, 0x250) + field(2, 2) + field(3, 20))
    ecdh = field(1, 0x1050) + field(5, field(1, 1) + field(3, b"\4" + bytes(64)))
    bodies = {
        "GenerateRandom": [field(1, 16)], "Login": [field(1, b"store") + field(2, b"secret77")],
        "DigestInit": [field(2, mech(0x250))], "DigestSingle": [field(1, mech(0x220)) + field(2, b"x")],
        "Digest": [field(1, b"\0") + field(2, b"x")], "DigestUpdate": [field(1, b"\0") + field(2, b"x")],
        "DigestFinal": [field(1, b"\0")], "EncryptFinal": [field(1, b"\1")], "DecryptFinal": [field(1, b"\2")],
        "EncryptInit": [field(2, cbc) + field(4, key(aes)), field(2, oaep) + field(4, key(rsa_public)),
                        field(2, cbc) + field(3, b"old")],
        "EncryptUpdate": [field(1, b"\1") + field(2, b"x" * 20)], "DecryptUpdate": [field(1, b"\2") + field(2, b"x" * 32)],
        "SignSingle": [field(2, m) + field(3, b"x" * 32) + field(5, key(k))
                       for m, k in ((hmac, generic), (pss, rsa_private), (mech(0x1041), ec_private))],
        "VerifySingle": [field(2, mech(0x1041)) + field(3, b"x") + field(4, bytes(64)) + field(5, key(ec_public))],
        "SignUpdate": [field(1, b"\3") + field(2, b"x")], "SignFinal": [field(1, b"\3")],
        "VerifyFinal": [field(1, b"\4") + field(2, bytes(32))],
        "ReencryptSingle": [field(3, cbc) + field(4, cbc) + field(5, bytes(32)) + field(7, key(aes)) + field(8, key(aes))],
        "GenerateKey": [field(1, mech(0x1080)) + template(6, (0x161, length), (0x104, yes), (0x162, yes))],
        "GenerateKeyPair": [field(1, mech(0x1040)) + template(7, (0x108, yes)) + template(8, (0x180, field(1, P256)))],
        "WrapKey": [field(4, cbc) + field(6, key(generic)) + field(7, key(aes)),
                    field(4, bound) + field(6, key(aes)) + field(7, key(aes)) + field(8, key(generic))],
        "UnwrapKey": [field(1, bytes(32)) + field(5, cbc) + template(9, (0x100, field(3, 0x1F))) + field(11, key(aes)),
                      field(1, b"GBW1" + bytes(80)) + field(5, bound) + field(11, key(aes)) + field(12, key(generic))],
        "DeriveKey": [field(1, ecdh) + template(8, (0x100, field(3, 0x10)), (0x161, length)) + field(10, key(ec_private))],
        "GetAttributeValue": [field(1, b"\2") + template(3, (0x100, yes), (0x180, yes))
                              + field(2, field(1, 0x100) + field(2, b""))],
        "SetAttributeValue": [field(1, b"\0") + template(3, (0x104, field(2, 0)), (0x170, field(2, 0)))],
        "RewrapKeyBlob": [field(2, key(aes)), field(1, b"old")],
    }
    with open(os.path.join(ROOT, "proto", "grep11", "grep11.proto"), encoding="utf-8") as file:
        rpcs = re.findall(r"^  rpc (\w+)", file.read(), re.MULTILINE)
    return {f"{name}-{i}": bytes([rpcs.index(name)]) + body
            for name, many in bodies.items() for i, body in enumerate(many)}


def main():
    for target, make in (("frames", frames), ("attributes", attribute_lists), ("answers", answers),
                         ("config", configurations), ("emulator_requests", emulator_requests)):
        folder = os.path.join(sys.argv[1], target)
        os.makedirs(folder, exist_ok=True)
        for name, data in make().items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        print(f"{target}: {len(os.listdir(folder))} seeds")


if __name__ == "__main__":
    main()
