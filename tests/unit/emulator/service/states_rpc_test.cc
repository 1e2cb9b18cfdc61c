// Room: tests. Operation states between two instances with one master key: each request of an
// operation goes to the other instance than the one before, and the outcome is that of one instance
// alone.
#include "tests/support/temp_dir.h"
#include "tests/unit/emulator/support/calls.h"

namespace gw::emulator {
namespace {

using grep11::Crypto;

const std::vector<std::string> kParts = {"begun here, ", "gone on there with a longer part, ",
                                         "and ended"};
const std::string kWhole = kParts[0] + kParts[1] + kParts[2];

class StatesRpcTest : public EmulatorTest {
 protected:
  void SetUp() override {
    options().no_tls = options().no_auth = true;
    options().master_key = folder_.File("master.key");
    Start();
    ASSERT_EQ(other_.Start(options()), std::vector<std::string>());
    clients_[0] = std::make_unique<Client>(NewChannel(), "");
    clients_[1] = std::make_unique<Client>(
        grpc::CreateChannel(other_.ready().grep11, grpc::InsecureChannelCredentials()), "");
  }

  // The two in turn.
  template <typename Request, typename Response>
  Response Ask(grpc::Status (Crypto::Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
               const Request& request) {
    turn_ ^= 1;
    Response response = clients_[turn_]->Call(rpc, request);
    EXPECT_EQ(clients_[turn_]->Rv(), CKR_OK) << clients_[turn_]->status().error_message();
    return response;
  }
  Client& first() { return *clients_[0]; }
  Client& second() { return *clients_[1]; }

  // Init on one, the parts in turn, Final on whoever is next.
  std::string DigestInTurn(CK_MECHANISM_TYPE type);
  std::string SignInTurn(const grep11::Mechanism& mechanism, const std::string& key);
  void VerifyInTurn(const grep11::Mechanism& mechanism, const std::string& key,
                    const std::string& signature);
  std::string EncryptInTurn(const grep11::Mechanism& mechanism, const std::string& key);
  std::string DecryptInTurn(const grep11::Mechanism& mechanism, const std::string& key,
                            const std::string& cipher);

 private:
  const test::TempDir folder_;
  Emulator other_;
  std::unique_ptr<Client> clients_[2];
  std::size_t turn_ = 0;
};

std::string StatesRpcTest::DigestInTurn(CK_MECHANISM_TYPE type) {
  grep11::DigestInitRequest init;
  *init.mutable_mech() = Mech(type);
  std::string state = Ask(&Crypto::Stub::DigestInit, init).state();
  for (const std::string& part : kParts) {
    grep11::DigestUpdateRequest update;
    update.set_state(state);
    update.set_data(part);
    state = Ask(&Crypto::Stub::DigestUpdate, update).state();
  }
  grep11::DigestFinalRequest final;
  final.set_state(state);
  return Ask(&Crypto::Stub::DigestFinal, final).digest();
}

std::string StatesRpcTest::SignInTurn(const grep11::Mechanism& mechanism, const std::string& key) {
  grep11::SignInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_privkey() = BlobMessage(key);
  std::string state = Ask(&Crypto::Stub::SignInit, init).state();
  for (const std::string& part : kParts) {
    grep11::SignUpdateRequest update;
    update.set_state(state);
    update.set_data(part);
    state = Ask(&Crypto::Stub::SignUpdate, update).state();
  }
  grep11::SignFinalRequest final;
  final.set_state(state);
  return Ask(&Crypto::Stub::SignFinal, final).signature();
}

void StatesRpcTest::VerifyInTurn(const grep11::Mechanism& mechanism, const std::string& key,
                                 const std::string& signature) {
  grep11::VerifyInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_pubkey() = BlobMessage(key);
  std::string state = Ask(&Crypto::Stub::VerifyInit, init).state();
  for (const std::string& part : kParts) {
    grep11::VerifyUpdateRequest update;
    update.set_state(state);
    update.set_data(part);
    state = Ask(&Crypto::Stub::VerifyUpdate, update).state();
  }
  grep11::VerifyFinalRequest final;
  final.set_state(state);
  final.set_signature(signature);
  Ask(&Crypto::Stub::VerifyFinal, final);
  final.mutable_signature()->back() ^= 1;
  first().Call(&Crypto::Stub::VerifyFinal, final);
  EXPECT_EQ(first().Rv(), CKR_SIGNATURE_INVALID);
}

std::string StatesRpcTest::EncryptInTurn(const grep11::Mechanism& mechanism,
                                         const std::string& key) {
  grep11::EncryptInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_key() = BlobMessage(key);
  std::string state = Ask(&Crypto::Stub::EncryptInit, init).state();
  std::string out;
  for (const std::string& part : kParts) {
    grep11::EncryptUpdateRequest update;
    update.set_state(state);
    update.set_plain(part);
    const auto step = Ask(&Crypto::Stub::EncryptUpdate, update);
    state = step.state();
    out += step.ciphered();
  }
  grep11::EncryptFinalRequest final;
  final.set_state(state);
  return out + Ask(&Crypto::Stub::EncryptFinal, final).ciphered();
}

std::string StatesRpcTest::DecryptInTurn(const grep11::Mechanism& mechanism, const std::string& key,
                                         const std::string& cipher) {
  grep11::DecryptInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_key() = BlobMessage(key);
  std::string state = Ask(&Crypto::Stub::DecryptInit, init).state();
  std::string out;
  for (std::size_t at = 0; at < cipher.size(); at += 21) {
    grep11::DecryptUpdateRequest update;
    update.set_state(state);
    update.set_ciphered(cipher.substr(at, 21));
    const auto step = Ask(&Crypto::Stub::DecryptUpdate, update);
    state = step.state();
    out += step.plain();
  }
  grep11::DecryptFinalRequest final;
  final.set_state(state);
  return out + Ask(&Crypto::Stub::DecryptFinal, final).plain();
}

TEST_F(StatesRpcTest, DigestsMoveBetweenInstances) {
  for (const CK_MECHANISM_TYPE type : {CKM_SHA_1, CKM_SHA256, CKM_SHA512}) {
    grep11::DigestSingleRequest single;
    *single.mutable_mech() = Mech(type);
    single.set_data(kWhole);
    EXPECT_EQ(DigestInTurn(type), first().Call(&Crypto::Stub::DigestSingle, single).digest());
  }
}

TEST_F(StatesRpcTest, SignaturesMoveBetweenInstances) {
  const std::string secret = MakeGeneric(first(), 32);
  EXPECT_EQ(SignInTurn(Mech(CKM_SHA256_HMAC), secret),
            Sign(first(), Mech(CKM_SHA256_HMAC), secret, kWhole));
  const PairBlobs rsa = MakeRsaPair(first(), 1024);
  EXPECT_EQ(SignInTurn(Mech(CKM_SHA256_RSA_PKCS), rsa.private_blob),
            Sign(first(), Mech(CKM_SHA256_RSA_PKCS), rsa.private_blob, kWhole));
  const PairBlobs ec = MakeEcPair(first(), "P-256");
  EXPECT_EQ(Verify(first(), Mech(CKM_ECDSA_SHA256), ec.public_blob, kWhole,
                   SignInTurn(Mech(CKM_ECDSA_SHA256), ec.private_blob)),
            CKR_OK);
}

TEST_F(StatesRpcTest, VerificationsMoveBetweenInstances) {
  const std::string secret = MakeGeneric(first(), 32);
  VerifyInTurn(Mech(CKM_SHA384_HMAC), secret, Sign(first(), Mech(CKM_SHA384_HMAC), secret, kWhole));
  const PairBlobs ec = MakeEcPair(first(), "P-384");
  VerifyInTurn(Mech(CKM_ECDSA_SHA384), ec.public_blob,
               Sign(first(), Mech(CKM_ECDSA_SHA384), ec.private_blob, kWhole));
}

TEST_F(StatesRpcTest, EncryptionsAndDecryptionsMoveBetweenInstances) {
  const std::string aes = MakeAes(first(), 32);
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, Bytes(16, 9));
  const std::string cipher = EncryptInTurn(mechanism, aes);
  EXPECT_EQ(cipher, Encrypt(first(), mechanism, aes, kWhole));
  EXPECT_EQ(DecryptInTurn(mechanism, aes, cipher), kWhole);
}

// "Because nothing is remembered, any earlier State can be presented again".
TEST_F(StatesRpcTest, AStateMayBeContinuedTwiceAndInTwoWays) {
  const std::string secret = MakeGeneric(first(), 32);
  grep11::SignInitRequest init;
  *init.mutable_mech() = Mech(CKM_SHA256_HMAC);
  *init.mutable_privkey() = BlobMessage(secret);
  grep11::SignUpdateRequest update;
  update.set_state(Ask(&Crypto::Stub::SignInit, init).state());
  update.set_data("common, ");
  const std::string fork = Ask(&Crypto::Stub::SignUpdate, update).state();
  for (const std::string tail : {"one way", "the other", "one way"}) {
    update.set_state(fork);
    update.set_data(tail);
    grep11::SignFinalRequest final;
    final.set_state(Ask(&Crypto::Stub::SignUpdate, update).state());
    EXPECT_EQ(Ask(&Crypto::Stub::SignFinal, final).signature(),
              Sign(first(), Mech(CKM_SHA256_HMAC), secret, "common, " + tail));
  }
}

// A session is a matter of each instance.
TEST_F(StatesRpcTest, AStateOfABoundKeyNeedsALoginOnTheOtherInstanceToo) {
  grep11::LoginRequest login;
  login.set_pin("secret77");
  first().Call(&Crypto::Stub::Login, login);
  const std::string secret = MakeGeneric(first(), 32);
  grep11::SignInitRequest init;
  *init.mutable_mech() = Mech(CKM_SHA256_HMAC);
  *init.mutable_privkey() = BlobMessage(secret);
  grep11::SignFinalRequest final;
  final.set_state(first().Call(&Crypto::Stub::SignInit, init).state());
  second().Call(&Crypto::Stub::SignFinal, final);
  EXPECT_EQ(second().Rv(), CKR_SESSION_CLOSED);
  second().Call(&Crypto::Stub::Login, login);
  second().Call(&Crypto::Stub::SignFinal, final);
  EXPECT_EQ(second().Rv(), CKR_OK);
}

}  // namespace
}  // namespace gw::emulator
