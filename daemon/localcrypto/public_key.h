// Room: localcrypto. May include: core, mechanism headers. May touch: OpenSSL. Work with public
// keys that needs no HSM: verify, encrypt, and the attributes of a key read from its
// SubjectPublicKeyInfo.
#pragma once

#include <memory>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "daemon/localcrypto/curve.h"
#include "daemon/mechanism/lattice.h"
#include "daemon/mechanism/mechanism.h"

namespace gw {

class PkeyEngine;

// Octets of the first DER SEQUENCE, which is the SubjectPublicKeyInfo when the HSM's MAC trailer
// follows. 0: not a SEQUENCE, longer than `bytes`, or not DER.
std::size_t SpkiLength(ByteView bytes);

// An RSA, EC or lattice public key. Immutable and shared: parsed once per object, then used by
// every call and thread.
class PublicKey {
 public:
  // `spki` may be followed by the HSM's trailer, which is dropped.
  //   errors  CKR_DEVICE_ERROR           broken, or values no key can have (point not on the curve,
  //                                      even modulus)
  //           CKR_KEY_TYPE_INCONSISTENT  neither RSA nor EC, nor a lattice that we know
  //           CKR_CURVE_NOT_SUPPORTED    a curve that the HSM does not have
  //   source  GREP11 reference 4.1, 4.2
  static Result<std::shared_ptr<const PublicKey>> Parse(ByteView spki);

  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;
  ~PublicKey();

  // Decides as the HSM does for the raw mechanisms; hashing comes before.
  //   CKM_RSA_PKCS      data: 0..k-11 octets, usually a DigestInfo; the recovered block has to be
  //                     exactly 00 01 FF.. 00 data, nothing is parsed leniently
  //   CKM_RSA_PKCS_PSS  data: a digest of the parameter's hash; the salt has exactly salt_bytes
  //   CKM_ECDSA         data: any length, its leading bits count; signature r || s
  //   CKM_IBM_ED25519_SHA512, CKM_IBM_ED448_SHA3
  //                     data: the message; signature as RFC 8032 has it
  //   errors  CKR_SIGNATURE_INVALID        well-formed but not for this key and data
  //           CKR_SIGNATURE_LEN_RANGE      RSA: not k octets; EC: not 2 * order_bytes
  //           CKR_DATA_LEN_RANGE           RSA: too long, or not of the digest's length
  //           CKR_KEY_TYPE_INCONSISTENT    RSA mechanism with an EC key or the other way round
  //           CKR_MECHANISM_INVALID        another mechanism, or computes_here() is false
  //           CKR_MECHANISM_PARAM_INVALID  PSS: unknown hash or mask generator, salt longer than
  //                                        the key allows
  //   source  RFC 8017 8.1.2, 8.2.2; PKCS #11 v2.40 mechanisms 2.1, 2.3
  Status Verify(const Mechanism& raw_mechanism, ByteView data, ByteView signature) const;

  // What a signature of CKM_RSA_PKCS was made of.
  //   errors  CKR_SIGNATURE_INVALID      not 00 01 FF.. 00 data, or not of this key
  //           CKR_SIGNATURE_LEN_RANGE    not k octets
  //           CKR_KEY_TYPE_INCONSISTENT  not an RSA key
  //           CKR_MECHANISM_INVALID      computes_here() is false
  //   source  RFC 8017 8.2.2
  Result<Bytes> Recover(ByteView signature) const;

  // CKM_RSA_PKCS (data 0..k-11) and CKM_RSA_PKCS_OAEP (data 0..k-2-2*hash). Returns k octets.
  //   errors  CKR_DATA_LEN_RANGE           too long
  //           CKR_KEY_TYPE_INCONSISTENT    not an RSA key
  //           CKR_MECHANISM_INVALID        another mechanism, or computes_here() is false
  //           CKR_MECHANISM_PARAM_INVALID  OAEP: unknown hash, mask generator or source
  //   source  RFC 8017 7.1.1, 7.2.1
  Result<Bytes> Encrypt(const Mechanism& mechanism, ByteView data) const;

  // False: Verify and Encrypt have to go to the HSM (a curve without local_verify, a lattice, an
  // RSA key with an unusually large exponent). The accessors serve such keys too.
  bool computes_here() const { return engine_ != nullptr; }

  bool is_rsa() const { return curve_ == nullptr && strength_ == nullptr; }
  const Curve* curve() const { return curve_; }                  // nullptr: no curve
  const LatticeStrength* strength() const { return strength_; }  // nullptr: no lattice
  unsigned Bits() const;                   // of the modulus, or Curve::bits; 0: a lattice
  ByteView Spki() const { return spki_; }  // clean DER, without the HSM's trailer
  // The same as the rest of the world writes it: Edwards and Montgomery keys by RFC 8410, which the
  // HSM does not take.
  Bytes StandardSpki() const;

  // RSA: big-endian without leading zeros, as CKA_MODULUS and CKA_PUBLIC_EXPONENT want them. Empty
  // for EC.
  Bytes Modulus() const { return modulus_; }
  Bytes PublicExponent() const { return exponent_; }

  // EC: 04 || X || Y (or the bare octets of Edwards and Montgomery curves), not wrapped in an OCTET
  // STRING; and the DER object identifier. Empty for RSA.
  Bytes EcPoint() const { return point_; }
  Bytes EcParams() const;

 private:
  PublicKey();

  Status VerifyRsaPkcs(ByteView data, ByteView signature) const;
  Status VerifyPss(const Mechanism& mechanism, ByteView digest, ByteView signature) const;
  Status VerifyEcdsa(ByteView digest, ByteView signature) const;
  Status VerifyEddsa(ByteView message, ByteView signature) const;

  // Constant after Parse.
  Bytes spki_;
  const Curve* curve_ = nullptr;
  const LatticeStrength* strength_ = nullptr;
  Bytes modulus_;
  Bytes exponent_;
  Bytes point_;
  std::unique_ptr<const PkeyEngine> engine_;  // null: computes_here() is false
};

// A clean SubjectPublicKeyInfo from the attributes of an object.
//   modulus, exponent  big-endian, leading zeros allowed
//   ec_params          as FindCurve takes it; raw_point  as PublicKey::EcPoint gives it
//   errors  CKR_ATTRIBUTE_VALUE_INVALID  not a key: empty or even modulus, point of a wrong length
//                                        or not on the curve
//           CKR_CURVE_NOT_SUPPORTED      unknown curve
Result<Bytes> SpkiFromRsa(ByteView modulus, ByteView exponent);
Result<Bytes> SpkiFromEc(ByteView ec_params, ByteView raw_point);

}  // namespace gw
