// Room: emulator/crypto. Dilithium: key pairs, taken apart once and shared by everybody who signs
// or verifies with them. Both classes are immutable and cheap to copy. Threads: any, also the same
// key in several at once.
#pragma once

#include <memory>

#include "daemon/core/result.h"
#include "emulator/crypto/dilithium/poly.h"

namespace gw::emulator::dilithium {

class PublicKey {
 public:
  //   raw     rho || t1
  //   errors  CKR_PUBLIC_KEY_INVALID  wrong length; there are no other wrong octets
  static Result<PublicKey> FromRaw(const StrengthRow& row, ByteView raw);
  // Reads one SubjectPublicKeyInfo; octets behind it are an error.
  //   errors  CKR_PUBLIC_KEY_INVALID, CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
  static Result<PublicKey> FromSpki(ByteView der);

  const StrengthRow& strength() const;
  ByteView raw() const;
  Bytes Spki() const;

  // For those who compute with it: the hash of the key, and A and t1 * 2^d, transformed.
  ByteView tr() const;
  const PolyVec& matrix() const;
  const PolyVec& t1() const;

 private:
  friend class PrivateKey;
  struct State;
  explicit PublicKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  static PublicKey Assemble(const StrengthRow& row, ByteView raw, PolyVec matrix);

  std::shared_ptr<const State> state_;
};

class PrivateKey {
 public:
  static PrivateKey Generate(const StrengthRow& row);
  // The pair that the known-answer tests expect.
  //   seed  round.seed_bytes octets
  static PrivateKey FromSeed(const StrengthRow& row, ByteView seed);
  // Everything in a private key that follows from the rest of it must do so, else somebody could
  // have signatures made with secrets of his choice.
  //   raw     rho || key || tr || s1 || s2 || t0
  //   errors  CKR_WRAPPED_KEY_INVALID  wrong length, s1 or s2 out of range, parts do not fit
  static Result<PrivateKey> FromRaw(const StrengthRow& row, ByteView raw);
  // Reads one PrivateKeyInfo, with or without the public half; octets behind it are an error.
  //   errors  CKR_WRAPPED_KEY_INVALID, CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
  static Result<PrivateKey> FromPkcs8(ByteView der);

  const StrengthRow& strength() const { return public_key().strength(); }
  const PublicKey& public_key() const;
  ByteView raw() const;
  SecretBytes Pkcs8() const;

  // For those who compute with it: the seed of signing, and the vectors, transformed.
  ByteView key() const;
  const PolyVec& s1() const;
  const PolyVec& s2() const;
  const PolyVec& t0() const;

 private:
  struct State;
  explicit PrivateKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  static PrivateKey Assemble(const StrengthRow& row, ByteView rho, ByteView key, PolyVec s1,
                             PolyVec s2);

  std::shared_ptr<const State> state_;
};

}  // namespace gw::emulator::dilithium
