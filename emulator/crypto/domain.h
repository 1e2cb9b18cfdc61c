// Room: emulator/crypto. Domain parameters of DSA and Diffie-Hellman: made, checked, encoded.
// `type` is CKK_DSA or CKK_DH throughout. Threads: any.
#pragma once

#include <cstddef>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"

namespace gw::emulator {

// Unsigned and big-endian, without leading zeros.
struct DomainParams {
  Bytes prime;
  Bytes subprime;  // DSA only
  Bytes base;

  std::size_t bits() const;  // of the prime
};

// What CKA_IBM_STRUCT_PARAMS carries: P || Q || G or P || G, each as long as P, which is what
// EncodeDomain() writes; or DER, either the parameters alone (RFC 3279 section 2.3.2, PKCS #3) or
// in an AlgorithmIdentifier.
//   errors  CKR_DOMAIN_PARAMS_INVALID
Result<DomainParams> ParseDomain(CK_KEY_TYPE type, ByteView encoded);
Bytes EncodeDomain(const DomainParams& domain);

// Sizes and ranges alone, which is cheap. DSA: P of 512 to 3072 bits in steps of 64, Q of 160 bits
// for P up to 1024 and of 224 or 256 above. Diffie-Hellman: P of 1024 to 4096 bits.
//   errors  CKR_DOMAIN_PARAMS_INVALID
Status CheckDomainShape(CK_KEY_TYPE type, const DomainParams& domain);
// Besides, that primes are prime and that G generates the group of Q. Takes up to seconds.
//   errors  CKR_DOMAIN_PARAMS_INVALID
Status CheckDomain(CK_KEY_TYPE type, const DomainParams& domain);

// Fresh ones, by FIPS 186-4. Those of Diffie-Hellman are made the same way, without telling Q:
// a safe prime would take OpenSSL up to a minute. Takes up to seconds.
//   bits    1024, 2048 or 3072
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  another size
Result<DomainParams> GenerateDomain(CK_KEY_TYPE type, std::size_t bits);

}  // namespace gw::emulator
