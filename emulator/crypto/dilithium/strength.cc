// Room: emulator/crypto. Source of the OIDs: GREP11's list of post-quantum strengths; of the
// numbers: the submissions of both rounds, and for round 2 (8,7), which is none of them, IBM's own
// extension.
#include "emulator/crypto/dilithium/strength.h"

#include <array>

namespace gw::emulator::dilithium {
namespace {

constexpr Round kRound2 = {.number = 2,
                           .seed_bytes = 96,
                           .noise_seed_bytes = 32,
                           .tr_bytes = 48,
                           .mu_bytes = 48,
                           .challenge_bytes = 40,
                           .dropped_bits = 14};
constexpr Round kRound3 = {.number = 3,
                           .seed_bytes = 32,
                           .noise_seed_bytes = 64,
                           .tr_bytes = 32,
                           .mu_bytes = 64,
                           .challenge_bytes = 32,
                           .dropped_bits = 13};

// 1.3.6.1.4.1.2.267.1 and .7: all but the last two arcs of the OIDs of either round.
constexpr std::array<Byte, 13> Oid(const Round& round, Byte k, Byte l) {
  const Byte arc = round.number == 2 ? 1 : 7;
  return {0x06, 0x0b, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x02, 0x82, 0x0b, arc, k, l};
}

constexpr auto kOidR2K5 = Oid(kRound2, 5, 4);
constexpr auto kOidR2K6 = Oid(kRound2, 6, 5);
constexpr auto kOidR2K8 = Oid(kRound2, 8, 7);
constexpr auto kOidR3K4 = Oid(kRound3, 4, 4);
constexpr auto kOidR3K6 = Oid(kRound3, 6, 5);
constexpr auto kOidR3K8 = Oid(kRound3, 8, 7);

constexpr std::int32_t kSixteenth = (kQ - 1) / 16;
constexpr std::int32_t kHalfOfSixteenth = (kQ - 1) / 32;
constexpr std::int32_t kHalfOf44th = (kQ - 1) / 88;

// Columns: k, l, eta, tau, gamma1, gamma2, beta, omega.
constexpr auto kStrengths = std::to_array<StrengthRow>({
    {"round 2 (5,4)", kOidR2K5, kRound2, 5, 4, 5, 60, kSixteenth, kHalfOfSixteenth, 275, 96},
    {"round 2 (6,5)", kOidR2K6, kRound2, 6, 5, 3, 60, kSixteenth, kHalfOfSixteenth, 175, 120},
    {"round 2 (8,7)", kOidR2K8, kRound2, 8, 7, 2, 60, kSixteenth, kHalfOfSixteenth, 120, 140},
    {"round 3 (4,4)", kOidR3K4, kRound3, 4, 4, 2, 39, 1 << 17, kHalfOf44th, 78, 80},
    {"round 3 (6,5)", kOidR3K6, kRound3, 6, 5, 4, 49, 1 << 19, kHalfOfSixteenth, 196, 55},
    {"round 3 (8,7)", kOidR3K8, kRound3, 8, 7, 2, 60, 1 << 19, kHalfOfSixteenth, 120, 75},
});

}  // namespace

std::span<const StrengthRow> StrengthTable() { return kStrengths; }

const StrengthRow* FindStrength(ByteView oid_der) {
  for (const StrengthRow& row : kStrengths) {
    if (Equal(row.oid_der, oid_der)) return &row;
  }
  return nullptr;
}

}  // namespace gw::emulator::dilithium
