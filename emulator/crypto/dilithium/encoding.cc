// Room: emulator/crypto.
#include "emulator/crypto/dilithium/encoding.h"

#include <algorithm>
#include <array>

#include "daemon/core/check.h"
#include "emulator/crypto/lattice/der.h"

namespace gw::emulator::dilithium {
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

// Of the fields of a raw private key, in their order.
std::array<std::size_t, 6> PrivateFieldSizes(const StrengthRow& row) {
  return {kRhoBytes, kKeyBytes, row.round.tr_bytes, row.s1_bytes(), row.s2_bytes(), row.t0_bytes()};
}

WipedBytes AlgorithmOf(const StrengthRow& row) {
  return DerElement(kDerSequence, {row.oid_der, kNull});
}

// The last two arcs are the strength, an octet each.
bool IsOfSameRound(const StrengthRow& row, ByteView oid) {
  return oid.size() == row.oid_der.size() &&
         Equal(oid.first(oid.size() - 2), row.oid_der.first(oid.size() - 2));
}

// Whether the next element is an AlgorithmIdentifier of Dilithium.
bool NamesDilithium(DerReader& info) {
  DerReader algorithm(info.Take(kDerSequence));
  const ByteView oid = algorithm.TakeWhole(kDerOid);
  return algorithm.ok() && std::ranges::any_of(StrengthTable(), [oid](const StrengthRow& row) {
           return IsOfSameRound(row, oid);
         });
}

Error Malformed(CK_RV rv) { return CallerError(rv, "malformed Dilithium key"); }

//   malformed  the error if this is no AlgorithmIdentifier
Result<const StrengthRow*> TakeAlgorithm(DerReader& reader, CK_RV malformed) {
  DerReader algorithm(reader.Take(kDerSequence));
  const ByteView oid = algorithm.TakeWhole(kDerOid);
  if (!algorithm.ok()) return Malformed(malformed);
  const StrengthRow* row = FindStrength(oid);
  if (row == nullptr) {
    return CallerError(CKR_IBM_PQC_PARAMS_NOT_SUPPORTED, "OID of no Dilithium strength");
  }
  algorithm.Expect(kNull);
  if (!algorithm.Finished()) return Malformed(malformed);
  return row;
}

// The raw private key from its fields; nothing if one is missing or of another length.
std::optional<SecretBytes> TakePrivateFields(const StrengthRow& row, DerReader& key) {
  SecretBytes raw = SecretBytes::OfSize(row.private_key_bytes());
  auto at = raw.mutable_view().begin();
  for (const std::size_t size : PrivateFieldSizes(row)) {
    const ByteView field = key.TakeBits(size);
    if (!key.ok()) return std::nullopt;
    at = std::ranges::copy(field, at).out;
  }
  return raw;
}

}  // namespace

bool IsDilithiumSpki(ByteView der) {
  DerReader outer(der);
  DerReader info(outer.Take(kDerSequence));
  return NamesDilithium(info);
}

bool IsDilithiumPkcs8(ByteView der) {
  DerReader outer(der);
  DerReader info(outer.Take(kDerSequence));
  info.Expect(kVersion0);
  return info.ok() && NamesDilithium(info);
}

Bytes EncodeSpki(const StrengthRow& row, ByteView raw) {
  GW_CHECK(raw.size() == row.public_key_bytes());
  const WipedBytes key =
      DerElement(kDerSequence, {DerBits(raw.first(kRhoBytes)), DerBits(raw.subspan(kRhoBytes))});
  return CopyOf(DerElement(kDerSequence, {AlgorithmOf(row), DerBits(key)}));
}

Result<DecodedPublicKey> DecodeSpki(ByteView der) {
  DerReader outer(der);
  DerReader info(outer.Take(kDerSequence));
  GW_TRY(row, TakeAlgorithm(info, CKR_PUBLIC_KEY_INVALID));
  DerReader bits(info.TakeBits());
  DerReader key(bits.Take(kDerSequence));
  DecodedPublicKey decoded{row, CopyOf(key.TakeBits(kRhoBytes))};
  Append(decoded.raw, key.TakeBits(row->t1_bytes()));
  if (!outer.Finished() || !info.Finished() || !bits.Finished() || !key.Finished()) {
    return Malformed(CKR_PUBLIC_KEY_INVALID);
  }
  return decoded;
}

SecretBytes EncodePkcs8(const StrengthRow& row, ByteView raw, ByteView t1) {
  GW_CHECK(raw.size() == row.private_key_bytes() && t1.size() == row.t1_bytes());
  WipedBytes fields(std::begin(kVersion0), std::end(kVersion0));
  for (const std::size_t size : PrivateFieldSizes(row)) {
    const WipedBytes field = DerBits(raw.first(size));
    fields.insert(fields.end(), field.begin(), field.end());
    raw = raw.subspan(size);
  }
  const WipedBytes key =
      DerElement(kDerSequence, {fields, DerElement(kDerContext0, {DerBits(t1)})});
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
  std::optional<SecretBytes> raw = TakePrivateFields(*row, key);
  std::optional<Bytes> t1;
  if (!key.empty()) {
    DerReader public_half(key.Take(kDerContext0));
    t1 = CopyOf(public_half.TakeBits(row->t1_bytes()));
    if (!public_half.Finished()) raw.reset();
  }
  if (!raw || !outer.Finished() || !info.Finished() || !octets.Finished() || !key.Finished()) {
    return Malformed(CKR_WRAPPED_KEY_INVALID);
  }
  return DecodedPrivateKey{row, *std::move(raw), std::move(t1)};
}

}  // namespace gw::emulator::dilithium
