// Room: emulator/crypto.
#include "emulator/crypto/dilithium/key.h"

#include "daemon/core/check.h"
#include "emulator/crypto/dilithium/encoding.h"
#include "emulator/crypto/dilithium/field.h"
#include "emulator/crypto/dilithium/ntt.h"
#include "emulator/crypto/dilithium/packing.h"
#include "emulator/crypto/dilithium/rounding.h"
#include "emulator/crypto/dilithium/sampling.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator::dilithium {
namespace {

PolyVec Transformed(PolyVec vector) {
  Transform(vector);
  return vector;
}

// A * s1 + s2, in [0, q).
PolyVec PublicVector(const PolyVec& matrix, const PolyVec& s1, const PolyVec& s2) {
  PolyVec t = MatrixTimes(matrix, Transformed(s1));
  TransformBack(t);
  Add(t, s2);
  for (Poly& poly : t) {
    for (std::int32_t& x : poly) x = Canonical(Shrunk(x));
  }
  return t;
}

// t1 * 2^d is at most q - 1.
PolyVec Scaled(const StrengthRow& row, PolyVec t1) {
  for (Poly& poly : t1) {
    for (std::int32_t& x : poly) x <<= row.round.dropped_bits;
  }
  return t1;
}

SecretBytes Joined(std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  SecretBytes joined = SecretBytes::OfSize(size);
  auto at = joined.mutable_view().begin();
  for (const ByteView part : parts) at = std::ranges::copy(part, at).out;
  return joined;
}

}  // namespace

struct PublicKey::State {
  const StrengthRow* row;
  Bytes raw;
  WipedBytes tr;
  PolyVec matrix;
  PolyVec t1;
};

struct PrivateKey::State {
  PublicKey public_key;
  SecretBytes raw;
  PolyVec s1;
  PolyVec s2;
  PolyVec t0;
};

PublicKey PublicKey::Assemble(const StrengthRow& row, ByteView raw, PolyVec matrix) {
  PolyVec t1 = Unpack(T1Format(row), raw.subspan(kRhoBytes));
  return PublicKey(
      std::make_shared<State>(State{&row, CopyOf(raw), Shake256({raw}, row.round.tr_bytes),
                                    std::move(matrix), Transformed(Scaled(row, std::move(t1)))}));
}

Result<PublicKey> PublicKey::FromRaw(const StrengthRow& row, ByteView raw) {
  if (raw.size() != row.public_key_bytes()) {
    return CallerError(CKR_PUBLIC_KEY_INVALID, "Dilithium public key of a wrong length");
  }
  return Assemble(row, raw, SampleMatrix(row, raw.first(kRhoBytes)));
}

Result<PublicKey> PublicKey::FromSpki(ByteView der) {
  GW_TRY(decoded, DecodeSpki(der));
  return FromRaw(*decoded.row, decoded.raw);
}

const StrengthRow& PublicKey::strength() const { return *state_->row; }
ByteView PublicKey::raw() const { return state_->raw; }
Bytes PublicKey::Spki() const { return EncodeSpki(strength(), raw()); }
ByteView PublicKey::tr() const { return state_->tr; }
const PolyVec& PublicKey::matrix() const { return state_->matrix; }
const PolyVec& PublicKey::t1() const { return state_->t1; }

// All ways to a private key end here, so that a key that was read is compared with one that was
// made.
PrivateKey PrivateKey::Assemble(const StrengthRow& row, ByteView rho, ByteView key, PolyVec s1,
                                PolyVec s2) {
  PolyVec matrix = SampleMatrix(row, rho);
  auto [t1, t0] = Power2Round(row, PublicVector(matrix, s1, s2));
  Bytes raw_public = CopyOf(rho);
  Append(raw_public, Pack(T1Format(row), t1));
  PublicKey public_key = PublicKey::Assemble(row, raw_public, std::move(matrix));
  SecretBytes raw = Joined({rho, key, public_key.tr(), Pack(SFormat(row), s1),
                            Pack(SFormat(row), s2), Pack(T0Format(row), t0)});
  return PrivateKey(std::make_shared<State>(
      State{std::move(public_key), std::move(raw), Transformed(std::move(s1)),
            Transformed(std::move(s2)), Transformed(std::move(t0))}));
}

PrivateKey PrivateKey::Generate(const StrengthRow& row) {
  SecretBytes seed = SecretBytes::OfSize(row.round.seed_bytes);
  FillRandom(seed.mutable_view());
  return FromSeed(row, seed.view());
}

PrivateKey PrivateKey::FromSeed(const StrengthRow& row, ByteView seed) {
  GW_CHECK(seed.size() == row.round.seed_bytes);
  const std::size_t noise_bytes = row.round.noise_seed_bytes;
  // Round 2 takes the randomness as it is, round 3 stretches it.
  WipedBytes seeds(seed.begin(), seed.end());
  if (!row.is_round2()) seeds = Shake256({seed}, kRhoBytes + noise_bytes + kKeyBytes);
  const ByteView all(seeds);
  const ByteView rhoprime = all.subspan(kRhoBytes, noise_bytes);
  return Assemble(row, all.first(kRhoBytes), all.last(kKeyBytes),
                  SampleSecret(row, rhoprime, 0, row.l), SampleSecret(row, rhoprime, row.l, row.k));
}

Result<PrivateKey> PrivateKey::FromRaw(const StrengthRow& row, ByteView raw) {
  if (raw.size() != row.private_key_bytes()) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "Dilithium private key of a wrong length");
  }
  const ByteView vectors = raw.subspan(kRhoBytes + kKeyBytes + row.round.tr_bytes);
  PolyVec s1 = Unpack(SFormat(row), vectors.first(row.s1_bytes()));
  PolyVec s2 = Unpack(SFormat(row), vectors.subspan(row.s1_bytes(), row.s2_bytes()));
  if (AnyReaches(s1, row.eta + 1) || AnyReaches(s2, row.eta + 1)) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "secret coefficients out of range");
  }
  PrivateKey made = Assemble(row, raw.first(kRhoBytes), raw.subspan(kRhoBytes, kKeyBytes),
                             std::move(s1), std::move(s2));
  if (!EqualConstantTime(made.raw(), raw)) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "the parts of the private key do not fit");
  }
  return made;
}

Result<PrivateKey> PrivateKey::FromPkcs8(ByteView der) {
  GW_TRY(decoded, DecodePkcs8(der));
  GW_TRY(key, FromRaw(*decoded.row, decoded.raw.view()));
  const ByteView t1 = key.public_key().raw().subspan(kRhoBytes);
  if (decoded.t1 && !Equal(*decoded.t1, t1)) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "private and public half do not fit");
  }
  return std::move(key);
}

const PublicKey& PrivateKey::public_key() const { return state_->public_key; }
ByteView PrivateKey::raw() const { return state_->raw.view(); }
SecretBytes PrivateKey::Pkcs8() const {
  return EncodePkcs8(strength(), raw(), public_key().raw().subspan(kRhoBytes));
}
ByteView PrivateKey::key() const { return raw().subspan(kRhoBytes, kKeyBytes); }
const PolyVec& PrivateKey::s1() const { return state_->s1; }
const PolyVec& PrivateKey::s2() const { return state_->s2; }
const PolyVec& PrivateKey::t0() const { return state_->t0; }

}  // namespace gw::emulator::dilithium
