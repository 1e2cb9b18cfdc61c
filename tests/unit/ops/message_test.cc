// Room: tests. Many messages with one Init.
#include "daemon/ops/message.h"

#include <gmock/gmock.h>

#include "daemon/localcrypto/digest.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

class MessageTest : public OpsTest {
 protected:
  ObjectHandle Key(CK_ATTRIBUTE_TYPE usage) {
    const ObjectPtr key = application_->AddSessionObject(
        KeyObject(CKO_SECRET_KEY, CKK_GENERIC_SECRET, usage), *scope_.session);
    return application_->HandleOf(*key);
  }
  CK_RV SignRv(std::string_view data, ByteView parameter = {}) {
    return RvOf(Run(ops::SignMessage(scope_, parameter, ViewOf(data), 32)));
  }
  CK_RV NextRv(std::string_view part, bool last) {
    return RvOf(Run(ops::SignMessageNext(scope_, {}, ViewOf(part), last, 32)));
  }

  const ops::CallScope scope_ = Session();
  const Mechanism hmac_{CKM_SHA256_HMAC, {}};
};

TEST_F(MessageTest, EachMessageIsOneRequestAndNoneEndsTheOperation) {
  ASSERT_TRUE(ops::MessageSignInit(scope_, hmac_, Key(CKA_SIGN)));
  EXPECT_EQ(RvOf(ops::MessageSignInit(scope_, hmac_, Key(CKA_SIGN))), CKR_OPERATION_ACTIVE);
  for (const char* message : {"one", "two", "three"}) {
    ASSERT_EQ(SignRv(message), CKR_OK);
    EXPECT_EQ(hsm_.data, CopyOf(std::string_view(message)));
  }
  EXPECT_EQ(hsm_.requests["Single"], 3);
  hsm_.next_error = UpstreamError(CKR_DEVICE_ERROR, "away");
  EXPECT_EQ(SignRv("four"), CKR_DEVICE_ERROR);
  EXPECT_EQ(SignRv("five"), CKR_OK);
  EXPECT_EQ(SignRv("six", ViewOf("parameter")), CKR_MECHANISM_PARAM_INVALID);
  ASSERT_TRUE(ops::MessageSignFinal(scope_));
  EXPECT_EQ(RvOf(ops::MessageSignFinal(scope_)), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_EQ(SignRv("seven"), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(MessageTest, AMessageMayComeInParts) {
  ASSERT_TRUE(ops::MessageSignInit(scope_, hmac_, Key(CKA_SIGN)));
  EXPECT_EQ(NextRv("a", false), CKR_OPERATION_NOT_INITIALIZED);
  for (int message = 0; message < 2; ++message) {
    ASSERT_TRUE(ops::SignMessageBegin(scope_, {}));
    EXPECT_EQ(RvOf(ops::SignMessageBegin(scope_, {})), CKR_OPERATION_ACTIVE);
    EXPECT_EQ(SignRv("whole"), CKR_OPERATION_ACTIVE);
    ASSERT_EQ(NextRv("ab", false), CKR_OK);
    EXPECT_EQ(Run(ops::SignMessageNext(scope_, {}, ViewOf("c"), true, 31))->rv(31),
              CKR_BUFFER_TOO_SMALL);
    ASSERT_EQ(NextRv("c", true), CKR_OK);
    EXPECT_EQ(hsm_.data, CopyOf(std::string_view("abc")));
  }
  EXPECT_EQ(SignRv("whole"), CKR_OK);
}

TEST_F(MessageTest, VerifyingGoesTheSameWay) {
  ASSERT_TRUE(ops::MessageVerifyInit(scope_, hmac_, Key(CKA_VERIFY)));
  const Bytes mac(32, 1);
  EXPECT_EQ(RvOf(Run(ops::VerifyMessage(scope_, {}, ViewOf("one"), mac))), CKR_OK);
  EXPECT_EQ(RvOf(Run(ops::VerifyMessage(scope_, {}, ViewOf("one"), Bytes(31)))),
            CKR_SIGNATURE_LEN_RANGE);
  ASSERT_TRUE(ops::VerifyMessageBegin(scope_, {}));
  EXPECT_EQ(RvOf(Run(ops::VerifyMessageNext(scope_, {}, ViewOf("t"), std::nullopt))), CKR_OK);
  hsm_.next_error = CallerError(CKR_SIGNATURE_INVALID);
  EXPECT_EQ(RvOf(Run(ops::VerifyMessageNext(scope_, {}, ViewOf("wo"), ByteView(mac)))),
            CKR_SIGNATURE_INVALID);
  EXPECT_EQ(hsm_.data, CopyOf(std::string_view("two")));
  EXPECT_EQ(RvOf(Run(ops::VerifyMessage(scope_, {}, ViewOf("three"), mac))), CKR_OK);
  ASSERT_TRUE(ops::MessageVerifyFinal(scope_));
}

TEST_F(MessageTest, RightsAreThoseOfPlainSignatures) {
  EXPECT_EQ(RvOf(ops::MessageSignInit(scope_, hmac_, Key(CKA_VERIFY))),
            CKR_KEY_FUNCTION_NOT_PERMITTED);
  EXPECT_EQ(RvOf(ops::MessageSignInit(scope_, Mechanism{CKM_SHA256, {}}, Key(CKA_SIGN))),
            CKR_MECHANISM_INVALID);
  EXPECT_EQ(RvOf(ops::MessageSignInit(scope_, std::nullopt, ObjectHandle{})), CKR_OK);
}

}  // namespace
}  // namespace gw
