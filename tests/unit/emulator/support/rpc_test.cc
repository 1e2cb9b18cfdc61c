// Room: tests.
#include "tests/unit/emulator/support/rpc_test.h"

#include <algorithm>

namespace gw::emulator {
namespace {

using grep11::Crypto;

const Bytes kIv(16, 7);

// `data` in parts, the last one shorter.
std::vector<std::string> Parts(const std::string& data, std::size_t part) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < data.size(); at += part) parts.push_back(data.substr(at, part));
  return parts;
}

}  // namespace

WireMap Template(std::initializer_list<Attribute> attributes) {
  WireMap map;
  for (const Attribute& attribute : attributes) {
    std::visit([&](const auto& value) { Put(&map, attribute.type, value); }, attribute.value);
  }
  return map;
}

void RpcTest::SetUp() {
  Start();
  client_ = std::make_unique<Client>(ClientAs("so"));
}

std::string RpcTest::Encrypt(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& plain) {
  grep11::EncryptSingleRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_key() = BlobMessage(key);
  request.set_plain(plain);
  return client().Call(&Crypto::Stub::EncryptSingle, request).ciphered();
}

std::string RpcTest::Decrypt(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& ciphered) {
  grep11::DecryptSingleRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_key() = BlobMessage(key);
  request.set_ciphered(ciphered);
  return client().Call(&Crypto::Stub::DecryptSingle, request).plain();
}

std::string RpcTest::EncryptInParts(const grep11::Mechanism& mechanism, const std::string& key,
                                    const std::string& plain, std::size_t part) {
  grep11::EncryptInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_key() = BlobMessage(key);
  std::string state = client().Call(&Crypto::Stub::EncryptInit, init).state();
  std::string out;
  for (const std::string& piece : Parts(plain, part)) {
    grep11::EncryptUpdateRequest update;
    update.set_state(state);
    update.set_plain(piece);
    const auto response = client().Call(&Crypto::Stub::EncryptUpdate, update);
    EXPECT_EQ(response.state().size(), state.size());
    state = response.state();
    out += response.ciphered();
  }
  grep11::EncryptFinalRequest final;
  final.set_state(state);
  return out + client().Call(&Crypto::Stub::EncryptFinal, final).ciphered();
}

std::string RpcTest::DecryptInParts(const grep11::Mechanism& mechanism, const std::string& key,
                                    const std::string& ciphered, std::size_t part) {
  grep11::DecryptInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_key() = BlobMessage(key);
  std::string state = client().Call(&Crypto::Stub::DecryptInit, init).state();
  std::string out;
  for (const std::string& piece : Parts(ciphered, part)) {
    grep11::DecryptUpdateRequest update;
    update.set_state(state);
    update.set_ciphered(piece);
    const auto response = client().Call(&Crypto::Stub::DecryptUpdate, update);
    EXPECT_EQ(response.state().size(), state.size());
    state = response.state();
    out += response.plain();
  }
  grep11::DecryptFinalRequest final;
  final.set_state(state);
  return out + client().Call(&Crypto::Stub::DecryptFinal, final).plain();
}

std::string RpcTest::Digest(CK_MECHANISM_TYPE type, const std::string& data) {
  grep11::DigestSingleRequest request;
  *request.mutable_mech() = Mech(type);
  request.set_data(data);
  return client().Call(&Crypto::Stub::DigestSingle, request).digest();
}

std::string RpcTest::DigestInParts(CK_MECHANISM_TYPE type, const std::string& data,
                                   std::size_t part) {
  grep11::DigestInitRequest init;
  *init.mutable_mech() = Mech(type);
  std::string state = client().Call(&Crypto::Stub::DigestInit, init).state();
  for (const std::string& piece : Parts(data, part)) {
    grep11::DigestUpdateRequest update;
    update.set_state(state);
    update.set_data(piece);
    const auto response = client().Call(&Crypto::Stub::DigestUpdate, update);
    EXPECT_EQ(response.state().size(), state.size());
    state = response.state();
  }
  grep11::DigestFinalRequest final;
  final.set_state(state);
  return client().Call(&Crypto::Stub::DigestFinal, final).digest();
}

std::string RpcTest::Sign(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& data) {
  grep11::SignSingleRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_privkey() = BlobMessage(key);
  request.set_data(data);
  return client().Call(&Crypto::Stub::SignSingle, request).signature();
}

CK_RV RpcTest::Verify(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& data, const std::string& signature) {
  grep11::VerifySingleRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_pubkey() = BlobMessage(key);
  request.set_data(data);
  request.set_signature(signature);
  client().Call(&Crypto::Stub::VerifySingle, request);
  return Rv();
}

std::string RpcTest::SignInit(const grep11::Mechanism& mechanism, const std::string& key) {
  grep11::SignInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_privkey() = BlobMessage(key);
  return client().Call(&Crypto::Stub::SignInit, init).state();
}

std::string RpcTest::SignOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                                 const std::string& data) {
  grep11::SignRequest request;
  request.set_state(SignInit(mechanism, key));
  request.set_data(data);
  return client().Call(&Crypto::Stub::Sign, request).signature();
}

std::string RpcTest::SignInParts(const grep11::Mechanism& mechanism, const std::string& key,
                                 const std::string& data, std::size_t part) {
  std::string state = SignInit(mechanism, key);
  for (const std::string& piece : Parts(data, part)) {
    grep11::SignUpdateRequest update;
    update.set_state(state);
    update.set_data(piece);
    const auto response = client().Call(&Crypto::Stub::SignUpdate, update);
    EXPECT_EQ(response.state().size(), state.size());
    state = response.state();
  }
  grep11::SignFinalRequest final;
  final.set_state(state);
  return client().Call(&Crypto::Stub::SignFinal, final).signature();
}

CK_RV RpcTest::VerifyInParts(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& data, const std::string& signature,
                             std::size_t part) {
  grep11::VerifyInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_pubkey() = BlobMessage(key);
  std::string state = client().Call(&Crypto::Stub::VerifyInit, init).state();
  for (const std::string& piece : Parts(data, part)) {
    grep11::VerifyUpdateRequest update;
    update.set_state(state);
    update.set_data(piece);
    state = client().Call(&Crypto::Stub::VerifyUpdate, update).state();
  }
  grep11::VerifyFinalRequest final;
  final.set_state(state);
  final.set_signature(signature);
  client().Call(&Crypto::Stub::VerifyFinal, final);
  return Rv();
}

CK_RV RpcTest::SignUpdateRv(const grep11::Mechanism& mechanism, const std::string& key) {
  grep11::SignUpdateRequest update;
  update.set_state(SignInit(mechanism, key));
  EXPECT_EQ(Rv(), CKR_OK);
  update.set_data("x");
  client().Call(&Crypto::Stub::SignUpdate, update);
  return Rv();
}

grep11::GenerateKeyResponse RpcTest::Generate(CK_MECHANISM_TYPE type, const WireMap& attributes) {
  grep11::GenerateKeyRequest request;
  *request.mutable_mech() = Mech(type);
  *request.mutable_template_() = attributes;
  return client().Call(&Crypto::Stub::GenerateKey, request);
}

PairBlobs RpcTest::GeneratePair(CK_MECHANISM_TYPE type, const WireMap& private_template,
                                const WireMap& public_template) {
  grep11::GenerateKeyPairRequest request;
  *request.mutable_mech() = Mech(type);
  *request.mutable_privkeytemplate() = private_template;
  *request.mutable_pubkeytemplate() = public_template;
  const auto response = client().Call(&Crypto::Stub::GenerateKeyPair, request);
  return {response.privkeybytes(), response.pubkeybytes()};
}

std::string RpcTest::Wrap(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& kek) {
  grep11::WrapKeyRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_key() = BlobMessage(key);
  *request.mutable_kek() = BlobMessage(kek);
  return client().Call(&Crypto::Stub::WrapKey, request).wrapped();
}

grep11::UnwrapKeyResponse RpcTest::Unwrap(const grep11::Mechanism& mechanism,
                                          const std::string& wrapped, const std::string& kek,
                                          const WireMap& attributes) {
  grep11::UnwrapKeyRequest request;
  *request.mutable_mech() = mechanism;
  request.set_wrapped(wrapped);
  *request.mutable_kek() = BlobMessage(kek);
  *request.mutable_template_() = attributes;
  return client().Call(&Crypto::Stub::UnwrapKey, request);
}

grep11::DeriveKeyResponse RpcTest::Derive(const grep11::Mechanism& mechanism,
                                          const std::string& base, const WireMap& attributes,
                                          const std::string& data) {
  grep11::DeriveKeyRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_basekey() = BlobMessage(base);
  *request.mutable_template_() = attributes;
  request.set_data(data);
  return client().Call(&Crypto::Stub::DeriveKey, request);
}

grep11::GetAttributeValueResponse RpcTest::GetAttributes(
    const std::string& blob, const std::vector<CK_ATTRIBUTE_TYPE>& types) {
  grep11::GetAttributeValueRequest request;
  request.set_object(blob);
  for (const CK_ATTRIBUTE_TYPE type : types) Put(request.mutable_attributes(), type, false);
  return client().Call(&Crypto::Stub::GetAttributeValue, request);
}

const std::string& RpcTest::Kek() {
  if (kek_.empty()) kek_ = MakeAes(client(), 32);
  return kek_;
}

grep11::UnwrapKeyResponse RpcTest::Import(const std::string& plain, const WireMap& attributes) {
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, kIv);
  return Unwrap(mechanism, Encrypt(mechanism, Kek(), plain), Kek(), attributes);
}

std::string RpcTest::Export(const std::string& key) {
  const grep11::Mechanism mechanism = MechIv(CKM_AES_CBC_PAD, kIv);
  return Decrypt(mechanism, Kek(), Wrap(mechanism, key, Kek()));
}

}  // namespace gw::emulator
