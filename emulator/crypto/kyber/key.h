// Room: emulator/crypto. Kyber: key pairs, taken apart once and shared by everybody who computes
// with them. Both classes are immutable and cheap to copy. Threads: any, also the same key in
// several at once.
#pragma once

#include <memory>

#include "daemon/core/result.h"
#include "emulator/crypto/kyber/poly.h"

namespace gw::emulator::kyber {

class PublicKey {
 public:
  //   raw     t || rho
  //   errors  CKR_PUBLIC_KEY_INVALID  wrong length, or a coefficient that is not below q: the same
  //                                   key must not have two forms
  static Result<PublicKey> FromRaw(const StrengthRow& row, ByteView raw);
  // Reads one SubjectPublicKeyInfo; octets behind it are an error.
  //   errors  CKR_PUBLIC_KEY_INVALID, CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
  static Result<PublicKey> FromSpki(ByteView der);

  const StrengthRow& strength() const;
  ByteView raw() const;
  Bytes Spki() const;

  // For those who compute with it: the hash of the key, and A and t, transformed.
  ByteView hash() const;
  const PolyVec& matrix() const;
  const PolyVec& t() const;

 private:
  friend class PrivateKey;
  struct State;
  explicit PublicKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  std::shared_ptr<const State> state_;
};

class PrivateKey {
 public:
  static constexpr std::size_t kSeedBytes = 64;

  static PrivateKey Generate(const StrengthRow& row);
  // The pair that the known-answer tests expect.
  //   seed  kSeedBytes: what s, e and rho are made of, then z
  static PrivateKey FromSeed(const StrengthRow& row, ByteView seed);
  // Everything in a private key that follows from the rest of it must do so, else somebody could
  // learn secrets from what a key of his making answers. z stands alone.
  //   raw     s || public key || its hash || z
  //   errors  CKR_WRAPPED_KEY_INVALID  wrong length, s or the error out of range, parts do not fit
  static Result<PrivateKey> FromRaw(const StrengthRow& row, ByteView raw);
  // Reads one PrivateKeyInfo, with or without the public half; octets behind it are an error.
  //   errors  CKR_WRAPPED_KEY_INVALID, CKR_IBM_PQC_PARAMS_NOT_SUPPORTED
  static Result<PrivateKey> FromPkcs8(ByteView der);

  const StrengthRow& strength() const { return public_key().strength(); }
  const PublicKey& public_key() const;
  ByteView raw() const;
  SecretBytes Pkcs8() const;

  // For those who compute with it: s, transformed, and what is hashed when a ciphertext is refused.
  const PolyVec& s() const;
  ByteView z() const;

 private:
  struct State;
  explicit PrivateKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  std::shared_ptr<const State> state_;
};

}  // namespace gw::emulator::kyber
