// Room: emulator/crypto.
#include "emulator/crypto/kyber/encoding.h"

#include <algorithm>

#include "daemon/core/check.h"
#include "emulator/crypto/lattice/der.h"

namespace gw::emulator::kyber {
namespace {

using lattice::DerBits;
using lattice::DerElement;
using lattice::DerReader;
using lattice::kDerContext0;
using lattice::kDerInteger;
using lattice::kDerNull;
using lattice::kDerOctetString;
using lattice::kDerOid;
using lattice::kDerSequence;
using lattice::WipedBytes;

constexpr Byte kVersion0[] = {kDerInteger, 1, 0};
constexpr Byte kNull[] = {kDerNull, 0};
// Content of the OID 1.3.6.1.4.1.2.267.5, with which those of all strengths begin; Kyber-512's ends
// there.
constexpr Byte kFamily[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x02, 0x82, 0x0b, 0x05};
constexpr std::size_t kFillers = 64;

WipedBytes AlgorithmOf(const StrengthRow& row) {
  return DerElement(kDerSequence, {row.oid_der, kNull});
}

// Whether the next element is an AlgorithmIdentifier of Kyber.
bool NamesKyber(DerReader& info) {
  DerReader algorithm(info.Take(kDerSequence));
  const ByteView oid = algorithm.Take(kDerOid);
  return oid.size() >= sizeof kFamily && Equal(oid.first(sizeof kFamily), kFamily);
}

Error Malformed(CK_RV rv) { return CallerError(rv, "malformed Kyber key"); }

//   malformed  the error if this is no AlgorithmIdentifier
Result<const StrengthRow*> TakeAlgorithm(DerReader& reader, CK_RV malformed) {
  DerReader algorithm(reader.Take(kDerSequence));
  const ByteView oid = algorithm.TakeWhole(kDerOid);
  if (!algorithm.ok()) return Malformed(malformed);
  const StrengthRow* row = FindStrength(oid);
  if (row == nullptr) {
    return CallerError(CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, "OID of no Kyber strength of this card");
  }
  algorithm.Expect(kNull);
  if (!algorithm.Finished()) return Malformed(malformed);
  return row;
}

// The public key from the optional part; nothing if there is anything else in it.
std::optional<Bytes> TakePublicHalf(const StrengthRow& row, DerReader& key) {
  DerReader context(key.Take(kDerContext0));
  const ByteView bits = context.TakeBits();
  const std::size_t size = row.public_key_bytes();
  if (!context.Finished() || bits.size() < size) return std::nullopt;
  const ByteView rest = bits.subspan(size);
  const bool is_filler = rest.empty() || rest.size() == kFillers;
  if (!is_filler || std::ranges::any_of(rest, [](Byte octet) { return octet != '0'; })) {
    return std::nullopt;
  }
  return CopyOf(bits.first(size));
}

}  // namespace

bool IsKyberSpki(ByteView der) {
  DerReader outer(der);
  DerReader info(outer.Take(kDerSequence));
  return NamesKyber(info);
}

bool IsKyberPkcs8(ByteView der) {
  DerReader outer(der);
  DerReader info(outer.Take(kDerSequence));
  info.Expect(kVersion0);
  return info.ok() && NamesKyber(info);
}

Bytes EncodeSpki(const StrengthRow& row, ByteView raw) {
  GW_CHECK(raw.size() == row.public_key_bytes());
  const WipedBytes key = DerElement(kDerSequence, {DerBits(raw)});
  return CopyOf(DerElement(kDerSequence, {AlgorithmOf(row), DerBits(key)}));
}

Result<DecodedPublicKey> DecodeSpki(ByteView der) {
  DerReader outer(der);
  DerReader info(outer.Take(kDerSequence));
  GW_TRY(row, TakeAlgorithm(info, CKR_PUBLIC_KEY_INVALID));
  DerReader bits(info.TakeBits());
  DerReader key(bits.Take(kDerSequence));
  DecodedPublicKey decoded{row, CopyOf(key.TakeBits(row->public_key_bytes()))};
  if (!outer.Finished() || !info.Finished() || !bits.Finished() || !key.Finished()) {
    return Malformed(CKR_PUBLIC_KEY_INVALID);
  }
  return decoded;
}

SecretBytes EncodePkcs8(const StrengthRow& row, ByteView raw, ByteView public_key) {
  GW_CHECK(raw.size() == row.private_key_bytes() && public_key.size() == row.public_key_bytes());
  const WipedBytes key = DerElement(
      kDerSequence, {kVersion0, DerBits(raw), DerElement(kDerContext0, {DerBits(public_key)})});
  return SecretBytes(
      DerElement(kDerSequence, {kVersion0, AlgorithmOf(row), DerElement(kDerOctetString, {key})}));
}

Result<DecodedPrivateKey> DecodePkcs8(ByteView der) {
  DerReader outer(der);
  DerReader info(outer.Take(kDerSequence));
  info.Expect(kVersion0);
  GW_TRY(row, TakeAlgorithm(info, CKR_WRAPPED_KEY_INVALID));
  DerReader octets(info.Take(kDerOctetString));
  DerReader key(octets.Take(kDerSequence));
  key.Expect(kVersion0);
  const ByteView raw = key.TakeBits(row->private_key_bytes());
  const bool has_public = !key.empty();
  std::optional<Bytes> public_key;
  if (has_public) public_key = TakePublicHalf(*row, key);
  if (has_public != public_key.has_value() || !outer.Finished() || !info.Finished() ||
      !octets.Finished() || !key.Finished()) {
    return Malformed(CKR_WRAPPED_KEY_INVALID);
  }
  return DecodedPrivateKey{row, SecretBytes(raw), std::move(public_key)};
}

}  // namespace gw::emulator::kyber
