// Room: emulator/crypto.
#include "emulator/crypto/dilithium/scheme.h"

#include "emulator/crypto/dilithium/attempt.h"
#include "emulator/crypto/dilithium/field.h"
#include "emulator/crypto/dilithium/ntt.h"
#include "emulator/crypto/dilithium/packing.h"
#include "emulator/crypto/dilithium/rounding.h"
#include "emulator/crypto/dilithium/signature.h"
#include "emulator/crypto/symmetric.h"

namespace gw::emulator::dilithium {
namespace {

WipedBytes SigningSeed(const PrivateKey& key, ByteView mu, Signing signing) {
  if (signing == Signing::kDeterministic) return Shake256({key.key(), mu}, mu.size());
  WipedBytes seed(mu.size());
  FillRandom(seed);
  return seed;
}

// A * z - c * t1 * 2^d, in [0, q): what the signer had as w, but for c*t0 and c*s2.
PolyVec CommitmentSeen(const PublicKey& key, PolyVec z, Poly c) {
  Transform(z);
  Transform(c);
  PolyVec w = MatrixTimes(key.matrix(), z);
  Subtract(w, Times(c, key.t1()));
  for (Poly& poly : w) {
    for (std::int32_t& x : poly) x = Shrunk(x);
  }
  TransformBack(w);
  for (Poly& poly : w) {
    for (std::int32_t& x : poly) x = Canonical(x);
  }
  return w;
}

bool Holds(const PublicKey& key, ByteView message, ByteView packed) {
  const StrengthRow& row = key.strength();
  const std::optional<Signature> signature = UnpackSignature(row, packed);
  if (!signature || AnyReaches(signature->z, row.gamma1 - row.beta)) return false;
  const std::optional<Poly> c = DecodeChallenge(row, signature->challenge);
  if (!c) return false;
  const PolyVec high = UseHints(row, signature->hints, CommitmentSeen(key, signature->z, *c));
  const WipedBytes mu = Shake256({key.tr(), message}, row.round.mu_bytes);
  // Comparing octets also refuses other forms of the right challenge.
  return Equal(ChallengeOf(row, mu, Pack(W1Format(row), high)).encoded, signature->challenge);
}

}  // namespace

Bytes Sign(const PrivateKey& key, ByteView message, Signing signing) {
  const StrengthRow& row = key.strength();
  const WipedBytes mu = Shake256({key.public_key().tr(), message}, row.round.mu_bytes);
  const WipedBytes rhoprime = SigningSeed(key, mu, signing);
  for (std::size_t number = 0;; ++number) {
    Attempt attempt = TryToSign(key, mu, rhoprime, number);
    if (attempt.verdict != Verdict::kAccepted) continue;
    return PackSignature(row, {std::move(attempt.challenge.encoded), std::move(attempt.z),
                               std::move(attempt.hints)});
  }
}

Status Verify(const PublicKey& key, ByteView message, ByteView signature) {
  if (signature.size() != key.strength().signature_bytes()) {
    return CallerError(CKR_SIGNATURE_LEN_RANGE, "Dilithium signature of a wrong length");
  }
  if (!Holds(key, message, signature)) return CallerError(CKR_SIGNATURE_INVALID);
  return Ok();
}

}  // namespace gw::emulator::dilithium
