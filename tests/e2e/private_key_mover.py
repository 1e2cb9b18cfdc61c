"""Room: tests/e2e. Moves a private key from the HSM of one stack to that of another, by the calls that docs/migration.md lists.

    private_key_mover.py wrap|unwrap FOLDER     in the environment of the stack; FOLDER takes what travels

The transport key, an RSA pair, has CKA_ID f0 on both sides, the key CKA_ID 02. May touch: the token of the stack, FOLDER.
"""

import ctypes
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "chaos"))

from kit import p11  # noqa: E402

TRANSPORT, KEY = b"\xf0", b"\x02"
CKA_KEY_TYPE, CKA_WRAP, CKA_UNWRAP, CKA_EXTRACTABLE = 0x100, 0x106, 0x107, 0x162
CKK_EC, CKK_AES = 3, 0x1F
CKM_RSA_PKCS_OAEP, CKM_AES_CBC_PAD = 9, 0x1085
OAEP_SHA256 = struct.pack("@5L", 0x250, 2, 1, 0, 0)  # CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, no data
IV = bytes(range(16))


class Mover:
    def __init__(self, folder):
        self.folder = folder
        self.module = p11.Module()
        self.module.initialize()
        self.session = self.module.open_session()
        self.module.login(self.session)

    def mechanism(self, kind, parameter):
        octets = ctypes.create_string_buffer(parameter, len(parameter))
        made = p11.Mechanism(kind, ctypes.cast(octets, ctypes.c_void_p), len(parameter))
        made.kept = octets
        return ctypes.byref(made)

    def find(self, object_class, number):
        (handle,) = self.module.find(self.session, {p11.CKA_CLASS: object_class, p11.CKA_ID: number})
        return handle

    def wrap(self, mechanism, wrapping_key, key, name):
        out, size = ctypes.create_string_buffer(4096), p11.ULONG(4096)
        self.module.call("C_WrapKey", self.session, mechanism, wrapping_key, key, out, ctypes.byref(size))
        with open(os.path.join(self.folder, name), "wb") as file:
            file.write(out.raw[:size.value])

    def unwrap(self, mechanism, unwrapping_key, name, attributes):
        with open(os.path.join(self.folder, name), "rb") as file:
            wrapped = file.read()
        template, made = p11.Template(attributes), p11.ULONG()
        self.module.call("C_UnwrapKey", self.session, mechanism, unwrapping_key, wrapped, len(wrapped), template.array,
                         len(template), ctypes.byref(made))
        return made.value


def wrap(mover):
    carrier = mover.module.generate_aes(mover.session, {CKA_EXTRACTABLE: True, CKA_WRAP: True})
    mover.wrap(mover.mechanism(CKM_RSA_PKCS_OAEP, OAEP_SHA256), mover.find(p11.CKO_PUBLIC_KEY, TRANSPORT), carrier, "carrier")
    mover.wrap(mover.mechanism(CKM_AES_CBC_PAD, IV), carrier, mover.find(p11.CKO_PRIVATE_KEY, KEY), "key")


def unwrap(mover):
    carrier = mover.unwrap(mover.mechanism(CKM_RSA_PKCS_OAEP, OAEP_SHA256), mover.find(p11.CKO_PRIVATE_KEY, TRANSPORT), "carrier",
                           {p11.CKA_CLASS: p11.CKO_SECRET_KEY, CKA_KEY_TYPE: CKK_AES, CKA_UNWRAP: True})
    mover.unwrap(mover.mechanism(CKM_AES_CBC_PAD, IV), carrier, "key",
                 {p11.CKA_CLASS: p11.CKO_PRIVATE_KEY, CKA_KEY_TYPE: CKK_EC, p11.CKA_TOKEN: True, p11.CKA_ID: KEY,
                  p11.CKA_LABEL: "moved"})


if __name__ == "__main__":
    at_work = Mover(sys.argv[2])
    {"wrap": wrap, "unwrap": unwrap}[sys.argv[1]](at_work)
    at_work.module.finalize()
