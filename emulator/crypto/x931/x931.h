// Room: emulator/crypto/x931. RSA signatures and key pairs by ANSI X9.31. OpenSSL pads for some
// hashes and appends the trailer itself; the mechanisms here take digest and trailer from the
// caller, any hash's. Threads: any.
#pragma once

#include <cstddef>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/hash.h"
#include "emulator/crypto/pkey.h"

namespace gw::emulator {

// What CKM_RSA_X9_31 takes: the digest, the identifier of its hash, CC.
Bytes X931InputOf(HashId hash, ByteView digest);

// 6B BB .. BB BA || input, or 6B BA || input where there is no room for more.
//   input   1 to `modulus_bytes` - 2 octets
//   errors  CKR_DATA_LEN_RANGE  another length
//           CKR_DATA_INVALID    does not end in CC: what is signed so would never verify
Result<Bytes> X931Block(std::size_t modulus_bytes, ByteView input);

//   key      RSA, of 1024 bits or more in steps of 256
//   returns  as many octets as the modulus has: of x and modulus - x the smaller one
//   errors   those of X931Block();  CKR_KEY_SIZE_RANGE  another modulus
//            CKR_KEY_TYPE_INCONSISTENT  not RSA, or a public key
Result<Bytes> X931Sign(const PKey& key, ByteView input);

// Takes the larger of the two as well: the standard's verification does not see a difference.
//   errors  those of X931Block();  CKR_KEY_SIZE_RANGE;  CKR_KEY_TYPE_INCONSISTENT
//           CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID
Status X931Verify(const PKey& key, ByteView input, ByteView signature);

// The large primes that X9.31 wants beside p and q: p1 | p-1, p2 | p+1, q1 | q-1, q2 | q+1.
// Big-endian.
struct X931Factors {
  SecretBytes p1, p2, q1, q2;
};

//   bits      1024 to 4096 in steps of 256
//   exponent  big-endian, odd, 3 or more, at most 64 bits
//   factors   told if not null
//   errors    CKR_ATTRIBUTE_VALUE_INVALID  another size or exponent
Result<PKey> GenerateX931(std::size_t bits, ByteView exponent, X931Factors* factors = nullptr);

}  // namespace gw::emulator
