// Room: localcrypto. May include: core. Touches nothing. Keys of DSA and Diffie-Hellman: their
// public halves and domain parameters, octets only. What they compute is the HSM's.
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/ck.h"
#include "daemon/core/result.h"

namespace gw {

// Numbers are big-endian without leading zeros.
struct FfcDomain {
  Bytes prime;
  Bytes subprime;  // DSA only
  Bytes base;
  friend bool operator==(const FfcDomain&, const FfcDomain&) = default;
};

struct FfcPublicKey {
  CK_KEY_TYPE type = CKK_DSA;  // or CKK_DH
  FfcDomain domain;
  Bytes value;
  friend bool operator==(const FfcPublicKey&, const FfcPublicKey&) = default;
};

// True if the SubjectPublicKeyInfo names one of the two algorithms.
bool IsFfcSpki(ByteView spki);

// `spki` may be followed by the HSM's trailer, which is dropped.
//   errors  CKR_DEVICE_ERROR  broken
//   source  RFC 3279 2.3.2, 2.3.3; PKCS #3
Result<FfcPublicKey> ParseFfcSpki(ByteView spki);
Bytes SpkiFromFfc(const FfcPublicKey& key);

// What the HSM makes as domain parameters: P || Q || G or P || G, each as long as P, or DER: the
// numbers alone or in an AlgorithmIdentifier. Which of the two is not documented (wire sheet 4.7).
//   errors  CKR_DEVICE_ERROR  neither
Result<FfcDomain> ParseFfcDomain(CK_KEY_TYPE type, ByteView encoded);
// As CKA_IBM_STRUCT_PARAMS takes them. Neither Q nor G may be longer than P.
Bytes JoinFfcDomain(const FfcDomain& domain);

// A DER PrivateKeyInfo (PKCS #8) of the secret exponent, in locked memory.
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  zero, or not less than the order (DSA) or the prime (DH)
//   source  RFC 5208 5; GREP11 reference 4.5
Result<SecretBytes> Pkcs8FromFfc(CK_KEY_TYPE type, const FfcDomain& domain, ByteView exponent);

}  // namespace gw
