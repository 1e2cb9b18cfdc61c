// Room: emulator/crypto.
#include "emulator/crypto/dilithium/signature.h"

#include "daemon/core/check.h"
#include "emulator/crypto/dilithium/packing.h"

namespace gw::emulator::dilithium {

Bytes PackSignature(const StrengthRow& row, const Signature& signature) {
  Bytes packed;
  packed.reserve(row.signature_bytes());
  // The challenge stands first in round 3 and last in round 2.
  if (!row.is_round2()) Append(packed, signature.challenge);
  Append(packed, Pack(ZFormat(row), signature.z));
  Append(packed, PackHints(row, signature.hints));
  if (row.is_round2()) Append(packed, signature.challenge);
  return packed;
}

std::optional<Signature> UnpackSignature(const StrengthRow& row, ByteView packed) {
  GW_CHECK(packed.size() == row.signature_bytes());
  const std::size_t challenge_bytes = row.round.challenge_bytes;
  const ByteView challenge =
      row.is_round2() ? packed.last(challenge_bytes) : packed.first(challenge_bytes);
  const ByteView rest = packed.subspan(row.is_round2() ? 0 : challenge_bytes);
  std::optional<PolyVec> hints = UnpackHints(row, rest.subspan(row.z_bytes(), row.hint_bytes()));
  if (!hints) return std::nullopt;
  return Signature{CopyOf(challenge), Unpack(ZFormat(row), rest.first(row.z_bytes())),
                   *std::move(hints)};
}

}  // namespace gw::emulator::dilithium
