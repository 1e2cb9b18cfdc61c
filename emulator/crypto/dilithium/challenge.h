// Room: emulator/crypto. Dilithium: the challenge polynomial and its form in a signature. Round 2
// hashes to the polynomial and encodes that; round 3 hashes to octets and draws the polynomial from
// them. Threads: any.
#pragma once

#include <optional>

#include "emulator/crypto/dilithium/poly.h"

namespace gw::emulator::dilithium {

struct Challenge {
  Poly poly{};
  Bytes encoded;  // as it stands in a signature
};

//   high  packed high parts of w
Challenge ChallengeOf(const StrengthRow& row, ByteView mu, ByteView high);

// The polynomial of an encoded challenge of the right length. Nothing if it cannot be one. What
// passes may still be no challenge's encoding: the caller compares with the one that should be
// there.
std::optional<Poly> DecodeChallenge(const StrengthRow& row, ByteView encoded);

}  // namespace gw::emulator::dilithium
