// Tests of DecidePlacement: table 1 of the behaviour sheet and what follows from it.
#include <gtest/gtest.h>

#include "daemon/attributes/template_rules.h"
#include "tests/unit/attributes/lists.h"

namespace gw {
namespace {

constexpr UserState kOfficer = UserState::kSecurityOfficer;
constexpr UserState kNormal = UserState::kNormal;
constexpr UserState kAnonymous = UserState::kAnonymous;

struct Case {
  std::string name;
  AttributeList given;
  UserState user;
  CK_RV rv = CKR_OK;
  Placement placement{};
};

class PlacementTest : public ::testing::TestWithParam<Case> {};

TEST_P(PlacementTest, IsAsTheTableSays) {
  const Case& test = GetParam();
  const Result<Placement> placement = DecidePlacement(test.given, test.user, true, true);
  ASSERT_EQ(RvOf(placement), test.rv);
  if (placement.ok()) {
    EXPECT_EQ(*placement, test.placement);
  }
}

Case Goes(std::string name, UserState user, std::initializer_list<Given> given, bool token,
          bool is_private) {
  return {std::move(name), ListOf(given), user, CKR_OK, {token, is_private}};
}

Case Refused(std::string name, UserState user, std::initializer_list<Given> given, CK_RV rv) {
  return {std::move(name), ListOf(given), user, rv};
}

std::vector<Case> Table1() {
  const Given token = True(CKA_TOKEN);
  const Given session = False(CKA_TOKEN);
  const Given secret = True(CKA_PRIVATE);
  const Given open = False(CKA_PRIVATE);
  return {
      Goes("T1_OfficerSession", kOfficer, {session}, false, false),
      Goes("T2_OfficerToken", kOfficer, {token}, true, false),
      Goes("T3_AnonymousSession", kAnonymous, {session}, false, false),
      Goes("T4_AnonymousToken", kAnonymous, {token}, true, false),
      Goes("T5_NormalSessionPublic", kNormal, {session, open}, false, false),
      Goes("T6_NormalSessionPrivate", kNormal, {session, secret}, false, true),
      Goes("T7_NormalTokenPublic", kNormal, {token, open}, true, false),
      Goes("T8_NormalTokenPrivate", kNormal, {token, secret}, true, true),
      Goes("T9_NormalTokenDefaultsToPrivate", kNormal, {token}, true, true),
      Goes("T9_NormalSessionDefaultsToPrivate", kNormal, {session}, false, true),
      Goes("T10_NormalDefaultsToSession", kNormal, {open}, false, false),
      Goes("T10_NormalDefaultsToPrivateSession", kNormal, {}, false, true),
      Goes("T11_OfficerSaysPublic", kOfficer, {token, open}, true, false),
      Goes("T11_AnonymousSaysPublic", kAnonymous, {open}, false, false),
      Goes("T11_AnonymousSaysNothing", kAnonymous, {}, false, false),
      Refused("T12_OfficerPrivateToken", kOfficer, {token, secret}, CKR_USER_NOT_LOGGED_IN),
      Refused("T12_OfficerPrivateSession", kOfficer, {secret}, CKR_USER_NOT_LOGGED_IN),
      Refused("T12_AnonymousPrivateToken", kAnonymous, {token, secret}, CKR_USER_NOT_LOGGED_IN),
      Refused("T12_AnonymousPrivateSession", kAnonymous, {session, secret}, CKR_USER_NOT_LOGGED_IN),
      Refused("A10_TokenIsNoBoolean", kNormal, {Raw(CKA_TOKEN, {1, 0})},
              CKR_ATTRIBUTE_VALUE_INVALID),
      Refused("A10_PrivateIsNoBoolean", kAnonymous, {Raw(CKA_PRIVATE, {2})},
              CKR_ATTRIBUTE_VALUE_INVALID),
  };
}

INSTANTIATE_TEST_SUITE_P(Table1, PlacementTest, ::testing::ValuesIn(Table1()),
                         [](const auto& test) { return test.param.name; });

TEST(PlacementTest, T13_TokenObjectInAReadOnlySessionIsRefused) {
  const AttributeList given = ListOf({True(CKA_TOKEN)});
  for (UserState user : {kAnonymous, kNormal}) {
    EXPECT_EQ(RvOf(DecidePlacement(given, user, false, true)), CKR_SESSION_READ_ONLY);
  }
}

TEST(PlacementTest, SessionObjectInAReadOnlySessionIsAllowed) {
  EXPECT_TRUE(DecidePlacement({}, kNormal, false, true).ok());
}

TEST(PlacementTest, T14_HalvesOfAPairMayLieInDifferentKeystores) {
  const AttributeList public_half = ListOf({True(CKA_TOKEN), False(CKA_PRIVATE)});
  const AttributeList private_half = ListOf({True(CKA_TOKEN), True(CKA_PRIVATE)});
  EXPECT_EQ(*DecidePlacement(public_half, kNormal, true, true), (Placement{true, false}));
  EXPECT_EQ(*DecidePlacement(private_half, kNormal, true, true), (Placement{true, true}));
}

TEST(PlacementTest, T15_HalvesOfAPairMayDifferInTheirLife) {
  const AttributeList public_half = ListOf({False(CKA_TOKEN)});
  const AttributeList private_half = ListOf({True(CKA_TOKEN)});
  EXPECT_EQ(*DecidePlacement(public_half, kNormal, true, true), (Placement{false, true}));
  EXPECT_EQ(*DecidePlacement(private_half, kNormal, true, true), (Placement{true, true}));
}

TEST(PlacementTest, T16_TokenObjectWithoutRemoteStoreIsRefused) {
  EXPECT_EQ(RvOf(DecidePlacement(ListOf({True(CKA_TOKEN)}), kNormal, true, false)),
            CKR_TOKEN_WRITE_PROTECTED);
  EXPECT_TRUE(DecidePlacement({}, kNormal, true, false).ok());
}

TEST(PlacementTest, WhoeverIsNotTheNormalUserHearsThatFirst) {
  const AttributeList given = ListOf({True(CKA_TOKEN), True(CKA_PRIVATE)});
  EXPECT_EQ(RvOf(DecidePlacement(given, kAnonymous, false, false)), CKR_USER_NOT_LOGGED_IN);
}

}  // namespace
}  // namespace gw
