// Room: tests. Mirrors emulator/crypto/dilithium/strength.h: sizes and OIDs as EP11 lists them.
#include "emulator/crypto/dilithium/strength.h"

#include <gtest/gtest.h>

#include "tests/unit/emulator/crypto/dilithium_vectors.h"

namespace gw::emulator::dilithium {
namespace {

struct Sizes {
  const char* name;
  const char* oid_der;
  std::size_t public_key;
  std::size_t private_key;
  std::size_t signature;
};

constexpr Sizes kSizes[] = {
    {"round 2 (5,4)", "060b2b0601040102820b010504", 1472, 3504, 2701},
    {"round 2 (6,5)", "060b2b0601040102820b010605", 1760, 3856, 3366},
    {"round 2 (8,7)", "060b2b0601040102820b010807", 2336, 5136, 4668},
    {"round 3 (4,4)", "060b2b0601040102820b070404", 1312, 2528, 2420},
    {"round 3 (6,5)", "060b2b0601040102820b070605", 1952, 4000, 3293},
    {"round 3 (8,7)", "060b2b0601040102820b070807", 2592, 4864, 4595},
};

TEST(DilithiumStrengthTest, TheTableHasTheSizesAndOidsOfEp11) {
  ASSERT_EQ(StrengthTable().size(), std::size(kSizes));
  for (std::size_t i = 0; i < std::size(kSizes); ++i) {
    const StrengthRow& row = StrengthTable()[i];
    SCOPED_TRACE(row.name);
    EXPECT_EQ(row.name, kSizes[i].name);
    EXPECT_EQ(HexOf(row.oid_der), kSizes[i].oid_der);
    EXPECT_EQ(row.public_key_bytes(), kSizes[i].public_key);
    EXPECT_EQ(row.private_key_bytes(), kSizes[i].private_key);
    EXPECT_EQ(row.signature_bytes(), kSizes[i].signature);
    EXPECT_EQ(FindStrength(row.oid_der), &row);
  }
}

TEST(DilithiumStrengthTest, TheComponentsHaveTheSizesOfEp11) {
  const StrengthRow& r2_65 = StrengthNamed("round 2 (6,5)");
  EXPECT_EQ(r2_65.s1_bytes(), 480U);
  EXPECT_EQ(r2_65.s2_bytes(), 576U);
  EXPECT_EQ(r2_65.t0_bytes(), 2688U);
  EXPECT_EQ(r2_65.t1_bytes(), 1728U);
  const StrengthRow& r3_65 = StrengthNamed("round 3 (6,5)");
  EXPECT_EQ(r3_65.s1_bytes(), 640U);
  EXPECT_EQ(r3_65.s2_bytes(), 768U);
  EXPECT_EQ(r3_65.t0_bytes(), 2496U);
  EXPECT_EQ(r3_65.t1_bytes(), 1920U);
}

TEST(DilithiumStrengthTest, OtherOidsAreNotFound) {
  Bytes oid = CopyOf(StrengthTable()[1].oid_der);
  EXPECT_EQ(FindStrength({}), nullptr);
  EXPECT_EQ(FindStrength(ByteView(oid).first(oid.size() - 1)), nullptr);
  oid.push_back(0);
  EXPECT_EQ(FindStrength(oid), nullptr);
  oid.pop_back();
  oid.back() = 4;
  EXPECT_EQ(FindStrength(oid), nullptr);
}

}  // namespace
}  // namespace gw::emulator::dilithium
