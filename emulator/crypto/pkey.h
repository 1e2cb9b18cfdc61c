// Room: emulator/crypto. An asymmetric key, parsed once and shared by everybody who signs with it.
// The only thing that leaves the room is the forward-declared handle: no OpenSSL header is needed
// to hold a PKey.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "daemon/core/bytes.h"
#include "daemon/core/result.h"
#include "emulator/crypto/curves.h"

struct evp_pkey_st;

namespace gw::emulator {

struct LatticeKey;

// Immutable and cheap to copy. Threads: any, also the same key in several at once.
class PKey {
 public:
  // Raw curves as RFC 8410 has them, Dilithium as IBM has it.
  //   errors  CKR_WRAPPED_KEY_INVALID   not a PKCS #8 PrivateKeyInfo, or the halves do not fit
  //           CKR_CURVE_NOT_SUPPORTED   no row in the curve table;  CKR_KEY_TYPE_INCONSISTENT  not
  //           RSA, EC or Dilithium;  CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
  static Result<PKey> FromPkcs8(ByteView der);
  // Reads one SubjectPublicKeyInfo; octets behind it are an error. Raw curves are id-ecPublicKey
  // with the curve as parameter and the octets of the point, as GREP11 writes them; that the card
  // takes the form of RFC 8410 is not known, and so it is refused.
  //   errors  CKR_PUBLIC_KEY_INVALID, CKR_CURVE_NOT_SUPPORTED, CKR_KEY_TYPE_INCONSISTENT,
  //           CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
  static Result<PKey> FromSpki(ByteView der);
  // From the bare value: a scalar, or the octets of a raw curve's private key; private_bytes long.
  //   errors  CKR_ATTRIBUTE_VALUE_INVALID  another length, or not in 1..order-1
  static Result<PKey> FromPrivate(const CurveRow& curve, ByteView value);
  // From the bare point, point_bytes long.
  //   errors  CKR_PUBLIC_KEY_INVALID  another length or form, or not on the curve
  static Result<PKey> FromPublic(const CurveRow& curve, ByteView point);
  //   bits  even, 512..;  exponent  big-endian, odd
  static Result<PKey> GenerateRsa(std::size_t bits, ByteView exponent);
  static PKey GenerateEc(const CurveRow& curve);
  //   strength  the value of CKA_IBM_PQC_PARAMS
  //   errors    CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
  static Result<PKey> GenerateDilithium(ByteView strength);

  CK_KEY_TYPE type() const {
    if (lattice_ != nullptr) return CKK_IBM_PQC_DILITHIUM;
    return curve_ == nullptr ? CKK_RSA : CKK_EC;
  }
  // RSA: modulus; EC: CurveRow::bits; Dilithium: public key without its encoding.
  std::size_t bits() const { return bits_; }
  // RSA: octets of the modulus; EC: of r || s, or of an EdDSA signature; Dilithium: of a signature.
  std::size_t signature_bytes() const;
  // Null unless it is an EC key.
  const CurveRow* curve() const { return curve_; }
  // Null unless it is a Dilithium key.
  const LatticeKey* lattice() const { return lattice_.get(); }

  SecretBytes Pkcs8() const;
  Bytes Spki() const;
  // RSA only: unsigned big-endian.
  Bytes Modulus() const;
  Bytes PublicExponent() const;
  // EC only: point_bytes long.
  Bytes Point() const;
  // EC only: what FromPrivate() takes.
  //   errors  CKR_KEY_TYPE_INCONSISTENT  a public key
  Result<SecretBytes> PrivateValue() const;

  // Null for Dilithium.
  evp_pkey_st* handle() const { return pkey_.get(); }

 private:
  PKey(std::shared_ptr<evp_pkey_st> pkey, std::size_t bits, const CurveRow* curve)
      : pkey_(std::move(pkey)), bits_(bits), curve_(curve) {}
  explicit PKey(std::shared_ptr<const LatticeKey> lattice);
  static Result<PKey> Adopt(evp_pkey_st* owned);
  static Result<PKey> LatticeFromPkcs8(ByteView der);
  static Result<PKey> LatticeFromSpki(ByteView der);

  // Either an OpenSSL key or a Dilithium key.
  std::shared_ptr<evp_pkey_st> pkey_;
  std::shared_ptr<const LatticeKey> lattice_;
  std::size_t bits_;
  const CurveRow* curve_;
};

}  // namespace gw::emulator
