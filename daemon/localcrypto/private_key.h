// Room: localcrypto. May touch: OpenSSL. Private keys that applications bring by their components,
// in the form in which the HSM takes them. What is secret is in locked memory, and wiped.
#pragma once

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "daemon/localcrypto/curve.h"

namespace gw {

// Big-endian, leading zeros allowed; borrowed.
struct RsaNumbers {
  ByteView modulus;
  ByteView public_exponent;
  ByteView private_exponent;
  ByteView prime_1;
  ByteView prime_2;
  ByteView exponent_1;
  ByteView exponent_2;
  ByteView coefficient;
};

// A DER PrivateKeyInfo (PKCS #8). The numbers have to belong together; whether the primes are
// primes is not looked at.
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  they do not
//   source  RFC 5208 5, RFC 8017 3.2 and A.1.2; GREP11 reference 4.5
Result<SecretBytes> Pkcs8FromRsa(const RsaNumbers& numbers);

// The same of an EC key, with its public half.
//   curve   of kind kWeierstrass
//   scalar  big-endian, leading zeros allowed
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  not between 1 and the order of the curve
//   source  RFC 5915 3; GREP11 reference 4.5
Result<SecretBytes> Pkcs8FromEc(const Curve& curve, ByteView scalar);

// The same of an Edwards or Montgomery key, without its public half.
//   value   the private key of RFC 8032 or RFC 7748; of an Edwards key perhaps with the public key
//           after it
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  of another length, or the public key is another one
//   source  RFC 8410 7; behaviour 7.1
Result<SecretBytes> Pkcs8FromBare(const Curve& curve, ByteView value);

}  // namespace gw
