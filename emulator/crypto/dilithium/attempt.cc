// Room: emulator/crypto. Which check refuses an attempt, and how many are refused, is no secret;
// the values that are checked are, and no branch before the verdict on all of them depends on one.
#include "emulator/crypto/dilithium/attempt.h"

#include "emulator/crypto/dilithium/field.h"
#include "emulator/crypto/dilithium/ntt.h"
#include "emulator/crypto/dilithium/packing.h"
#include "emulator/crypto/dilithium/rounding.h"
#include "emulator/crypto/dilithium/sampling.h"

namespace gw::emulator::dilithium {
namespace {

// A * y, in [0, q).
PolyVec Commitment(const PrivateKey& key, PolyVec y) {
  Transform(y);
  PolyVec w = MatrixTimes(key.public_key().matrix(), y);
  TransformBack(w);
  for (Poly& poly : w) {
    for (std::int32_t& x : poly) x = Canonical(x);
  }
  return w;
}

// c * vector, nearest to zero; both transformed.
PolyVec SmallProduct(const Poly& c, const PolyVec& vector) {
  PolyVec product = Times(c, vector);
  TransformBack(product);
  for (Poly& poly : product) {
    for (std::int32_t& x : poly) x = Centred(x);
  }
  return product;
}

}  // namespace

Attempt TryToSign(const PrivateKey& key, ByteView mu, ByteView rhoprime, std::size_t number) {
  const StrengthRow& row = key.strength();
  Attempt attempt;
  const auto refused = [&attempt](Verdict verdict) {
    attempt.verdict = verdict;
    return std::move(attempt);
  };
  attempt.z = SampleMask(row, rhoprime, number * row.l);
  auto [high, low] = Decompose(row, Commitment(key, attempt.z));
  attempt.high = Pack(W1Format(row), high);
  attempt.challenge = ChallengeOf(row, mu, attempt.high);
  Poly c = attempt.challenge.poly;
  Transform(c);

  Add(attempt.z, SmallProduct(c, key.s1()));
  Subtract(low, SmallProduct(c, key.s2()));
  if (AnyReaches(low, row.gamma2 - row.beta)) return refused(Verdict::kLowPart);
  if (AnyReaches(attempt.z, row.gamma1 - row.beta)) return refused(Verdict::kZ);
  const PolyVec carry = SmallProduct(c, key.t0());
  if (AnyReaches(carry, row.gamma2)) return refused(Verdict::kT0);
  Add(low, carry);
  attempt.hints = MakeHints(row, high, low);
  if (CountHints(attempt.hints) > row.omega) return refused(Verdict::kHints);
  return attempt;
}

}  // namespace gw::emulator::dilithium
