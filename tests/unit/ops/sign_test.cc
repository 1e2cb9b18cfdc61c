// Room: tests. Signing: what reaches the HSM, and how operations begin and end.
#include "daemon/ops/sign.h"

#include <gmock/gmock.h>

#include "daemon/localcrypto/digest.h"
#include "daemon/ops/verify.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class SignTest : public OpsTest {
 protected:
  ObjectHandle AddKey(const ops::CallScope& scope, CK_OBJECT_CLASS object_class, CK_KEY_TYPE type) {
    const ObjectPtr key =
        application_->AddSessionObject(KeyObject(object_class, type, CKA_SIGN), *scope.session);
    return application_->HandleOf(*key);
  }
  const Bytes message_ = CopyOf("message");
};

TEST_F(SignTest, InitAndSignCostOneRequest) {
  const auto scope = Session();
  ASSERT_EQ(
      RvOf(ops::SignInit(scope, Mechanism{CKM_ECDSA, {}}, AddKey(scope, CKO_PRIVATE_KEY, CKK_EC))),
      CKR_OK);
  EXPECT_THAT(hsm_.requests, IsEmpty());
  auto signature = Run(ops::Sign(scope, message_, 64));
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->data, hsm_.output);
  EXPECT_THAT(hsm_.requests, ElementsAre(Pair("Single", 1)));
  EXPECT_FALSE(scope.operations().Has(OperationKind::kSign));
}

TEST_F(SignTest, LengthQueryAndShortBufferCostNoRequestAndKeepTheOperation) {
  const auto scope = Session();
  ASSERT_TRUE(
      ops::SignInit(scope, Mechanism{CKM_ECDSA, {}}, AddKey(scope, CKO_PRIVATE_KEY, CKK_EC)));
  auto query = Run(ops::Sign(scope, message_, std::nullopt));
  EXPECT_EQ(query->length, 64u);
  EXPECT_EQ(query->rv(std::nullopt), CKR_OK);
  auto one_short = Run(ops::Sign(scope, message_, 63));
  EXPECT_EQ(one_short->length, 64u);
  EXPECT_EQ(one_short->rv(63), CKR_BUFFER_TOO_SMALL);
  EXPECT_THAT(hsm_.requests, IsEmpty());
  EXPECT_TRUE(scope.operations().Has(OperationKind::kSign));
}

TEST_F(SignTest, AHashingMechanismSendsTheDigestToTheRawOne) {
  const auto scope = Session();
  ASSERT_TRUE(ops::SignInit(scope, Mechanism{CKM_SHA256_RSA_PKCS, {}},
                            AddKey(scope, CKO_PRIVATE_KEY, CKK_RSA)));
  ASSERT_TRUE(Run(ops::Sign(scope, message_, 256)));
  EXPECT_EQ(hsm_.mechanism.type, CKM_RSA_PKCS);
  EXPECT_EQ(hsm_.data, DigestInfo(Hash::kSha256, HashOf(Hash::kSha256, message_)));
}

// No HSM of ours in tests has the mechanism.
TEST_F(SignTest, ACmacIsAsLongAsTheBlockOfItsKey) {
  const auto scope = Session();
  for (const auto& [mechanism, type, bytes] :
       {std::tuple(CKM_AES_CMAC, CKK_AES, 16u), std::tuple(CKM_DES3_CMAC, CKK_DES2, 8u),
        std::tuple(CKM_IBM_CMAC, CKK_DES3, 8u)}) {
    ASSERT_TRUE(
        ops::SignInit(scope, Mechanism{mechanism, {}}, AddKey(scope, CKO_SECRET_KEY, type)));
    EXPECT_EQ(Run(ops::Sign(scope, message_, std::nullopt))->length, bytes);
    ASSERT_TRUE(Run(ops::Sign(scope, message_, 64)));
    EXPECT_EQ(hsm_.data, message_);
  }
}

TEST_F(SignTest, PartsAreHashedHereAndCostOneRequest) {
  const auto scope = Session();
  ASSERT_TRUE(ops::SignInit(scope, Mechanism{CKM_ECDSA_SHA384, {}},
                            AddKey(scope, CKO_PRIVATE_KEY, CKK_EC)));
  ASSERT_TRUE(Run(ops::SignUpdate(scope, CopyOf("mess"))));
  ASSERT_TRUE(Run(ops::SignUpdate(scope, CopyOf("age"))));
  ASSERT_TRUE(Run(ops::SignFinal(scope, 64)));
  EXPECT_EQ(hsm_.mechanism.type, CKM_ECDSA);
  EXPECT_EQ(hsm_.data, HashOf(Hash::kSha384, message_));
  EXPECT_THAT(hsm_.requests, ElementsAre(Pair("Single", 1)));
}

TEST_F(SignTest, WithHashSignOffTheHsmHashes) {
  gateway().local.hash_sign = false;
  const auto scope = Session();
  ASSERT_TRUE(ops::SignInit(scope, Mechanism{CKM_SHA256_RSA_PKCS, {}},
                            AddKey(scope, CKO_PRIVATE_KEY, CKK_RSA)));
  ASSERT_TRUE(Run(ops::Sign(scope, message_, 256)));
  EXPECT_EQ(hsm_.mechanism.type, CKM_SHA256_RSA_PKCS);
  EXPECT_EQ(hsm_.data, message_);
}

TEST_F(SignTest, AMacIsGatheredUntilItIsLargeThenGoesInParts) {
  gateway().limits.gathered_bytes = 10;
  const auto scope = Session();
  const ObjectHandle key = AddKey(scope, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
  ASSERT_TRUE(ops::SignInit(scope, Mechanism{CKM_SHA256_HMAC, {}}, key));
  ASSERT_TRUE(Run(ops::SignUpdate(scope, Bytes(8, 'a'))));
  EXPECT_THAT(hsm_.requests, IsEmpty());
  ASSERT_TRUE(Run(ops::SignUpdate(scope, Bytes(8, 'b'))));
  ASSERT_TRUE(Run(ops::SignUpdate(scope, Bytes(1, 'c'))));
  ASSERT_TRUE(Run(ops::SignFinal(scope, 32)));
  EXPECT_THAT(hsm_.requests, ElementsAre(Pair("Final", 1), Pair("Init", 1), Pair("Update", 2)));
}

TEST_F(SignTest, SignAfterUpdateEndsTheOperation) {
  const auto scope = Session();
  ASSERT_TRUE(ops::SignInit(scope, Mechanism{CKM_ECDSA_SHA256, {}},
                            AddKey(scope, CKO_PRIVATE_KEY, CKK_EC)));
  ASSERT_TRUE(Run(ops::SignUpdate(scope, message_)));
  EXPECT_EQ(RvOf(Run(ops::Sign(scope, message_, 64))), CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_FALSE(scope.operations().Has(OperationKind::kSign));
}

TEST_F(SignTest, AnErrorOfTheHsmReachesTheCallerUnchangedAndEndsTheOperation) {
  const auto scope = Session();
  ASSERT_TRUE(
      ops::SignInit(scope, Mechanism{CKM_ECDSA, {}}, AddKey(scope, CKO_PRIVATE_KEY, CKK_EC)));
  hsm_.next_error = UpstreamError(CKR_IBM_WK_NOT_INITIALIZED, "no master key");
  EXPECT_EQ(RvOf(Run(ops::Sign(scope, message_, 64))), CKR_IBM_WK_NOT_INITIALIZED);
  EXPECT_FALSE(scope.operations().Has(OperationKind::kSign));
  EXPECT_EQ(scope.session->device_error, CKR_IBM_WK_NOT_INITIALIZED);
}

// RSA PKCS #1 v1.5 takes k - 11 octets, and what is gathered for it has a limit of its own.
TEST_F(SignTest, TooMuchForAMechanismOfOnePartEndsIt) {
  gateway().local.verify = false;
  gateway().limits.gathered_bytes = 300;
  const auto scope = Session();
  const ObjectHandle key = AddKey(scope, CKO_PRIVATE_KEY, CKK_RSA);
  const ObjectPtr checking = application_->AddSessionObject(
      KeyObject(CKO_PUBLIC_KEY, CKK_RSA, CKA_VERIFY), *scope.session);
  const ObjectHandle public_key = application_->HandleOf(*checking);
  const Mechanism rsa{CKM_RSA_PKCS, {}};
  ASSERT_TRUE(ops::SignInit(scope, rsa, key));
  EXPECT_EQ(RvOf(Run(ops::SignUpdate(scope, Bytes(301)))), CKR_DATA_LEN_RANGE);
  EXPECT_FALSE(scope.operations().Has(OperationKind::kSign));
  ASSERT_TRUE(ops::VerifyInit(scope, rsa, public_key));
  EXPECT_EQ(RvOf(Run(ops::VerifyUpdate(scope, Bytes(301)))), CKR_DATA_LEN_RANGE);
  EXPECT_FALSE(scope.operations().Has(OperationKind::kVerify));
  for (const std::size_t bytes : {std::size_t{245}, std::size_t{246}}) {
    const CK_RV expected = bytes == 245 ? CKR_OK : CKR_DATA_LEN_RANGE;
    ASSERT_TRUE(ops::SignInit(scope, rsa, key));
    ASSERT_TRUE(Run(ops::SignUpdate(scope, Bytes(bytes))));
    EXPECT_EQ(RvOf(Run(ops::SignFinal(scope, 256))), expected);
    ASSERT_TRUE(ops::VerifyInit(scope, rsa, public_key));
    ASSERT_TRUE(Run(ops::VerifyUpdate(scope, Bytes(bytes))));
    EXPECT_EQ(RvOf(Run(ops::VerifyFinal(scope, Bytes(256)))), expected);
  }
}

// PKCS #11 v2.40 mechanisms 2.3.1: both halves may have lost the zeros that they begin with.
TEST_F(SignTest, AShortEcdsaSignatureIsVerifiedInItsFullLength) {
  gateway().local.verify = false;
  const auto scope = Session();
  const ObjectPtr key =
      application_->AddSessionObject(KeyObject(CKO_PUBLIC_KEY, CKK_EC, CKA_VERIFY), *scope.session);
  const auto verify = [&](std::size_t bytes) {
    EXPECT_TRUE(ops::VerifyInit(scope, Mechanism{CKM_ECDSA, {}}, application_->HandleOf(*key)));
    Bytes given(bytes, 7);
    for (std::size_t n = bytes / 2; n < bytes; ++n) given[n] = 8;
    return RvOf(Run(ops::Verify(scope, message_, given)));
  };
  for (const std::size_t half : {1u, 31u, 32u}) {
    EXPECT_EQ(verify(2 * half), CKR_OK);
    Bytes full(32 - half);
    full.resize(32, 7);
    full.resize(64 - half);
    full.resize(64, 8);
    EXPECT_EQ(hsm_.signature, full);
  }
  for (const std::size_t bytes : {0u, 63u, 66u}) EXPECT_EQ(verify(bytes), CKR_SIGNATURE_LEN_RANGE);
}

struct RefusedInit {
  const char* name;
  CK_MECHANISM_TYPE mechanism;
  CK_OBJECT_CLASS object_class;
  CK_KEY_TYPE key_type;
  CK_ATTRIBUTE_TYPE usage;
  CK_RV rv;
};

class SignInitRefusal : public SignTest, public testing::WithParamInterface<RefusedInit> {};

TEST_P(SignInitRefusal, HasItsCode) {
  const auto scope = Session();
  const RefusedInit& row = GetParam();
  const ObjectPtr key = application_->AddSessionObject(
      KeyObject(row.object_class, row.key_type, row.usage), *scope.session);
  EXPECT_EQ(RvOf(ops::SignInit(scope, Mechanism{row.mechanism, {}}, application_->HandleOf(*key))),
            row.rv);
  EXPECT_FALSE(scope.operations().Has(OperationKind::kSign));
}

INSTANTIATE_TEST_SUITE_P(All, SignInitRefusal,
                         testing::Values(RefusedInit{"unknown", 0x7fffffff, CKO_PRIVATE_KEY, CKK_EC,
                                                     CKA_SIGN, CKR_MECHANISM_INVALID},
                                         RefusedInit{"not_for_signing", CKM_AES_CBC, CKO_SECRET_KEY,
                                                     CKK_AES, CKA_SIGN, CKR_MECHANISM_INVALID},
                                         RefusedInit{"wrong_type", CKM_ECDSA, CKO_PRIVATE_KEY,
                                                     CKK_RSA, CKA_SIGN, CKR_KEY_TYPE_INCONSISTENT},
                                         RefusedInit{"public_half", CKM_ECDSA, CKO_PUBLIC_KEY,
                                                     CKK_EC, CKA_SIGN, CKR_KEY_TYPE_INCONSISTENT},
                                         RefusedInit{"usage", CKM_ECDSA, CKO_PRIVATE_KEY, CKK_EC,
                                                     CKA_DERIVE, CKR_KEY_FUNCTION_NOT_PERMITTED},
                                         RefusedInit{"pss_without_parameter", CKM_RSA_PKCS_PSS,
                                                     CKO_PRIVATE_KEY, CKK_RSA, CKA_SIGN,
                                                     CKR_MECHANISM_PARAM_INVALID}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_F(SignTest, ASecondInitIsRefusedAndANullMechanismCancels) {
  const auto scope = Session();
  const ObjectHandle key = AddKey(scope, CKO_PRIVATE_KEY, CKK_EC);
  ASSERT_TRUE(ops::SignInit(scope, Mechanism{CKM_ECDSA, {}}, key));
  EXPECT_EQ(RvOf(ops::SignInit(scope, Mechanism{CKM_ECDSA, {}}, key)), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(RvOf(ops::SignInit(scope, std::nullopt, key)), CKR_OK);
  EXPECT_EQ(RvOf(Run(ops::Sign(scope, message_, 64))), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(SignTest, AnInvisibleKeyIsAnInvalidHandle) {
  const auto scope = Session();
  EXPECT_EQ(RvOf(ops::SignInit(scope, Mechanism{CKM_ECDSA, {}}, ObjectHandle{12345})),
            CKR_KEY_HANDLE_INVALID);
}

TEST_F(SignTest, LogoutInAnotherThreadEndsTheOperationWithoutHarmToTheCallInside) {
  LogInAs(UserState::kNormal);
  const auto scope = Session();
  Object key = KeyObject(CKO_PRIVATE_KEY, CKK_EC, CKA_SIGN);
  key.is_private = true;
  const ObjectPtr added = application_->AddSessionObject(std::move(key), *scope.session);
  ASSERT_TRUE(ops::SignInit(scope, Mechanism{CKM_ECDSA, {}}, application_->HandleOf(*added)));
  hsm_.meanwhile = [&] { application_->LogOut(token()); };
  EXPECT_EQ(RvOf(Run(ops::Sign(scope, message_, 64))), CKR_OK);
  EXPECT_EQ(RvOf(Run(ops::Sign(scope, message_, 64))), CKR_OPERATION_NOT_INITIALIZED);
}

TEST_F(SignTest, RecoveryIsAnOperationOfItsOwnWithARightOfItsOwn) {
  const auto scope = Session();
  const Mechanism rsa{CKM_RSA_PKCS, {}};
  const ObjectHandle plain = AddKey(scope, CKO_PRIVATE_KEY, CKK_RSA);
  EXPECT_EQ(RvOf(ops::SignRecoverInit(scope, rsa, plain)), CKR_KEY_FUNCTION_NOT_PERMITTED);
  Object object = KeyObject(CKO_PRIVATE_KEY, CKK_RSA, CKA_SIGN);
  object.attributes.SetBool(CKA_SIGN_RECOVER, true);
  const ObjectHandle key =
      application_->HandleOf(*application_->AddSessionObject(std::move(object), *scope.session));
  EXPECT_EQ(RvOf(ops::SignRecoverInit(scope, Mechanism{CKM_SHA256_RSA_PKCS, {}}, key)),
            CKR_MECHANISM_INVALID);
  ASSERT_TRUE(ops::SignInit(scope, rsa, key));
  ASSERT_TRUE(ops::SignRecoverInit(scope, rsa, key));
  EXPECT_EQ(RvOf(ops::SignRecoverInit(scope, rsa, key)), CKR_OPERATION_ACTIVE);
  EXPECT_EQ(Run(ops::SignRecover(scope, message_, std::nullopt))->length, 256u);
  EXPECT_THAT(hsm_.requests, IsEmpty());
  auto signature = Run(ops::SignRecover(scope, message_, 256));
  ASSERT_TRUE(signature);
  EXPECT_EQ(hsm_.data, message_);
  EXPECT_FALSE(scope.operations().Has(OperationKind::kSignRecover));
  EXPECT_TRUE(scope.operations().Has(OperationKind::kSign));
  EXPECT_EQ(RvOf(Run(ops::SignRecover(scope, message_, 256))), CKR_OPERATION_NOT_INITIALIZED);
  ASSERT_TRUE(ops::SignRecoverInit(scope, rsa, key));
  ASSERT_TRUE(ops::SignRecoverInit(scope, std::nullopt, key));
  EXPECT_FALSE(scope.operations().Has(OperationKind::kSignRecover));
}

}  // namespace
}  // namespace gw
