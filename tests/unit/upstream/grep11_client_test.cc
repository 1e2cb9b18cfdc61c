// Room: tests/unit/upstream. What goes over the wire and comes back.
#include "daemon/upstream/grep11_client.h"

#include <grep11.pb.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/upstream/client_fixture.h"

namespace gw {
namespace {

TEST_F(Grep11ClientTest, ASignatureIsOneRequestWithEverythingInIt) {
  const auto signature = Sign();
  ASSERT_TRUE(signature.ok()) << signature.error().detail;
  EXPECT_EQ(TextOf(*signature), "signed:data");
  EXPECT_EQ(hsm_->all_calls(), 1u);
  grep11::SignSingleRequest request;
  ASSERT_TRUE(request.ParseFromString(hsm_->last_request("SignSingle")));
  EXPECT_EQ(request.mech().mechanism(), CKM_ECDSA);
  EXPECT_EQ(request.data(), "data");
  ASSERT_EQ(request.privkey().keyblobs_size(), 1);
  EXPECT_EQ(request.privkey().keyblobs(0), "key blob");
  EXPECT_EQ(hsm_->last_authorization(), "");
}

Awaitable<Status> UseEveryRpc(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_AES_CBC, Bytes(16, 1)};
  const KeyBlob key{CopyOf("key")};
  const KeyBlob other{CopyOf("other key")};
  const ByteView data = ViewOf("data");
  OperationState state;
  state.octets = CopyOf("state");
  AttributeList attributes;
  attributes.SetUlong(CKA_VALUE_LEN, 32);
  // Only what was sent matters here.
  static_cast<void>(co_await client->Single(call, KeyOperation::kEncrypt, mechanism, key, data));
  static_cast<void>(co_await client->Single(call, KeyOperation::kDecrypt, mechanism, key, data));
  static_cast<void>(co_await client->VerifySingle(call, mechanism, key, data, ViewOf("signature")));
  static_cast<void>(co_await client->DigestSingle(call, mechanism, data));
  for (const auto operation : {KeyOperation::kEncrypt, KeyOperation::kDecrypt, KeyOperation::kSign,
                               KeyOperation::kVerify}) {
    static_cast<void>(co_await client->Init(call, operation, mechanism, key));
    static_cast<void>(co_await client->Update(call, operation, state, data));
  }
  static_cast<void>(co_await client->Final(call, KeyOperation::kEncrypt, state));
  static_cast<void>(co_await client->Final(call, KeyOperation::kDecrypt, state));
  static_cast<void>(co_await client->Final(call, KeyOperation::kSign, state));
  static_cast<void>(co_await client->VerifyFinal(call, state, ViewOf("signature")));
  static_cast<void>(co_await client->WrapKey(call, mechanism, key, other));
  static_cast<void>(
      co_await client->UnwrapKey(call, mechanism, key, ViewOf("wrapped"), attributes));
  static_cast<void>(co_await client->DeriveKey(call, mechanism, key, attributes));
  static_cast<void>(co_await client->SetAttributeValue(call, key, attributes));
  co_return Ok();
}

template <typename Request>
Request LastOf(const test::FakeHsm& hsm, const char* method) {
  EXPECT_EQ(hsm.calls(method), 1u) << method;
  Request request;
  EXPECT_TRUE(request.ParseFromString(hsm.last_request(method))) << method;
  return request;
}

TEST_F(Grep11ClientTest, EveryRpcPutsEachArgumentIntoItsField) {
  ASSERT_TRUE(test::Await(silo_, UseEveryRpc(&client(), Call())).ok());
  const auto encrypt = LastOf<grep11::EncryptSingleRequest>(*hsm_, "EncryptSingle");
  EXPECT_EQ(encrypt.plain(), "data");
  EXPECT_EQ(encrypt.key().keyblobs(0), "key");
  EXPECT_EQ(encrypt.mech().parameterb().size(), 16u);
  const auto decrypt = LastOf<grep11::DecryptSingleRequest>(*hsm_, "DecryptSingle");
  EXPECT_EQ(decrypt.ciphered(), "data");
  const auto verify = LastOf<grep11::VerifySingleRequest>(*hsm_, "VerifySingle");
  EXPECT_EQ(verify.signature(), "signature");
  EXPECT_EQ(verify.pubkey().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::DigestSingleRequest>(*hsm_, "DigestSingle").data(), "data");
  EXPECT_EQ(LastOf<grep11::EncryptInitRequest>(*hsm_, "EncryptInit").key().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::DecryptInitRequest>(*hsm_, "DecryptInit").key().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::SignInitRequest>(*hsm_, "SignInit").privkey().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::VerifyInitRequest>(*hsm_, "VerifyInit").pubkey().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::EncryptUpdateRequest>(*hsm_, "EncryptUpdate").plain(), "data");
  EXPECT_EQ(LastOf<grep11::DecryptUpdateRequest>(*hsm_, "DecryptUpdate").ciphered(), "data");
  EXPECT_EQ(LastOf<grep11::SignUpdateRequest>(*hsm_, "SignUpdate").data(), "data");
  EXPECT_EQ(LastOf<grep11::VerifyUpdateRequest>(*hsm_, "VerifyUpdate").state(), "state");
  EXPECT_EQ(LastOf<grep11::EncryptFinalRequest>(*hsm_, "EncryptFinal").state(), "state");
  EXPECT_EQ(LastOf<grep11::DecryptFinalRequest>(*hsm_, "DecryptFinal").state(), "state");
  EXPECT_EQ(LastOf<grep11::SignFinalRequest>(*hsm_, "SignFinal").state(), "state");
  EXPECT_EQ(LastOf<grep11::VerifyFinalRequest>(*hsm_, "VerifyFinal").signature(), "signature");
  const auto wrap = LastOf<grep11::WrapKeyRequest>(*hsm_, "WrapKey");
  EXPECT_EQ(wrap.kek().keyblobs(0), "key");
  EXPECT_EQ(wrap.key().keyblobs(0), "other key");
  const auto unwrap = LastOf<grep11::UnwrapKeyRequest>(*hsm_, "UnwrapKey");
  EXPECT_EQ(unwrap.kek().keyblobs(0), "key");
  EXPECT_EQ(unwrap.wrapped(), "wrapped");
  EXPECT_EQ(unwrap.template_().at(CKA_VALUE_LEN).attributei(), 32);
  const auto derive = LastOf<grep11::DeriveKeyRequest>(*hsm_, "DeriveKey");
  EXPECT_EQ(derive.basekey().keyblobs(0), "key");
  EXPECT_EQ(derive.template_().size(), 1u);
  const auto set = LastOf<grep11::SetAttributeValueRequest>(*hsm_, "SetAttributeValue");
  EXPECT_EQ(set.object(), "key");
  EXPECT_EQ(set.attributes().size(), 1u);
}

Awaitable<Status> UseDigestRpcs(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_SHA256, {}};
  const KeyBlob key{CopyOf("key")};
  OperationState state;
  state.octets = CopyOf("state");
  static_cast<void>(co_await client->DigestInit(call, mechanism));
  static_cast<void>(co_await client->DigestUpdate(call, state, ViewOf("data")));
  static_cast<void>(co_await client->DigestKey(call, state, key));
  static_cast<void>(co_await client->DigestFinal(call, state));
  co_return Ok();
}

TEST_F(Grep11ClientTest, ADigestInPartsPutsEachArgumentIntoItsField) {
  ASSERT_TRUE(test::Await(silo_, UseDigestRpcs(&client(), Call())).ok());
  EXPECT_EQ(LastOf<grep11::DigestInitRequest>(*hsm_, "DigestInit").mech().mechanism(), CKM_SHA256);
  EXPECT_EQ(LastOf<grep11::DigestUpdateRequest>(*hsm_, "DigestUpdate").data(), "data");
  EXPECT_EQ(LastOf<grep11::DigestKeyRequest>(*hsm_, "DigestKey").key().keyblobs(0), "key");
  EXPECT_EQ(LastOf<grep11::DigestFinalRequest>(*hsm_, "DigestFinal").state(), "state");
}

struct Made {
  Result<MadeKey> key = InternalError("not asked");
  Result<MadeKeyPair> pair = InternalError("not asked");
  Result<MadeKey> bad_template = InternalError("not asked");
  Result<std::vector<CK_MECHANISM_TYPE>> mechanisms = InternalError("not asked");
  Result<Bytes> random = InternalError("not asked");
};

// Not inlined: g++ 12 then takes the frame's own new and delete for mismatched ones.
[[gnu::noinline]] Awaitable<Made> MakeThings(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_AES_KEY_GEN, {}};
  AttributeList first, second, bad;
  first.SetBool(CKA_VERIFY, true);
  second.SetBool(CKA_SIGN, true);
  bad.Set(CKA_SIGN, Bytes(3));
  Made made;
  made.key = co_await client->GenerateKey(call, mechanism, first);
  made.pair = co_await client->GenerateKeyPair(call, mechanism, first, second);
  made.bad_template = co_await client->GenerateKey(call, mechanism, bad);
  made.mechanisms = co_await client->GetMechanismList(call);
  made.random = co_await client->GenerateRandom(call, 100);
  co_return made;
}

TEST_F(Grep11ClientTest, KeysListsAndRandomComeBackAsDomainTypes) {
  const Made made = test::Await(silo_, MakeThings(&client(), Call()));
  ASSERT_TRUE(made.key.ok());
  EXPECT_EQ(TextOf(made.key->key.view()), "secret blob");
  EXPECT_EQ(TextOf(made.key->check_sum), "sum");
  ASSERT_TRUE(made.pair.ok());
  EXPECT_EQ(TextOf(made.pair->private_key.view()), "private blob");
  EXPECT_EQ(TextOf(made.pair->public_key.view()), "public blob");
  EXPECT_EQ(made.bad_template.error().rv, CKR_ATTRIBUTE_VALUE_INVALID);
  EXPECT_EQ(*made.mechanisms, (std::vector<CK_MECHANISM_TYPE>{1, 0x1041}));
  EXPECT_EQ(made.random->size(), 100u);
  EXPECT_EQ(hsm_->calls("GenerateKey"), 1u) << "the bad template never left";
  const auto request = LastOf<grep11::GenerateKeyPairRequest>(*hsm_, "GenerateKeyPair");
  EXPECT_TRUE(request.pubkeytemplate().contains(CKA_VERIFY));
  EXPECT_TRUE(request.privkeytemplate().contains(CKA_SIGN));
}

TEST_F(Grep11ClientTest, RepliesThatAreNoneAreADeviceErrorAfterAFewTries) {
  for (const Kind kind : {Kind::kGarbage, Kind::kEmpty}) {
    const auto before = hsm_->all_calls();
    for (int i = 0; i < 9; ++i) Fault(kind);
    EXPECT_EQ(RvOfSign(), CKR_DEVICE_ERROR);
    EXPECT_EQ(hsm_->all_calls() - before, 9u);
    EXPECT_EQ(RvOfSign(), CKR_OK);
  }
}

TEST_F(Grep11ClientTest, AReplyThatIsNoneIsAskedForAgain) {
  for (const Kind kind : {Kind::kGarbage, Kind::kEmpty, Kind::kHuge}) {
    Fault(kind);
    EXPECT_EQ(RvOfSign(), CKR_OK);
  }
}

Awaitable<Status> Verify(HsmClient* client, HsmCall call) {
  const Mechanism mechanism{CKM_ECDSA, {}};
  const KeyBlob key{CopyOf("key blob")};
  co_return co_await client->VerifySingle(call, mechanism, key, ViewOf("data"),
                                          ViewOf("signature"));
}

// The reply to a verification has no fields: nothing but its decoding tells it from garbage.
TEST_F(Grep11ClientTest, GarbageIsNoValidSignature) {
  EXPECT_TRUE(test::Await(silo_, Verify(&client(), Call())).ok());
  for (int i = 0; i < 9; ++i) Fault(Kind::kGarbage);
  EXPECT_EQ(test::Await(silo_, Verify(&client(), Call())).error().rv, CKR_DEVICE_ERROR);
}

}  // namespace
}  // namespace gw
