// Room: emulator/crypto.
#include "emulator/crypto/kyber/key.h"

#include "daemon/core/check.h"
#include "emulator/crypto/kyber/encoding.h"
#include "emulator/crypto/kyber/ntt.h"
#include "emulator/crypto/kyber/sampling.h"
#include "emulator/crypto/lattice/shake.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator::kyber {
namespace {

SecretBytes Joined(std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  SecretBytes joined = SecretBytes::OfSize(size);
  auto at = joined.mutable_view().begin();
  for (const ByteView part : parts) at = std::ranges::copy(part, at).out;
  return joined;
}

// Whether s and t - A * s are as small as the ones of a key that was generated.
bool Fits(const PublicKey& key, const PolyVec& s) {
  const PolyVec error = Difference(key.t(), MatrixTimes(key.matrix(), s));
  const bool s_is_small = IsSmall(TransformedBack(s));
  const bool error_is_small = IsSmall(TransformedBack(error));
  return s_is_small && error_is_small;
}

Error DoNotFit() {
  return CallerError(CKR_WRAPPED_KEY_INVALID, "the parts of the Kyber private key do not fit");
}

}  // namespace

struct PublicKey::State {
  const StrengthRow* row;
  Bytes raw;
  WipedBytes hash;
  PolyVec matrix;
  PolyVec t;
};

struct PrivateKey::State {
  PublicKey public_key;
  SecretBytes raw;
  PolyVec s;
};

Result<PublicKey> PublicKey::FromRaw(const StrengthRow& row, ByteView raw) {
  if (raw.size() != row.public_key_bytes()) {
    return CallerError(CKR_PUBLIC_KEY_INVALID, "Kyber public key of a wrong length");
  }
  std::optional<PolyVec> t = Unpack(raw.first(row.vector_bytes()));
  if (!t) return CallerError(CKR_PUBLIC_KEY_INVALID, "Kyber coefficient not below q");
  PolyVec matrix = SampleMatrix(row, raw.last(kRhoBytes));
  return PublicKey(std::make_shared<State>(
      State{&row, CopyOf(raw), lattice::Sha3_256({raw}), std::move(matrix), *std::move(t)}));
}

Result<PublicKey> PublicKey::FromSpki(ByteView der) {
  GW_TRY(decoded, DecodeSpki(der));
  return FromRaw(*decoded.row, decoded.raw);
}

const StrengthRow& PublicKey::strength() const { return *state_->row; }
ByteView PublicKey::raw() const { return state_->raw; }
Bytes PublicKey::Spki() const { return EncodeSpki(strength(), raw()); }
ByteView PublicKey::hash() const { return state_->hash; }
const PolyVec& PublicKey::matrix() const { return state_->matrix; }
const PolyVec& PublicKey::t() const { return state_->t; }

PrivateKey PrivateKey::Generate(const StrengthRow& row) {
  SecretBytes seed = SecretBytes::OfSize(kSeedBytes);
  FillRandom(seed.mutable_view());
  return FromSeed(row, seed.view());
}

PrivateKey PrivateKey::FromSeed(const StrengthRow& row, ByteView seed) {
  GW_CHECK(seed.size() == kSeedBytes);
  const WipedBytes seeds = lattice::Sha3_512({seed.first(kSeedBytes - kRejectBytes)});
  const ByteView rho = ByteView(seeds).first(kRhoBytes);
  const ByteView sigma = ByteView(seeds).subspan(kRhoBytes);
  PolyVec s = Transformed(SampleNoise(sigma, 0, row.k));
  const PolyVec e = Transformed(SampleNoise(sigma, row.k, row.k));
  Bytes raw_public = CopyOf(Pack(Sum(MatrixTimes(SampleMatrix(row, rho), s), e)));
  Append(raw_public, rho);
  Result<PublicKey> public_key = PublicKey::FromRaw(row, raw_public);
  GW_CHECK(public_key.ok());
  SecretBytes raw = Joined({Pack(s), raw_public, public_key->hash(), seed.last(kRejectBytes)});
  return PrivateKey(
      std::make_shared<State>(State{*std::move(public_key), std::move(raw), std::move(s)}));
}

Result<PrivateKey> PrivateKey::FromRaw(const StrengthRow& row, ByteView raw) {
  if (raw.size() != row.private_key_bytes()) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "Kyber private key of a wrong length");
  }
  std::optional<PolyVec> s = Unpack(raw.first(row.vector_bytes()));
  Result<PublicKey> public_key =
      PublicKey::FromRaw(row, raw.subspan(row.vector_bytes(), row.public_key_bytes()));
  if (!s || !public_key) return DoNotFit();
  const ByteView hash = raw.last(kHashBytes + kRejectBytes).first(kHashBytes);
  if (!Equal(hash, public_key->hash()) || !Fits(*public_key, *s)) return DoNotFit();
  return PrivateKey(
      std::make_shared<State>(State{*std::move(public_key), SecretBytes(raw), *std::move(s)}));
}

Result<PrivateKey> PrivateKey::FromPkcs8(ByteView der) {
  GW_TRY(decoded, DecodePkcs8(der));
  GW_TRY(key, FromRaw(*decoded.row, decoded.raw.view()));
  if (decoded.public_key && !Equal(*decoded.public_key, key.public_key().raw())) {
    return CallerError(CKR_WRAPPED_KEY_INVALID, "private and public half do not fit");
  }
  return std::move(key);
}

const PublicKey& PrivateKey::public_key() const { return state_->public_key; }
ByteView PrivateKey::raw() const { return state_->raw.view(); }
SecretBytes PrivateKey::Pkcs8() const { return EncodePkcs8(strength(), raw(), public_key().raw()); }
const PolyVec& PrivateKey::s() const { return state_->s; }
ByteView PrivateKey::z() const { return raw().last(kRejectBytes); }

}  // namespace gw::emulator::kyber
