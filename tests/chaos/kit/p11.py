"""Room: tests/chaos. PKCS #11 for Python, over ctypes: the few calls that the chaos clients make. Errors are
exceptions that carry their CKR_ name. A call holds no lock of Python's, so threads of one process call side by side.
"""

import ctypes
import os
import struct

ULONG = ctypes.c_ulong
UNAVAILABLE = ULONG(-1).value

CKF_RW_SESSION, CKF_SERIAL_SESSION, CKF_OS_LOCKING_OK = 2, 4, 2
CKU_USER = 1
CKO_DATA, CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY = range(5)
CKC_X_509 = 0
CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL = 0, 1, 2, 3
CKA_APPLICATION, CKA_VALUE, CKA_OBJECT_ID, CKA_CERTIFICATE_TYPE = 0x10, 0x11, 0x12, 0x80
CKA_SUBJECT, CKA_ID, CKA_SENSITIVE = 0x101, 0x102, 0x103
CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY = 0x104, 0x105, 0x108, 0x10A
CKA_VALUE_LEN, CKA_EC_PARAMS, CKA_EC_POINT = 0x161, 0x180, 0x181
CKM_AES_KEY_GEN, CKM_AES_ECB, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA = 0x1080, 0x1081, 0x1040, 0x1041
P256 = bytes.fromhex("06082a8648ce3d030107")  # DER of the curve's OID

CKR_OK = 0
NAMES = {
    0x02: "CKR_HOST_MEMORY", 0x05: "CKR_GENERAL_ERROR", 0x06: "CKR_FUNCTION_FAILED", 0x07: "CKR_ARGUMENTS_BAD",
    0x10: "CKR_ATTRIBUTE_READ_ONLY", 0x11: "CKR_ATTRIBUTE_SENSITIVE", 0x12: "CKR_ATTRIBUTE_TYPE_INVALID",
    0x13: "CKR_ATTRIBUTE_VALUE_INVALID", 0x1B: "CKR_ACTION_PROHIBITED", 0x30: "CKR_DEVICE_ERROR",
    0x31: "CKR_DEVICE_MEMORY", 0x32: "CKR_DEVICE_REMOVED", 0x50: "CKR_FUNCTION_CANCELED", 0x54: "CKR_FUNCTION_NOT_SUPPORTED",
    0x60: "CKR_KEY_HANDLE_INVALID", 0x82: "CKR_OBJECT_HANDLE_INVALID", 0x90: "CKR_OPERATION_ACTIVE",
    0x91: "CKR_OPERATION_NOT_INITIALIZED", 0xA0: "CKR_PIN_INCORRECT", 0xB1: "CKR_SESSION_COUNT",
    0xB3: "CKR_SESSION_HANDLE_INVALID", 0xC0: "CKR_SIGNATURE_INVALID", 0xD0: "CKR_TEMPLATE_INCOMPLETE",
    0xD1: "CKR_TEMPLATE_INCONSISTENT", 0xE0: "CKR_TOKEN_NOT_PRESENT", 0x100: "CKR_USER_ALREADY_LOGGED_IN",
    0x101: "CKR_USER_NOT_LOGGED_IN", 0x190: "CKR_CRYPTOKI_NOT_INITIALIZED", 0x191: "CKR_CRYPTOKI_ALREADY_INITIALIZED",
    0x200: "CKR_FUNCTION_REJECTED",
}
CKR_BUFFER_TOO_SMALL, CKR_USER_ALREADY_LOGGED_IN = 0x150, 0x100


class P11Error(Exception):
    def __init__(self, function, rv):
        self.rv, self.name = rv, NAMES.get(rv, hex(rv))
        super().__init__(f"{function}: {self.name}")


class Attribute(ctypes.Structure):
    _fields_ = [("type", ULONG), ("value", ctypes.c_void_p), ("length", ULONG)]


class Mechanism(ctypes.Structure):
    _fields_ = [("type", ULONG), ("parameter", ctypes.c_void_p), ("length", ULONG)]


class InitializeArgs(ctypes.Structure):
    _fields_ = [("callbacks", ctypes.c_void_p * 4), ("flags", ULONG), ("reserved", ctypes.c_void_p)]


class SessionInfo(ctypes.Structure):
    _fields_ = [("slot", ULONG), ("state", ULONG), ("flags", ULONG), ("device_error", ULONG)]


def octets_of(value):
    """A bool is a CK_BBOOL, an int a CK_ULONG, a str UTF-8."""
    if isinstance(value, bool):
        return b"\1" if value else b"\0"
    if isinstance(value, int):
        return struct.pack("@L", value)
    return value.encode() if isinstance(value, str) else value


def number_of(octets):
    return struct.unpack("@L", octets)[0]


class Template:
    """A CK_ATTRIBUTE array that keeps its values alive. `attributes`: dict from CKA_ number to value."""

    def __init__(self, attributes):
        self.values = [ctypes.create_string_buffer(octets, len(octets)) if octets else None
                       for octets in map(octets_of, attributes.values())]
        self.array = (Attribute * len(attributes))(*(
            Attribute(kind, ctypes.cast(value, ctypes.c_void_p), len(value) if value else 0)
            for kind, value in zip(attributes, self.values)))

    def __len__(self):
        return len(self.array)


class Module:
    """The module under test on the stack's slot. Sessions and objects are handles, as in the standard."""

    def __init__(self, path=None, slot=None):
        self.library = ctypes.CDLL(path or os.environ["PKCS11_MODULE"])
        self.slot = int(os.environ["PKCS11_SLOT"]) if slot is None else slot

    def call(self, name, *arguments, accept=()):
        function = getattr(self.library, name)
        function.restype = ULONG
        rv = function(*(ULONG(a) if isinstance(a, int) and not isinstance(a, bool) else a for a in arguments))
        if rv != CKR_OK and rv not in accept:
            raise P11Error(name, rv)
        return rv

    def initialize(self):
        self.call("C_Initialize", ctypes.byref(InitializeArgs(flags=CKF_OS_LOCKING_OK)))

    def finalize(self):
        self.call("C_Finalize", None)

    def open_session(self, flags=CKF_RW_SESSION):
        session = ULONG()
        self.call("C_OpenSession", self.slot, flags | CKF_SERIAL_SESSION, None, None, ctypes.byref(session))
        return session.value

    def close_session(self, session):
        self.call("C_CloseSession", session)

    def login(self, session, pin=None):
        pin = (pin or os.environ["USER_PIN"]).encode()
        return self.call("C_Login", session, CKU_USER, pin, len(pin), accept=(CKR_USER_ALREADY_LOGGED_IN,))

    def logout(self, session):
        self.call("C_Logout", session)

    def session_info(self, session):
        """(slot, state, flags)"""
        info = SessionInfo()
        self.call("C_GetSessionInfo", session, ctypes.byref(info))
        return info.slot, info.state, info.flags

    # Objects.

    def create(self, session, attributes):
        return self._made("C_CreateObject", session, Template(attributes))

    def copy(self, session, source, attributes):
        template, made = Template(attributes), ULONG()
        self.call("C_CopyObject", session, source, template.array, len(template), ctypes.byref(made))
        return made.value

    def destroy(self, session, handle):
        self.call("C_DestroyObject", session, handle)

    def set(self, session, handle, attributes):
        template = Template(attributes)
        self.call("C_SetAttributeValue", session, handle, template.array, len(template))

    def get(self, session, handle, *kinds):
        """Values as bytes, None for those that the object does not tell or have."""
        wanted = (Attribute * len(kinds))(*(Attribute(kind, None, 0) for kind in kinds))
        self.call("C_GetAttributeValue", session, handle, wanted, len(kinds), accept=(0x11, 0x12))
        values = [None if row.length == UNAVAILABLE else ctypes.create_string_buffer(max(row.length, 1))
                  for row in wanted]
        for row, value in zip(wanted, values):
            row.value = ctypes.cast(value, ctypes.c_void_p) if value is not None else None
        self.call("C_GetAttributeValue", session, handle, wanted, len(kinds), accept=(0x11, 0x12))
        return [None if value is None else value.raw[:row.length] for row, value in zip(wanted, values)]

    def find(self, session, attributes):
        template, found, count = Template(attributes), (ULONG * 256)(), ULONG()
        handles = []
        self.call("C_FindObjectsInit", session, template.array, len(template))
        while True:
            self.call("C_FindObjects", session, found, len(found), ctypes.byref(count))
            if not count.value:
                break
            handles += found[:count.value]
        self.call("C_FindObjectsFinal", session)
        return handles

    # Keys.

    def _made(self, function, session, template, *before):
        made = ULONG()
        self.call(function, session, *before, template.array, len(template), ctypes.byref(made))
        return made.value

    def generate_aes(self, session, attributes):
        template = Template({CKA_VALUE_LEN: 32, CKA_ENCRYPT: True, CKA_DECRYPT: True, **attributes})
        return self._made("C_GenerateKey", session, template, ctypes.byref(Mechanism(CKM_AES_KEY_GEN)))

    def generate_ec(self, session, public, private):
        """(public, private) handles of a P-256 pair."""
        halves = [Template({CKA_EC_PARAMS: P256, CKA_VERIFY: True, **public}),
                  Template({CKA_SIGN: True, CKA_PRIVATE: True, CKA_SENSITIVE: True, **private})]
        made = ULONG(), ULONG()
        self.call("C_GenerateKeyPair", session, ctypes.byref(Mechanism(CKM_EC_KEY_PAIR_GEN)), halves[0].array,
                  len(halves[0]), halves[1].array, len(halves[1]), ctypes.byref(made[0]), ctypes.byref(made[1]))
        return made[0].value, made[1].value

    def sign(self, session, key, digest, mechanism=CKM_ECDSA):
        signature, size = ctypes.create_string_buffer(512), ULONG(512)
        self.call("C_SignInit", session, ctypes.byref(Mechanism(mechanism)), key)
        self.call("C_Sign", session, digest, len(digest), signature, ctypes.byref(size))
        return signature.raw[:size.value]

    def encrypt_block(self, session, key, data):
        """AES of whole blocks: enough to see that two handles are one key."""
        out, size = ctypes.create_string_buffer(len(data)), ULONG(len(data))
        self.call("C_EncryptInit", session, ctypes.byref(Mechanism(CKM_AES_ECB)), key)
        self.call("C_Encrypt", session, data, len(data), out, ctypes.byref(size))
        return out.raw[:size.value]
