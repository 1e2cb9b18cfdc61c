// Room: tests. Two operations at once. The scripted HSM gives the same octets for every part.
#include "daemon/ops/dual.h"

#include <gmock/gmock.h>

#include "daemon/localcrypto/digest.h"
#include "daemon/ops/cipher.h"
#include "daemon/ops/digest.h"
#include "daemon/ops/verify.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using testing::IsEmpty;

class DualTest : public OpsTest {
 protected:
  void Begin(ops::CipherDirection direction) {
    Object object = KeyObject(CKO_SECRET_KEY, CKK_AES, CKA_ENCRYPT);
    object.attributes.SetBool(CKA_DECRYPT, true);
    const ObjectPtr key = application_->AddSessionObject(std::move(object), *scope_.session);
    ASSERT_TRUE(ops::CipherInit(scope_, direction, Mechanism{CKM_AES_CBC, Bytes(16)},
                                application_->HandleOf(*key)));
    ASSERT_TRUE(ops::DigestInit(scope_, Mechanism{CKM_SHA256, {}}));
  }
  Bytes DigestNow() { return Run(ops::DigestFinal(scope_, 32))->data; }
  bool BothRun() {
    return scope_.operations().Has(OperationKind::kDigest) &&
           (scope_.operations().Has(OperationKind::kEncrypt) ||
            scope_.operations().Has(OperationKind::kDecrypt));
  }

  const ops::CallScope scope_ = Session();
  const Bytes part_ = Bytes(64, 0x11);
};

TEST_F(DualTest, EncryptingDigestsWhatGoesIn) {
  Begin(ops::CipherDirection::kEncrypt);
  const auto output = Run(ops::DualUpdate(scope_, ops::Dual::kDigestEncrypt, part_, 64));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->data, hsm_.output);
  EXPECT_EQ(DigestNow(), HashOf(Hash::kSha256, part_));
}

TEST_F(DualTest, DecryptingDigestsWhatComesOut) {
  Begin(ops::CipherDirection::kDecrypt);
  ASSERT_TRUE(Run(ops::DualUpdate(scope_, ops::Dual::kDecryptDigest, part_, 64)));
  EXPECT_EQ(DigestNow(), HashOf(Hash::kSha256, hsm_.output));
}

TEST_F(DualTest, AQueryAndAShortBufferTakeNothing) {
  Begin(ops::CipherDirection::kEncrypt);
  const auto query = Run(ops::DualUpdate(scope_, ops::Dual::kDigestEncrypt, part_, std::nullopt));
  EXPECT_EQ(query->rv(std::nullopt), CKR_OK);
  EXPECT_EQ(query->length, 64u);
  const auto one_short = Run(ops::DualUpdate(scope_, ops::Dual::kDigestEncrypt, part_, 63));
  EXPECT_EQ(one_short->rv(63), CKR_BUFFER_TOO_SMALL);
  EXPECT_TRUE(BothRun());
  ASSERT_TRUE(Run(ops::DualUpdate(scope_, ops::Dual::kDigestEncrypt, part_, 64)));
  EXPECT_EQ(DigestNow(), HashOf(Hash::kSha256, part_)) << "digested once";
}

TEST_F(DualTest, BothAreNeededAndBothEndWithAnError) {
  Begin(ops::CipherDirection::kEncrypt);
  EXPECT_EQ(RvOf(Run(ops::DualUpdate(scope_, ops::Dual::kSignEncrypt, part_, 64))),
            CKR_OPERATION_NOT_INITIALIZED);
  EXPECT_FALSE(scope_.operations().Has(OperationKind::kEncrypt));
  EXPECT_TRUE(scope_.operations().Has(OperationKind::kDigest)) << "which had no part in it";
  ASSERT_TRUE(ops::DigestInit(scope_, std::nullopt));
  Begin(ops::CipherDirection::kEncrypt);
  hsm_.next_error = UpstreamError(CKR_DEVICE_ERROR, "away");
  EXPECT_EQ(RvOf(Run(ops::DualUpdate(scope_, ops::Dual::kDigestEncrypt, part_, 64))),
            CKR_DEVICE_ERROR);
  EXPECT_FALSE(scope_.operations().Has(OperationKind::kEncrypt));
  EXPECT_FALSE(scope_.operations().Has(OperationKind::kDigest));
}

}  // namespace
}  // namespace gw
