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
#include "emulator/crypto/domain.h"

struct evp_pkey_st;

namespace gw::emulator {

struct LatticeKey;

// Immutable and cheap to copy. Threads: any, also the same key in several at once.
class PKey {
 public:
  // Raw curves as RFC 8410 has them, Dilithium and Kyber as IBM has them.
  //   errors  CKR_WRAPPED_KEY_INVALID   not a PKCS #8 PrivateKeyInfo, or the halves do not fit
  //           CKR_CURVE_NOT_SUPPORTED   no row in the curve table
  //           CKR_DOMAIN_PARAMS_INVALID sizes of DSA's or Diffie-Hellman's parameters
  //           CKR_KEY_TYPE_INCONSISTENT none of RSA, EC, DSA, Diffie-Hellman, lattices
  //           CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
  static Result<PKey> FromPkcs8(ByteView der);
  // Reads one SubjectPublicKeyInfo; octets behind it are an error. Raw curves are id-ecPublicKey
  // with the curve as parameter and the octets of the point, as GREP11 writes them; that the card
  // takes the form of RFC 8410 is not known, and so it is refused.
  //   errors  CKR_PUBLIC_KEY_INVALID, CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID,
  //           CKR_KEY_TYPE_INCONSISTENT, CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
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
  // Takes up to seconds: the parameters are checked first.
  //   type          CKK_DSA or CKK_DH
  //   private_bits  Diffie-Hellman: of the private value, kMinPrivateBits or more and less than the
  //                 prime has; 0: as the prime gives it
  //   errors        CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID
  static Result<PKey> GenerateFfc(CK_KEY_TYPE type, const DomainParams& domain,
                                  std::size_t private_bits);
  static constexpr std::size_t kMinPrivateBits = 160;
  //   strength  the value of CKA_IBM_PQC_PARAMS
  //   errors    CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
  static Result<PKey> GenerateDilithium(ByteView strength);
  static Result<PKey> GenerateKyber(ByteView strength);

  CK_KEY_TYPE type() const { return type_; }
  // RSA: modulus; EC: CurveRow::bits; DSA and Diffie-Hellman: prime; Dilithium and Kyber: public
  // key without its encoding.
  std::size_t bits() const { return bits_; }
  // RSA: octets of the modulus; EC and DSA: of r || s, or of an EdDSA signature; Dilithium: of a
  // signature. 0 for keys that sign nothing.
  std::size_t signature_bytes() const;
  // Null unless it is an EC key.
  const CurveRow* curve() const { return curve_; }
  // Null unless it is a Dilithium or Kyber key.
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
  // DSA and Diffie-Hellman only: the parameters, and the private value.
  //   errors  CKR_KEY_TYPE_INCONSISTENT  a public key
  DomainParams Domain() const;
  Result<SecretBytes> Exponent() const;

  // Null for Dilithium and Kyber.
  evp_pkey_st* handle() const { return pkey_.get(); }

 private:
  PKey(std::shared_ptr<evp_pkey_st> pkey, CK_KEY_TYPE type, std::size_t bits, const CurveRow* curve)
      : pkey_(std::move(pkey)), type_(type), bits_(bits), curve_(curve) {}
  explicit PKey(std::shared_ptr<const LatticeKey> lattice);
  static Result<PKey> Adopt(evp_pkey_st* owned);
  static Result<PKey> LatticeFromPkcs8(ByteView der);
  static Result<PKey> LatticeFromSpki(ByteView der);
  // Sizes and ranges of a DSA or Diffie-Hellman key, and that its halves fit.
  static Status CheckFfc(evp_pkey_st* pkey, CK_KEY_TYPE type);

  // Either an OpenSSL key or one of a lattice.
  std::shared_ptr<evp_pkey_st> pkey_;
  std::shared_ptr<const LatticeKey> lattice_;
  CK_KEY_TYPE type_;
  std::size_t bits_;
  const CurveRow* curve_;
};

}  // namespace gw::emulator
