// Room: emulator/crypto. Dilithium: one attempt at a signature. Most attempts are refused, since
// their result would tell something about the secret vectors. Threads: any.
#pragma once

#include "emulator/crypto/dilithium/challenge.h"
#include "emulator/crypto/dilithium/key.h"
#include "emulator/crypto/lattice/shake.h"

namespace gw::emulator::dilithium {

enum class Verdict : std::uint8_t {
  kAccepted,
  kLowPart,  // w0 - c*s2 too large
  kZ,        // z too large
  kT0,       // c*t0 too large
  kHints,    // more than omega
};

struct Attempt {
  Verdict verdict = Verdict::kAccepted;
  WipedBytes high;  // packed high parts of w
  Challenge challenge;
  PolyVec z;
  PolyVec hints;  // empty if refused before there were any
};

//   mu, rhoprime  round.mu_bytes octets
//   number        from 0; each attempt goes on with the nonces where the one before ended
Attempt TryToSign(const PrivateKey& key, ByteView mu, ByteView rhoprime, std::size_t number);

}  // namespace gw::emulator::dilithium
