// Room: tests. Master key rotation, from the operator's side and from the caller's.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "emulator/blob/master_key.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/emulator/support/calls.h"
#include "tests/unit/emulator/support/http.h"

namespace gw::emulator {
namespace {

using grep11::Crypto;
using Json = nlohmann::json;
using testing::HasSubstr;

const std::string kNextKey(64, 'b');
const std::string kBlock(16, 'x');

class RotationRpcTest : public EmulatorTest {
 protected:
  void SetUp() override {
    options().no_tls = options().no_auth = true;
    options().master_key = folder_.File("master.key");
    Start();
    client_ = std::make_unique<Client>(NewChannel(), "");
  }
  Client& client() { return *client_; }
  const std::string& key_file() { return options().master_key; }

  HttpAnswer Step(const std::string& name, const std::string& body = {}) {
    return HttpCall(ready().control, "POST", "/master-key/" + name, body);
  }
  Json Registers() { return Json::parse(HttpCall(ready().control, "GET", "/master-key").body); }
  void StageAndCommit() {
    ASSERT_EQ(Step("stage", kNextKey).status, 200);
    ASSERT_EQ(Step("commit").status, 200);
  }

 private:
  const test::TempDir folder_;
  std::unique_ptr<Client> client_;
};

std::string WkidOf(const std::string& blob) { return HexOf(ViewOf(blob.substr(32, 16))); }

TEST_F(RotationRpcTest, RewrappingWaitsForACommittedNextKey) {
  const std::string key = MakeAes(client(), 32);
  Rewrap(client(), key);
  EXPECT_EQ(client().Rv(), CKR_IBM_WK_NOT_INITIALIZED);
  Step("stage", kNextKey);
  Rewrap(client(), key);
  EXPECT_EQ(client().Rv(), CKR_IBM_WK_NOT_INITIALIZED);
  Step("commit");
  EXPECT_EQ(WkidOf(Rewrap(client(), key).rewrappedkeybytes()), Registers()["next"]);
  EXPECT_EQ(client().Rv(), CKR_OK);
  Step("clear");
  Rewrap(client(), key);
  EXPECT_EQ(client().Rv(), CKR_IBM_WK_NOT_INITIALIZED);
}

TEST_F(RotationRpcTest, OldBlobsAreGoodUntilTheNextKeyIsActiveAndNewOnesFromThenOn) {
  const std::string old_key = MakeAes(client(), 32);
  const std::string cipher = Encrypt(client(), Mech(CKM_AES_ECB), old_key, kBlock);
  StageAndCommit();
  const auto rewrapped = Rewrap(client(), old_key);
  const std::string new_key = rewrapped.rewrappedkeybytes();
  EXPECT_EQ(rewrapped.rewrappedkey().keyblobs(0), new_key);
  EXPECT_EQ(HexOf(ViewOf(rewrapped.rewrappedkey().attributes().at(CKA_GREP11_WKID).attributeb())),
            WkidOf(new_key));
  EXPECT_EQ(Decrypt(client(), Mech(CKM_AES_ECB), old_key, cipher), kBlock);
  Decrypt(client(), Mech(CKM_AES_ECB), new_key, cipher);
  EXPECT_EQ(client().Rv(), CKR_IBM_WKID_MISMATCH);
  ASSERT_EQ(Step("activate").status, 200);
  EXPECT_EQ(Decrypt(client(), Mech(CKM_AES_ECB), new_key, cipher), kBlock);
  EXPECT_EQ(client().Rv(), CKR_OK);
  Decrypt(client(), Mech(CKM_AES_ECB), old_key, cipher);
  EXPECT_EQ(client().Rv(), CKR_IBM_WKID_MISMATCH);
  EXPECT_EQ(new_key.substr(48, 8), old_key.substr(48, 8));  // attributes
}

TEST_F(RotationRpcTest, PairsKeepTheirValueAndPublicKeysGetAnotherMac) {
  const PairBlobs pair = MakeEcPair(client(), "P-256");
  const std::string signature = Sign(client(), Mech(CKM_ECDSA), pair.private_blob, "digest");
  StageAndCommit();
  const std::string new_private = Rewrap(client(), pair.private_blob).rewrappedkeybytes();
  const std::string new_public = Rewrap(client(), pair.public_blob).rewrappedkeybytes();
  Step("activate");
  EXPECT_EQ(Verify(client(), Mech(CKM_ECDSA), new_public, "digest", signature), CKR_OK);
  EXPECT_EQ(Verify(client(), Mech(CKM_ECDSA), pair.public_blob, "digest", signature),
            CKR_IBM_WKID_MISMATCH);
  const std::string again = Sign(client(), Mech(CKM_ECDSA), new_private, "digest");
  EXPECT_EQ(Verify(client(), Mech(CKM_ECDSA), new_public, "digest", again), CKR_OK);
}

TEST_F(RotationRpcTest, StatesEndWithTheKeyTheyWereSealedUnder) {
  grep11::DigestInitRequest init;
  *init.mutable_mech() = Mech(CKM_SHA256);
  grep11::DigestUpdateRequest update;
  update.set_state(client().Call(&Crypto::Stub::DigestInit, init).state());
  update.set_data("x");
  StageAndCommit();
  client().Call(&Crypto::Stub::DigestUpdate, update);
  EXPECT_EQ(client().Rv(), CKR_OK);
  Step("activate");
  client().Call(&Crypto::Stub::DigestUpdate, update);
  EXPECT_EQ(client().Rv(), CKR_IBM_WKID_MISMATCH);
}

TEST_F(RotationRpcTest, OlderClientsSendAndGetOctets) {
  StageAndCommit();
  grep11::RewrapKeyBlobRequest request;
  request.set_wrappedkeybytes(MakeAes(client(), 16));
  EXPECT_EQ(client().Call(&Crypto::Stub::RewrapKeyBlob, request).rewrappedkeybytes().size(), 256U);
  EXPECT_EQ(client().Rv(), CKR_OK);
}

TEST_F(RotationRpcTest, OnlyBlobsOfTheCurrentKeyAreRewrapped) {
  const std::string key = MakeAes(client(), 16);
  StageAndCommit();
  const std::string rewrapped = Rewrap(client(), key).rewrappedkeybytes();
  struct Case {
    std::string blob;
    CK_RV rv;
  };
  std::string changed = key;
  changed.back() ^= 1;
  const std::string spki = PlainEcPair(client()).public_blob.substr(0, 91);
  for (const Case& c :
       {Case{"", CKR_KEY_HANDLE_INVALID}, Case{rewrapped, CKR_IBM_WKID_MISMATCH},
        Case{changed, CKR_ENCRYPTED_DATA_INVALID}, Case{spki, CKR_KEY_HANDLE_INVALID}}) {
    Rewrap(client(), c.blob);
    EXPECT_EQ(client().Rv(), c.rv);
  }
}

TEST_F(RotationRpcTest, ASessionStaysWithItsKey) {
  grep11::LoginRequest login;
  login.set_pin("secret77");
  client().Call(&Crypto::Stub::Login, login);
  const std::string key = MakeAes(client(), 16);
  StageAndCommit();
  client().Call(&Crypto::Stub::Logout, grep11::LogoutRequest());
  const std::string rewrapped = Rewrap(client(), key).rewrappedkeybytes();
  ASSERT_EQ(client().Rv(), CKR_OK);  // the key is not used
  EXPECT_EQ(rewrapped.substr(0, 32), key.substr(0, 32));
  Step("activate");
  Encrypt(client(), Mech(CKM_AES_ECB), rewrapped, kBlock);
  EXPECT_EQ(client().Rv(), CKR_SESSION_CLOSED);
  client().Call(&Crypto::Stub::Login, login);
  Encrypt(client(), Mech(CKM_AES_ECB), rewrapped, kBlock);
  EXPECT_EQ(client().Rv(), CKR_OK);
}

TEST_F(RotationRpcTest, TheNextWkidIsReadableOnceItIsCommitted) {
  const std::string key = MakeAes(client(), 16);
  GetAttribute(client(), key, CKA_GREP11_NEXTWKID);
  EXPECT_EQ(client().Rv(), CKR_ATTRIBUTE_TYPE_INVALID);
  StageAndCommit();
  EXPECT_EQ(HexOf(ViewOf(GetAttribute(client(), key, CKA_GREP11_NEXTWKID).attributeb())),
            Registers()["next"]);
  EXPECT_EQ(HexOf(ViewOf(GetAttribute(client(), key, CKA_GREP11_WKID).attributeb())),
            Registers()["current"]);
}

TEST_F(RotationRpcTest, StepsOutOfOrderChangeNothingAndSayWhatToDo) {
  const Json before = Registers();
  EXPECT_EQ(before["next"], nullptr);
  EXPECT_EQ(before["committed"], false);
  EXPECT_THAT(Step("commit").body, HasSubstr("stage one first"));
  EXPECT_EQ(Step("activate").status, 409);
  EXPECT_EQ(Step("stage", "no key").status, 400);
  EXPECT_EQ(Registers(), before);
  StageAndCommit();
  const Json committed = Registers();
  EXPECT_EQ(Step("stage", std::string(64, 'c')).status, 409);
  EXPECT_EQ(Registers(), committed);
  Step("activate");
  EXPECT_EQ(Registers()["current"], committed["next"]);
  EXPECT_EQ(Registers()["next"], nullptr);
  EXPECT_EQ(Step("stage", kNextKey).status, 409);  // it is the current one
  EXPECT_EQ(Step("stage").status, 200);            // a random one
}

TEST_F(RotationRpcTest, AnActivatedKeyIsInTheFileForTheNextStart) {
  StageAndCommit();
  const auto before = MasterKey::LoadOrCreate(key_file());
  EXPECT_NE(HexOf(before->wkid()), Registers()["next"]);
  Step("activate");
  const auto after = MasterKey::LoadOrCreate(key_file());
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(HexOf(after->wkid()), Registers()["current"]);
  const std::string key = MakeAes(client(), 16);
  Emulator again;
  ASSERT_EQ(again.Start(options()), std::vector<std::string>());
  Client there(grpc::CreateChannel(again.ready().grep11, grpc::InsecureChannelCredentials()), "");
  Encrypt(there, Mech(CKM_AES_ECB), key, kBlock);
  EXPECT_EQ(there.Rv(), CKR_OK);
}

}  // namespace
}  // namespace gw::emulator
