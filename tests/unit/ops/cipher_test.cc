// Room: tests. Encryption and decryption around the HSM: lengths, parts, buffers.
#include "daemon/ops/cipher.h"

#include <gmock/gmock.h>

#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using ops::CipherDirection;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class CipherTest : public OpsTest {
 protected:
  ops::CallScope Begin(CipherDirection direction, CK_MECHANISM_TYPE type) {
    auto scope = Session();
    const CK_ATTRIBUTE_TYPE usage =
        direction == CipherDirection::kEncrypt ? CKA_ENCRYPT : CKA_DECRYPT;
    const ObjectPtr key =
        application_->AddSessionObject(KeyObject(CKO_SECRET_KEY, CKK_AES, usage), *scope.session);
    Mechanism mechanism{type, {}};
    if (type != CKM_AES_ECB) mechanism.parameter = Bytes(16, 0);
    EXPECT_EQ(RvOf(ops::CipherInit(scope, direction, mechanism, application_->HandleOf(*key))),
              CKR_OK);
    return scope;
  }
};

TEST_F(CipherTest, EncryptIsOneRequestAndALengthQueryNone) {
  const auto scope = Begin(CipherDirection::kEncrypt, CKM_AES_CBC_PAD);
  hsm_.output = Bytes(48, 1);
  auto query = Run(ops::Cipher(scope, CipherDirection::kEncrypt, Bytes(34, 'a'), std::nullopt));
  EXPECT_EQ(query->length, 48u);
  EXPECT_THAT(hsm_.requests, IsEmpty());
  auto output = Run(ops::Cipher(scope, CipherDirection::kEncrypt, Bytes(34, 'a'), 48));
  EXPECT_EQ(output->data.size(), 48u);
  EXPECT_THAT(hsm_.requests, ElementsAre(Pair("Single", 1)));
}

TEST_F(CipherTest, AShortBufferForPaddedPlaintextKeepsTheResultForTheNextCall) {
  const auto scope = Begin(CipherDirection::kDecrypt, CKM_AES_CBC_PAD);
  hsm_.output = Bytes(20, 'p');
  auto too_small = Run(ops::Cipher(scope, CipherDirection::kDecrypt, Bytes(32, 'c'), 19));
  EXPECT_EQ(too_small->length, 20u);
  EXPECT_EQ(too_small->rv(19), CKR_BUFFER_TOO_SMALL);
  auto exact = Run(ops::Cipher(scope, CipherDirection::kDecrypt, Bytes(32, 'c'), 20));
  EXPECT_EQ(exact->data, hsm_.output);
  EXPECT_THAT(hsm_.requests, ElementsAre(Pair("Single", 1)));
  EXPECT_FALSE(scope.operations().Has(OperationKind::kDecrypt));
}

TEST_F(CipherTest, AHeldResultIsNotGivenForOtherInput) {
  const auto scope = Begin(CipherDirection::kDecrypt, CKM_AES_CBC_PAD);
  hsm_.output = Bytes(20, 'p');
  ASSERT_TRUE(Run(ops::Cipher(scope, CipherDirection::kDecrypt, Bytes(32, 'c'), 1)));
  ASSERT_TRUE(Run(ops::Cipher(scope, CipherDirection::kDecrypt, Bytes(32, 'd'), 32)));
  EXPECT_THAT(hsm_.requests, ElementsAre(Pair("Single", 2)));
}

struct BadLength {
  CipherDirection direction;
  CK_MECHANISM_TYPE mechanism;
  std::size_t bytes;
  CK_RV rv;
};
class CipherLength : public CipherTest, public testing::WithParamInterface<BadLength> {};

TEST_P(CipherLength, IsRefusedWithoutARequest) {
  const BadLength& row = GetParam();
  const auto scope = Begin(row.direction, row.mechanism);
  EXPECT_EQ(RvOf(Run(ops::Cipher(scope, row.direction, Bytes(row.bytes, 'x'), 1000))), row.rv);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, CipherLength,
    testing::Values(
        BadLength{CipherDirection::kEncrypt, CKM_AES_CBC, 15, CKR_DATA_LEN_RANGE},
        BadLength{CipherDirection::kEncrypt, CKM_AES_ECB, 17, CKR_DATA_LEN_RANGE},
        BadLength{CipherDirection::kDecrypt, CKM_AES_CBC, 15, CKR_ENCRYPTED_DATA_LEN_RANGE},
        BadLength{CipherDirection::kDecrypt, CKM_AES_CBC_PAD, 0, CKR_ENCRYPTED_DATA_LEN_RANGE},
        BadLength{CipherDirection::kDecrypt, CKM_AES_CBC_PAD, 17, CKR_ENCRYPTED_DATA_LEN_RANGE}));

TEST_F(CipherTest, PartsGoToTheHsmAndTheLengthQueryConsumesNothing) {
  const auto scope = Begin(CipherDirection::kEncrypt, CKM_AES_CBC);
  hsm_.output = Bytes(16, 'o');
  auto query =
      Run(ops::CipherUpdate(scope, CipherDirection::kEncrypt, Bytes(16, 'i'), std::nullopt));
  EXPECT_EQ(query->length, 16u);
  EXPECT_THAT(hsm_.requests, IsEmpty());
  auto part = Run(ops::CipherUpdate(scope, CipherDirection::kEncrypt, Bytes(16, 'i'), 16));
  EXPECT_EQ(part->data, hsm_.output);
  hsm_.output.clear();
  auto last = Run(ops::CipherFinal(scope, CipherDirection::kEncrypt, 0));
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->delivered);
  EXPECT_THAT(hsm_.requests, ElementsAre(Pair("Final", 1), Pair("Init", 1), Pair("Update", 1)));
}

TEST_F(CipherTest, AShortBufferInUpdateDoesNotLoseTheOutput) {
  const auto scope = Begin(CipherDirection::kEncrypt, CKM_AES_CBC);
  hsm_.output = Bytes(32, 'o');
  auto too_small = Run(ops::CipherUpdate(scope, CipherDirection::kEncrypt, Bytes(32, 'i'), 16));
  EXPECT_EQ(too_small->rv(16), CKR_BUFFER_TOO_SMALL);
  auto again = Run(ops::CipherUpdate(scope, CipherDirection::kEncrypt, Bytes(32, 'i'), 32));
  EXPECT_EQ(again->data, hsm_.output);
  EXPECT_EQ(hsm_.requests["Update"], 1);
}

TEST_F(CipherTest, AnEmptyUpdateIsAllowedAndCostsNothing) {
  const auto scope = Begin(CipherDirection::kEncrypt, CKM_AES_CBC_PAD);
  auto part = Run(ops::CipherUpdate(scope, CipherDirection::kEncrypt, {}, 16));
  EXPECT_EQ(part->length, 0u);
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

// Gathered until Final, as far as the configuration allows; then the function has its length error.
TEST_F(CipherTest, TooMuchForAMechanismOfOnePartEndsIt) {
  gateway().local.verify = false;
  gateway().limits.gathered_bytes = 10;
  const struct {
    CipherDirection direction;
    OperationKind kind;
    CK_OBJECT_CLASS object_class;
    CK_ATTRIBUTE_TYPE usage;
    CK_RV rv;
  } rows[] = {{CipherDirection::kEncrypt, OperationKind::kEncrypt, CKO_PUBLIC_KEY, CKA_ENCRYPT,
               CKR_DATA_LEN_RANGE},
              {CipherDirection::kDecrypt, OperationKind::kDecrypt, CKO_PRIVATE_KEY, CKA_DECRYPT,
               CKR_ENCRYPTED_DATA_LEN_RANGE}};
  for (const auto& row : rows) {
    const auto scope = Session();
    const ObjectPtr key = application_->AddSessionObject(
        KeyObject(row.object_class, CKK_RSA, row.usage), *scope.session);
    ASSERT_TRUE(ops::CipherInit(scope, row.direction, Mechanism{CKM_RSA_PKCS, {}},
                                application_->HandleOf(*key)));
    EXPECT_EQ(RvOf(Run(ops::CipherUpdate(scope, row.direction, Bytes(10, 'x'), 0))), CKR_OK);
    EXPECT_EQ(RvOf(Run(ops::CipherUpdate(scope, row.direction, Bytes(1, 'x'), 0))), row.rv);
    EXPECT_FALSE(scope.operations().Has(row.kind));
  }
  EXPECT_THAT(hsm_.requests, IsEmpty());
}

TEST_F(CipherTest, PartsThatDoNotAddUpToBlocksFailAtFinal) {
  const auto scope = Begin(CipherDirection::kDecrypt, CKM_AES_CBC);
  hsm_.output.clear();
  ASSERT_TRUE(Run(ops::CipherUpdate(scope, CipherDirection::kDecrypt, Bytes(7, 'i'), 100)));
  EXPECT_EQ(RvOf(Run(ops::CipherFinal(scope, CipherDirection::kDecrypt, 100))),
            CKR_ENCRYPTED_DATA_LEN_RANGE);
  EXPECT_FALSE(scope.operations().Has(OperationKind::kDecrypt));
}

TEST_F(CipherTest, EncryptAndDecryptRunBesideEachOther) {
  const auto scope = Begin(CipherDirection::kEncrypt, CKM_AES_ECB);
  EXPECT_EQ(RvOf(Run(ops::Cipher(scope, CipherDirection::kDecrypt, Bytes(16, 'x'), 16))),
            CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_TRUE(scope.operations().Has(OperationKind::kEncrypt));
}

}  // namespace
}  // namespace gw
