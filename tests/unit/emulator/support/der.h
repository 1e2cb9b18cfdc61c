// Room: tests. Keys of given numbers in DER, written octet by octet.
#pragma once

#include "daemon/core/bytes.h"

namespace gw::emulator {

// Numbers are unsigned and big-endian, leading zeros do not count.
Bytes DerInteger(ByteView number);
Bytes DerSequence(ByteView content);

// RFC 3279 section 2.3.2; the private key is INTEGER x.
Bytes DsaPkcs8(ByteView p, ByteView q, ByteView g, ByteView x);
// PKCS #3 parameters; the private key is INTEGER x.
Bytes DhPkcs8(ByteView p, ByteView g, ByteView x);
// RFC 8017 appendix A.1.2.
Bytes RsaPkcs8(ByteView n, ByteView e, ByteView d, ByteView p, ByteView q);
// A public key, of any numbers.
Bytes RsaSpki(ByteView n, ByteView e);

}  // namespace gw::emulator
