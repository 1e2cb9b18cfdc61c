// Tests of mechanism/lattice.h.
#include "daemon/mechanism/lattice.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

struct Expected {
  std::string_view oid;
  CK_KEY_TYPE key_type;
  std::size_t output_bytes;
};

// GREP11 reference 5.8, lengths of 4.11 and of the schemes themselves.
constexpr Expected kExpected[] = {
    {"060b2b0601040102820b010504", CKK_IBM_PQC_DILITHIUM, 2701},
    {"060b2b0601040102820b010605", CKK_IBM_PQC_DILITHIUM, 3366},
    {"060b2b0601040102820b010807", CKK_IBM_PQC_DILITHIUM, 4668},
    {"060b2b0601040102820b070404", CKK_IBM_PQC_DILITHIUM, 2420},
    {"060b2b0601040102820b070605", CKK_IBM_PQC_DILITHIUM, 3293},
    {"060b2b0601040102820b070807", CKK_IBM_PQC_DILITHIUM, 4595},
    {"060b2b0601040102820b050303", CKK_IBM_PQC_KYBER, 1088},
    {"060b2b0601040102820b050404", CKK_IBM_PQC_KYBER, 1568},
};

TEST(LatticeTest, HasTheStrengthsOfTheHeader) {
  ASSERT_EQ(AllLatticeStrengths().size(), std::size(kExpected));
  for (std::size_t i = 0; i < std::size(kExpected); ++i) {
    const LatticeStrength& strength = AllLatticeStrengths()[i];
    EXPECT_EQ(HexOf(strength.der_oid), kExpected[i].oid);
    EXPECT_EQ(strength.key_type, kExpected[i].key_type);
    EXPECT_EQ(strength.output_bytes, kExpected[i].output_bytes);
    EXPECT_EQ(FindLatticeStrength(strength.der_oid), &strength);
  }
}

TEST(LatticeTest, OthersAreNone) {
  EXPECT_EQ(FindLatticeStrength({}), nullptr);
  EXPECT_EQ(FindLatticeStrength(AllLatticeStrengths()[0].der_oid.first(12)), nullptr);
}

}  // namespace
}  // namespace gw
