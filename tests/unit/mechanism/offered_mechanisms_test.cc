// Room: tests. What a token offers, by the HSM's list.
#include "daemon/mechanism/offered_mechanisms.h"

#include <gmock/gmock.h>

namespace gw {
namespace {

using testing::ElementsAre;

constexpr CK_MECHANISM_TYPE kStrange = 0x80019001;
const std::map<CK_MECHANISM_TYPE, MechanismFacts> kFacts = {
    {kStrange, {16, 32, CKF_HW | CKF_SIGN | CKF_VERIFY}}};

TEST(OfferedMechanismsTest, UntilTheHsmWasAskedTheTableCounts) {
  const OfferedMechanisms offered;
  EXPECT_FALSE(offered.known());
  EXPECT_EQ(offered.Find(CKM_ECDSA), FindMechanism(CKM_ECDSA));
  EXPECT_EQ(offered.Find(kStrange), nullptr);
  EXPECT_EQ(offered.All().size(), AllMechanisms().size());
}

TEST(OfferedMechanismsTest, ThenItsList) {
  OfferedMechanisms offered;
  offered.Learn({CKM_SHA256, CKM_ECDSA}, {});
  EXPECT_TRUE(offered.known());
  EXPECT_THAT(offered.All(), ElementsAre(FindMechanism(CKM_SHA256), FindMechanism(CKM_ECDSA)));
  EXPECT_EQ(offered.Find(CKM_RSA_PKCS), nullptr);
  offered.Learn({CKM_RSA_PKCS}, {});
  EXPECT_EQ(offered.Find(CKM_ECDSA), nullptr);
  EXPECT_NE(offered.Find(CKM_RSA_PKCS), nullptr);
}

TEST(OfferedMechanismsTest, StandardNamesAreThereWhereTheHsmHasTheVendors) {
  OfferedMechanisms offered;
  offered.Learn({CKM_IBM_CMAC}, {});
  EXPECT_NE(offered.Find(CKM_AES_CMAC), nullptr);
}

TEST(OfferedMechanismsTest, StrangeOnesAreAskedAboutOnce) {
  OfferedMechanisms offered;
  const std::vector<CK_MECHANISM_TYPE> list = {CKM_ECDSA, kStrange, kStrange + 1};
  EXPECT_THAT(offered.Strange(list), ElementsAre(kStrange, kStrange + 1));
  offered.Learn(list, kFacts);
  EXPECT_THAT(offered.Strange(list), ElementsAre(kStrange + 1));
  // What the HSM said nothing about is not offered.
  EXPECT_EQ(offered.Find(kStrange + 1), nullptr);
}

TEST(OfferedMechanismsTest, AStrangeOneDoesWhatTheHsmSaysAndTakesOctets) {
  OfferedMechanisms offered;
  offered.Learn({kStrange}, kFacts);
  const MechanismRow* row = offered.Find(kStrange);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->flags, CK_FLAGS{CKF_SIGN | CKF_VERIFY});
  EXPECT_EQ(row->min_key_size, 16u);
  EXPECT_EQ(row->max_key_size, 32u);
  EXPECT_TRUE(CheckMechanism(row, {kStrange, {}}, CKF_SIGN).ok());
  EXPECT_TRUE(CheckMechanism(row, {kStrange, Bytes(100)}, CKF_SIGN).ok());
  const Status with_structure = CheckMechanism(row, {kStrange, PssParameter{}}, CKF_SIGN);
  ASSERT_FALSE(with_structure.ok());
  EXPECT_EQ(with_structure.error().rv, CKR_MECHANISM_PARAM_INVALID);
  const Status other_function = CheckMechanism(row, {kStrange, {}}, CKF_ENCRYPT);
  ASSERT_FALSE(other_function.ok());
  EXPECT_EQ(other_function.error().rv, CKR_MECHANISM_INVALID);
}

TEST(OfferedMechanismsTest, ItsRowStaysWhereItIsForOperationsThatHaveIt) {
  OfferedMechanisms offered;
  offered.Learn({kStrange}, kFacts);
  const MechanismRow* row = offered.Find(kStrange);
  offered.Learn({CKM_ECDSA}, {});
  EXPECT_EQ(offered.Find(kStrange), nullptr);
  EXPECT_EQ(row->type, kStrange);
  offered.Learn({CKM_ECDSA, kStrange}, {});
  EXPECT_EQ(offered.Find(kStrange), row);
}

}  // namespace
}  // namespace gw
