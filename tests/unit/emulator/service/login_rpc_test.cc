// Room: tests. Login sessions over the wire: what is bound to them, and what happens without them.
#include "tests/unit/emulator/support/calls.h"

namespace gw::emulator {
namespace {

using grep11::Crypto;

const std::string kStore = "store-of-16-byte";
const std::string kPin = "secret77";

class LoginRpcTest : public EmulatorTest {
 protected:
  void SetUp() override {
    options().no_tls = options().no_auth = true;
    Start();
    client_ = std::make_unique<Client>(NewChannel(), "");
  }
  Client& client() { return *client_; }
  void CloseConnection() { client_ = std::make_unique<Client>(NewChannel(), ""); }

  static std::string Login(Client& client, const std::string& store, const std::string& pin) {
    grep11::LoginRequest request;
    request.set_storeid(store);
    request.set_pin(pin);
    return client.Call(&Crypto::Stub::Login, request).pinblob();
  }
  static CK_RV Logout(Client& client) {
    client.Call(&Crypto::Stub::Logout, grep11::LogoutRequest());
    return client.Rv();
  }
  static std::string Aes(Client& client) {
    return Generate(client, CKM_AES_KEY_GEN, Template({{CKA_VALUE_LEN, std::uint64_t{16}}}));
  }

 private:
  std::unique_ptr<Client> client_;
};

const std::string kBlock(16, 'x');
const std::string kUnbound(32, '\0');

std::string SessionOfSpki(const std::string& maced_spki) {
  return maced_spki.substr(91 + 18 + 2, 32);  // behind P-256's SPKI and the WKID
}

TEST_F(LoginRpcTest, APinBlobBeginsWithTheSessionThatNewKeysAreBoundTo) {
  const std::string unbound = Aes(client());
  EXPECT_EQ(unbound.substr(0, 32), kUnbound);
  const std::string pin_blob = Login(client(), kStore, kPin);
  ASSERT_EQ(client().Rv(), CKR_OK);
  EXPECT_EQ(pin_blob.size(), 80U);
  const std::string session = pin_blob.substr(0, 32);
  EXPECT_NE(session, kUnbound);
  const std::string aes = Aes(client());
  EXPECT_EQ(aes.substr(0, 32), session);
  const PairBlobs pair = PlainEcPair(client());
  EXPECT_EQ(pair.private_blob.substr(0, 32), session);
  EXPECT_EQ(SessionOfSpki(pair.public_blob), session);
  EXPECT_EQ(GetAttribute(client(), aes, CKA_IBM_LOGIN_SESSION).attributeb(), session);
  EXPECT_EQ(GetAttribute(client(), unbound, CKA_IBM_LOGIN_SESSION).attributeb(), kUnbound);
  // Keys that come of other keys, and changed ones.
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, Bytes(16));
  const std::string kek = MakeAes(client(), 32);
  const std::string back = Unwrap(client(), mechanism, Wrap(client(), mechanism, kek, kek), kek,
                                  Template({{CKA_KEY_TYPE, std::uint64_t{CKK_AES}}}));
  EXPECT_EQ(back.substr(0, 32), session);
  EXPECT_EQ(SetAttribute(client(), aes, CKA_SIGN, false).substr(0, 32), session);
}

TEST_F(LoginRpcTest, BoundKeysAreRefusedAfterLogoutAndGoodAgainAfterLogin) {
  const std::string unbound = Aes(client());
  Login(client(), kStore, kPin);
  const std::string aes = Aes(client());
  const PairBlobs pair = PlainEcPair(client());
  const std::string signature = Sign(client(), Mech(CKM_ECDSA), pair.private_blob, "digest");
  ASSERT_EQ(Logout(client()), CKR_OK);
  Encrypt(client(), Mech(CKM_AES_ECB), aes, kBlock);
  EXPECT_EQ(client().Rv(), CKR_SESSION_CLOSED);
  Sign(client(), Mech(CKM_ECDSA), pair.private_blob, "digest");
  EXPECT_EQ(client().Rv(), CKR_SESSION_CLOSED);
  EXPECT_EQ(Verify(client(), Mech(CKM_ECDSA), pair.public_blob, "digest", signature),
            CKR_SESSION_CLOSED);
  GetAttribute(client(), aes, CKA_CLASS);
  EXPECT_EQ(client().Rv(), CKR_SESSION_CLOSED);
  SetAttribute(client(), aes, CKA_SIGN, false);
  EXPECT_EQ(client().Rv(), CKR_SESSION_CLOSED);
  Encrypt(client(), Mech(CKM_AES_ECB), unbound, kBlock);
  EXPECT_EQ(client().Rv(), CKR_OK);
  EXPECT_EQ(Aes(client()).substr(0, 32), kUnbound);
  Login(client(), kStore, "another PIN");
  Encrypt(client(), Mech(CKM_AES_ECB), aes, kBlock);
  EXPECT_EQ(client().Rv(), CKR_SESSION_CLOSED);
  Logout(client());
  Login(client(), kStore, kPin);
  Encrypt(client(), Mech(CKM_AES_ECB), aes, kBlock);
  EXPECT_EQ(client().Rv(), CKR_OK);
}

// "State of a secret/private-key operation inherits the login-session restriction of the key blob;
// State made from a public key is session-free".
TEST_F(LoginRpcTest, StatesOfSecretKeysAreBoundAndThoseOfPublicKeysAreNot) {
  Login(client(), kStore, kPin);
  const PairBlobs pair = PlainEcPair(client());
  grep11::SignInitRequest sign;
  *sign.mutable_mech() = Mech(CKM_ECDSA_SHA256);
  *sign.mutable_privkey() = BlobMessage(pair.private_blob);
  grep11::SignRequest signing;
  signing.set_state(client().Call(&Crypto::Stub::SignInit, sign).state());
  signing.set_data("data");
  grep11::VerifyInitRequest verify;
  *verify.mutable_mech() = Mech(CKM_ECDSA_SHA256);
  *verify.mutable_pubkey() = BlobMessage(pair.public_blob);
  grep11::VerifyRequest verifying;
  verifying.set_state(client().Call(&Crypto::Stub::VerifyInit, verify).state());
  verifying.set_data("data");
  verifying.set_signature(client().Call(&Crypto::Stub::Sign, signing).signature());
  EXPECT_EQ(signing.state().substr(0, 32), pair.private_blob.substr(0, 32));
  EXPECT_EQ(verifying.state().substr(0, 32), kUnbound);
  Logout(client());
  client().Call(&Crypto::Stub::Sign, signing);
  EXPECT_EQ(client().Rv(), CKR_SESSION_CLOSED);
  client().Call(&Crypto::Stub::Verify, verifying);
  EXPECT_EQ(client().Rv(), CKR_OK);
}

TEST_F(LoginRpcTest, BoundKeysMayBeUsedOnEveryConnectionButOnlyTheLoggedInOneBinds) {
  Login(client(), kStore, kPin);
  const std::string aes = Aes(client());
  Client other(NewChannel(), "");
  Encrypt(other, Mech(CKM_AES_ECB), aes, kBlock);
  EXPECT_EQ(other.Rv(), CKR_OK);
  EXPECT_EQ(Aes(other).substr(0, 32), kUnbound);
}

TEST_F(LoginRpcTest, ALogoutEndsTheSessionForEveryConnection) {
  Client other(NewChannel(), "");
  Login(client(), kStore, kPin);
  Login(other, kStore, kPin);
  EXPECT_EQ(Logout(other), CKR_OK);
  Aes(client());
  EXPECT_EQ(client().Rv(), CKR_SESSION_CLOSED);
  PlainEcPair(client());
  EXPECT_EQ(client().Rv(), CKR_SESSION_CLOSED);
  EXPECT_EQ(Logout(client()), CKR_USER_NOT_LOGGED_IN);
  Aes(client());
  EXPECT_EQ(client().Rv(), CKR_OK);
}

TEST_F(LoginRpcTest, ASessionOutlivesItsConnectionAndTheNextConnectionIsNotLoggedIn) {
  Login(client(), kStore, kPin);
  const std::string aes = Aes(client());
  CloseConnection();
  Encrypt(client(), Mech(CKM_AES_ECB), aes, kBlock);
  EXPECT_EQ(client().Rv(), CKR_OK);
  EXPECT_EQ(Aes(client()).substr(0, 32), kUnbound);
  EXPECT_EQ(Logout(client()), CKR_USER_NOT_LOGGED_IN);
}

TEST_F(LoginRpcTest, LoginsAreRefusedForWhatIsWrongWithThem) {
  Login(client(), kStore, "short");
  EXPECT_EQ(client().Rv(), CKR_PIN_LEN_RANGE);
  Login(client(), kStore, std::string(17, '7'));
  EXPECT_EQ(client().Rv(), CKR_PIN_LEN_RANGE);
  Login(client(), std::string(129, 's'), kPin);
  EXPECT_EQ(client().Rv(), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(Logout(client()), CKR_USER_NOT_LOGGED_IN);
  const std::string first = Login(client(), kStore, kPin);
  Login(client(), "another store", kPin);
  EXPECT_EQ(client().Rv(), CKR_USER_ALREADY_LOGGED_IN);
  EXPECT_EQ(Login(client(), kStore, kPin).substr(0, 32), first.substr(0, 32));
  EXPECT_EQ(client().Rv(), CKR_OK);
}

TEST_F(LoginRpcTest, StoreAndPinNameOneSessionOnEveryCard) {
  Emulator another;  // with another master key
  ASSERT_EQ(another.Start(options()), std::vector<std::string>());
  Client there(grpc::CreateChannel(another.ready().grep11, grpc::InsecureChannelCredentials()), "");
  const std::string here = Login(client(), kStore, kPin);
  const std::string yonder = Login(there, kStore, kPin);
  EXPECT_EQ(here.substr(0, 32), yonder.substr(0, 32));
  EXPECT_NE(here.substr(48), yonder.substr(48));
}

TEST_F(LoginRpcTest, TheSessionOfAKeyCannotBeChanged) {
  grep11::SetAttributeValueRequest request;
  request.set_object(Aes(client()));
  Put(request.mutable_attributes(), CKA_IBM_LOGIN_SESSION, Bytes(32, 1));
  client().Call(&Crypto::Stub::SetAttributeValue, request);
  EXPECT_EQ(client().Rv(), CKR_IBM_SESSION_IMMUTABLE);
}

}  // namespace
}  // namespace gw::emulator
