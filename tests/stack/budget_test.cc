// Room: tests/stack. What operations cost in HSM requests, counted by the emulator: the scarcest
// thing there is.
#include <gtest/gtest.h>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr int kSignatures = 1000;

// The module is initialised for this program as a whole: what is counted is the steady state.
class BudgetTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    initialized_ = new Initialized;
    session_ = new Session;
    session_->Login();
    pair_ = new KeyPair;
    GW_ASSERT_RV(MakeEcPair(session_->handle(), false, "budget", pair_), CKR_OK);
  }
  static void TearDownTestSuite() {
    delete pair_;
    delete session_;
    delete initialized_;
  }
  void SetUp() override { ResetCounters(); }

  static inline Initialized* initialized_ = nullptr;
  static inline Session* session_ = nullptr;
  static inline KeyPair* pair_ = nullptr;
};

TEST_F(BudgetTest, AThousandSignaturesCostAThousandSignSingleAndNothingElse) {
  Octets signature;
  for (int i = 0; i < kSignatures; ++i) {
    GW_ASSERT_RV(Sign(session_->handle(), CKM_ECDSA, pair_->private_key,
                      OctetsOf("0123456789abcdef0123456789abcdef"), &signature),
                 CKR_OK);
  }
  const Counters counters = ReadCounters();
  EXPECT_THAT(counters.by_rpc, UnorderedElementsAre(Pair("SignSingle", kSignatures)));
  EXPECT_EQ(counters.token_fetches, 0u);
}

TEST_F(BudgetTest, AskingForTheLengthCostsNothing) {
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  Octets data(32);
  CK_ULONG size = 0;
  GW_ASSERT_RV(P11().C_SignInit(session_->handle(), &mechanism, pair_->private_key), CKR_OK);
  GW_ASSERT_RV(P11().C_Sign(session_->handle(), data.data(), data.size(), nullptr, &size), CKR_OK);
  EXPECT_THAT(ReadCounters().by_rpc, IsEmpty());
  Octets signature(size);
  CK_ULONG one_short = size - 1;
  GW_EXPECT_RV(
      P11().C_Sign(session_->handle(), data.data(), data.size(), signature.data(), &one_short),
      CKR_BUFFER_TOO_SMALL);
  EXPECT_THAT(ReadCounters().by_rpc, IsEmpty());
  GW_ASSERT_RV(P11().C_Sign(session_->handle(), data.data(), data.size(), signature.data(), &size),
               CKR_OK);
  EXPECT_THAT(ReadCounters().by_rpc, UnorderedElementsAre(Pair("SignSingle", 1)));
}

TEST_F(BudgetTest, HashingSignaturesOfManyPartsCostOneRequest) {
  CK_MECHANISM mechanism{CKM_ECDSA_SHA256, nullptr, 0};
  Octets part(10'000);
  GW_ASSERT_RV(P11().C_SignInit(session_->handle(), &mechanism, pair_->private_key), CKR_OK);
  for (int i = 0; i < 10; ++i) {
    GW_ASSERT_RV(P11().C_SignUpdate(session_->handle(), part.data(), part.size()), CKR_OK);
  }
  Octets signature(64);
  CK_ULONG size = signature.size();
  GW_ASSERT_RV(P11().C_SignFinal(session_->handle(), signature.data(), &size), CKR_OK);
  EXPECT_THAT(ReadCounters().by_rpc, UnorderedElementsAre(Pair("SignSingle", 1)));
}

TEST_F(BudgetTest, VerifyingDigestingFindingAndReadingCostNothing) {
  const Octets data = OctetsOf("some text");
  Octets signature;
  GW_ASSERT_RV(Sign(session_->handle(), CKM_ECDSA_SHA256, pair_->private_key, data, &signature),
               CKR_OK);
  ResetCounters();
  GW_EXPECT_RV(Verify(session_->handle(), CKM_ECDSA_SHA256, pair_->public_key, data, signature),
               CKR_OK);
  CK_MECHANISM sha256{CKM_SHA256, nullptr, 0};
  Octets digest(32);
  CK_ULONG size = digest.size();
  GW_EXPECT_RV(P11().C_DigestInit(session_->handle(), &sha256), CKR_OK);
  GW_EXPECT_RV(P11().C_Digest(session_->handle(), const_cast<CK_BYTE_PTR>(data.data()), data.size(),
                              digest.data(), &size),
               CKR_OK);
  EXPECT_EQ(FindByLabel(session_->handle(), "budget").size(), 2u);
  CK_OBJECT_CLASS object_class = 0;
  CK_ATTRIBUTE wanted{CKA_CLASS, &object_class, sizeof object_class};
  GW_EXPECT_RV(P11().C_GetAttributeValue(session_->handle(), pair_->private_key, &wanted, 1),
               CKR_OK);
  EXPECT_EQ(object_class, CKO_PRIVATE_KEY);
  const Counters counters = ReadCounters();
  EXPECT_THAT(counters.by_rpc, IsEmpty());
  EXPECT_EQ(counters.token_fetches, 0u);
}

}  // namespace
}  // namespace gw::stack
