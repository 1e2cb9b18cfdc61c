// Room: localcrypto.
#include "daemon/localcrypto/pin_verifier.h"

#include <array>

#include "daemon/localcrypto/random.h"
#include "daemon/localcrypto/scrypt.h"

namespace gw {
namespace {

// A verifier: version 01 | cost (3) | salt (16) | scrypt output (32).
constexpr Byte kVersion = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSaltAt = 1 + ScryptCost::kBytes;
constexpr std::size_t kVerifierBytes = kSaltAt + kSaltBytes + kKeyBytes;

}  // namespace

Bytes MakePinVerifier(ByteView pin) {
  const ScryptCost cost;
  Bytes verifier{kVersion};
  Append(verifier, cost.Encoded());
  std::array<Byte, kSaltBytes> salt{};
  RandomBytes(salt);
  Append(verifier, salt);
  Append(verifier, Scrypt(pin, salt, cost).view());
  return verifier;
}

bool PinMatches(ByteView verifier, ByteView pin) {
  if (verifier.size() != kVerifierBytes || verifier[0] != kVersion) return false;
  const auto cost = ScryptCost::Decode(verifier.subspan(1, ScryptCost::kBytes));
  if (!cost) return false;
  const SecretBytes key = Scrypt(pin, verifier.subspan(kSaltAt, kSaltBytes), *cost);
  return EqualConstantTime(key.view(), verifier.last(kKeyBytes));
}

}  // namespace gw
