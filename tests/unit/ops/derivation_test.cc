// Room: tests. Derivations that give more than a secret key: what the HSM is asked, what the object
// shows, what goes back, and what a request that is repeated may rely on.
#include "daemon/ops/derivation.h"

#include <gtest/gtest.h>

#include "daemon/ops/keys.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

const Bytes kSecp256k1{6, 5, 0x2b, 0x81, 4, 0, 10};
const Bytes kKyber768{6, 11, 0x2b, 6, 1, 4, 1, 2, 0x82, 0x0b, 5, 3, 3};

class DerivationTest : public OpsTest {
 protected:
  ObjectHandle Add(Object object) {
    return application_->HandleOf(
        *application_->AddSessionObject(std::move(object), *scope_.session));
  }
  ObjectHandle Seed() { return Add(KeyObject(CKO_SECRET_KEY, CKK_GENERIC_SECRET, CKA_DERIVE)); }
  ObjectHandle KyberPublic() {
    Object key = KeyObject(CKO_PUBLIC_KEY, CKK_IBM_PQC_KYBER, CKA_DERIVE);
    key.attributes.Set(CKA_IBM_PQC_PARAMS, kKyber768);
    return Add(std::move(key));
  }
  static AttributeList Node() {
    AttributeList given;
    given.Set(CKA_EC_PARAMS, kSecp256k1);
    given.SetUlong(CKA_VALUE_LEN, 0);
    given.SetBool(CKA_VERIFY, true);
    return given;
  }
  static Mechanism Master() { return {CKM_IBM_BTC_DERIVE, BtcParameter{4, 0, {}, 1}}; }
  static Mechanism Encapsulate(std::optional<std::uint64_t> room) {
    KyberParameter kyber;
    kyber.mode = CK_IBM_KEM_ENCAPSULATE;
    kyber.kdf = CKD_NULL;
    kyber.room = room;
    return {CKM_IBM_KYBER, kyber};
  }
  static AttributeList Aes() {
    AttributeList given;
    given.SetUlong(CKA_KEY_TYPE, CKK_AES);
    given.SetUlong(CKA_VALUE_LEN, 16);
    return given;
  }

  ops::CallScope scope_ = Session();
};

TEST_F(DerivationTest, AMasterKeyShowsItsChainCodeAndGivesIt) {
  hsm_.check_sum = Bytes(32, 0xcc);
  auto derived = Run(ops::DeriveKey(scope_, Master(), Seed(), Node()));
  ASSERT_EQ(RvOf(derived), CKR_OK);
  ASSERT_TRUE(derived->output);
  EXPECT_EQ(derived->output->data, hsm_.check_sum);
  const ObjectPtr key = application_->FindObject(token(), *derived->key);
  EXPECT_EQ(key->object_class, CK_OBJECT_CLASS{CKO_PRIVATE_KEY});
  EXPECT_EQ(*key->attributes.Find(CKA_CHECK_VALUE), hsm_.check_sum);
  EXPECT_EQ(*hsm_.attributes.Find(CKA_EC_PARAMS), kSecp256k1);
  EXPECT_FALSE(hsm_.attributes.Has(CKA_VALUE_LEN));
  EXPECT_FALSE(hsm_.attributes.Has(CKA_VERIFY));
}

TEST_F(DerivationTest, AnAnswerWithoutAChainCodeMakesNothing) {
  hsm_.check_sum = Bytes(31, 0xcc);
  EXPECT_EQ(RvOf(Run(ops::DeriveKey(scope_, Master(), Seed(), Node()))), CKR_DEVICE_ERROR);
}

TEST_F(DerivationTest, WhoAsksForTheLengthCostsNoRequest) {
  for (const auto room : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(1087)}) {
    auto derived = Run(ops::DeriveKey(scope_, Encapsulate(room), KyberPublic(), Aes()));
    ASSERT_EQ(RvOf(derived), CKR_OK);
    EXPECT_FALSE(derived->key);
    EXPECT_EQ(derived->output->length, 1088u);
  }
  EXPECT_EQ(hsm_.requests["DeriveKey"], 0);
}

TEST_F(DerivationTest, ACiphertextIsCutFromTheCheckSum) {
  Append(hsm_.check_sum, Bytes(1088, 0xee));
  auto derived = Run(ops::DeriveKey(scope_, Encapsulate(1088), KyberPublic(), Aes()));
  ASSERT_EQ(RvOf(derived), CKR_OK);
  EXPECT_EQ(derived->output->data, Bytes(1088, 0xee));
  const ObjectPtr key = application_->FindObject(token(), *derived->key);
  EXPECT_EQ(*key->attributes.Find(CKA_CHECK_VALUE), (Bytes{0x11, 0x22, 0x33}));
}

TEST_F(DerivationTest, ACiphertextOfAnotherLengthIsNoAnswer) {
  Append(hsm_.check_sum, Bytes(1089, 0xee));
  EXPECT_EQ(RvOf(Run(ops::DeriveKey(scope_, Encapsulate(1088), KyberPublic(), Aes()))),
            CKR_DEVICE_ERROR);
  hsm_.check_sum.resize(7);
  EXPECT_EQ(RvOf(Run(ops::DeriveKey(scope_, Encapsulate(1088), KyberPublic(), Aes()))),
            CKR_DEVICE_ERROR);
}

TEST_F(DerivationTest, TheSecretOfAHybridDerivationGoesAsItsBlob) {
  Append(hsm_.check_sum, Bytes(1088, 0xee));
  Mechanism hybrid = Encapsulate(1088);
  auto& kyber = std::get<KyberParameter>(hybrid.parameter);
  kyber.kdf = CKD_IBM_HYBRID_NULL;
  kyber.secret = Seed();
  ASSERT_EQ(RvOf(Run(ops::DeriveKey(scope_, hybrid, KyberPublic(), Aes()))), CKR_OK);
  EXPECT_EQ(std::get<KyberParameter>(hsm_.mechanism.parameter).blob, Bytes(96, 0x01));
  kyber.secret = KyberPublic();
  EXPECT_EQ(RvOf(Run(ops::DeriveKey(scope_, hybrid, KyberPublic(), Aes()))),
            CKR_MECHANISM_PARAM_INVALID);
}

// A handle can be told again, a ciphertext cannot: whoever asks again gets a new key.
TEST_F(DerivationTest, WhatGivesMoreThanAHandleIsNotAnsweredFromMemory) {
  Append(hsm_.check_sum, Bytes(1088, 0xee));
  LogInAs(UserState::kNormal);
  AttributeList given = Aes();
  given.SetBool(CKA_TOKEN, true);
  scope_.request = RequestId{application_->id(), 5};
  ASSERT_EQ(RvOf(Run(ops::DeriveKey(scope_, Encapsulate(1088), KyberPublic(), given))), CKR_OK);
  const FirstAnswer* first = tokens_.AnswerTo(*scope_.request);
  ASSERT_NE(first, nullptr);
  EXPECT_FALSE(first->whole);
  EXPECT_EQ(first->inserted.size(), 1u);
}

TEST_F(DerivationTest, TheBaseKeyIsTheHalfThatTheDerivationNeeds) {
  hsm_.check_sum = Bytes(32, 0xcc);
  const ObjectHandle node = Add(KeyObject(CKO_PRIVATE_KEY, CKK_EC, CKA_DERIVE));
  EXPECT_EQ(RvOf(Run(ops::DeriveKey(scope_, Master(), node, Node()))), CKR_KEY_TYPE_INCONSISTENT);
  const Mechanism child{CKM_IBM_BTC_DERIVE, BtcParameter{1, 0, Bytes(32), 1}};
  EXPECT_EQ(RvOf(Run(ops::DeriveKey(scope_, child, Seed(), Node()))), CKR_KEY_TYPE_INCONSISTENT);
  EXPECT_EQ(RvOf(Run(ops::DeriveKey(scope_, child, node, {}))), CKR_OK);
  const Mechanism from_public{CKM_IBM_BTC_DERIVE, BtcParameter{3, 0, Bytes(32), 1}};
  EXPECT_EQ(RvOf(Run(ops::DeriveKey(scope_, from_public, node, Node()))),
            CKR_KEY_TYPE_INCONSISTENT);
}

}  // namespace
}  // namespace gw
