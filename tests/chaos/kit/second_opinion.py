"""Room: tests/chaos. Signatures checked by OpenSSL's library, in process: what the module says of itself proves
nothing.

May touch: libcrypto over ctypes.
"""

import ctypes
import ctypes.util

EC_ALGORITHM = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")  # DER: id-ecPublicKey, P-256

_crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
for _name, _result, _arguments in (
        ("d2i_PUBKEY", ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long)),
        ("EVP_PKEY_free", None, (ctypes.c_void_p,)),
        ("EVP_PKEY_CTX_new", ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_void_p)),
        ("EVP_PKEY_CTX_free", None, (ctypes.c_void_p,)),
        ("EVP_PKEY_verify_init", ctypes.c_int, (ctypes.c_void_p,)),
        ("EVP_PKEY_verify", ctypes.c_int, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p,
                                           ctypes.c_size_t)),
):
    getattr(_crypto, _name).restype, getattr(_crypto, _name).argtypes = _result, _arguments


def _der(tag, content):
    size = len(content)
    return bytes([tag]) + (bytes([size]) if size < 0x80 else b"\x81" + bytes([size])) + content


def _integer(octets):
    short = octets.lstrip(b"\0")
    return _der(2, b"\0" + short if not short or short[0] & 0x80 else short)


class EcdsaP256:
    """A public key, from the value of CKA_EC_POINT (an OCTET STRING)."""

    def __init__(self, ec_point):
        key = _der(0x30, EC_ALGORITHM + _der(3, b"\0" + ec_point[2:]))
        buffer = ctypes.create_string_buffer(key, len(key))
        at = ctypes.c_void_p(ctypes.addressof(buffer))
        self.key = _crypto.d2i_PUBKEY(None, ctypes.byref(at), len(key))
        if not self.key:
            raise ValueError(f"no P-256 public key: {ec_point.hex()}")

    def __del__(self):
        _crypto.EVP_PKEY_free(getattr(self, "key", None))

    def holds(self, digest, signature):
        """Whether r||s is this key's signature of the digest."""
        half = len(signature) // 2
        if len(signature) != 64:
            return False
        der = _der(0x30, _integer(signature[:half]) + _integer(signature[half:]))
        context = _crypto.EVP_PKEY_CTX_new(self.key, None)
        try:
            return (_crypto.EVP_PKEY_verify_init(context) == 1 and
                    _crypto.EVP_PKEY_verify(context, der, len(der), digest, len(digest)) == 1)
        finally:
            _crypto.EVP_PKEY_CTX_free(context)
