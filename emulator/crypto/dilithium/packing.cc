// Room: emulator/crypto.
#include "emulator/crypto/dilithium/packing.h"

#include "daemon/core/check.h"

namespace gw::emulator::dilithium {
namespace {

// The positions of one polynomial; false if they do not rise.
bool TakePositions(ByteView positions, Poly& hints) {
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (i > 0 && positions[i] <= positions[i - 1]) return false;
    hints[positions[i]] = 1;
  }
  return true;
}

}  // namespace

Format SFormat(const StrengthRow& row) { return {row.s_bits(), row.eta, -1}; }
Format T1Format(const StrengthRow& row) { return {row.t1_bits(), 0, 1}; }
Format T0Format(const StrengthRow& row) { return {row.t0_bits(), 1 << (row.t0_bits() - 1), -1}; }
Format ZFormat(const StrengthRow& row) {
  return {row.z_bits(), row.is_round2() ? row.gamma1 - 1 : row.gamma1, -1};
}
Format W1Format(const StrengthRow& row) { return {row.w1_bits(), 0, 1}; }

Bytes PackHints(const StrengthRow& row, const PolyVec& hints) {
  Bytes packed(row.hint_bytes(), 0);
  std::size_t count = 0;
  for (std::size_t i = 0; i < row.k; ++i) {
    for (std::size_t n = 0; n < kCoefficients; ++n) {
      if (hints[i][n] == 0) continue;
      GW_CHECK(count < row.omega);
      packed[count++] = static_cast<Byte>(n);
    }
    packed[row.omega + i] = static_cast<Byte>(count);
  }
  return packed;
}

std::optional<PolyVec> UnpackHints(const StrengthRow& row, ByteView packed) {
  GW_CHECK(packed.size() == row.hint_bytes());
  const ByteView totals = packed.subspan(row.omega);
  PolyVec hints(row.k);
  std::size_t count = 0;
  for (std::size_t i = 0; i < row.k; ++i) {
    const std::size_t total = totals[i];
    if (total < count || total > row.omega) return std::nullopt;
    if (!TakePositions(packed.subspan(count, total - count), hints[i])) return std::nullopt;
    count = total;
  }
  // One signature must not have two forms.
  for (const Byte unused : packed.first(row.omega).subspan(count)) {
    if (unused != 0) return std::nullopt;
  }
  return hints;
}

}  // namespace gw::emulator::dilithium
