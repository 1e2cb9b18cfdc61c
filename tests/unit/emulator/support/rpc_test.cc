// Room: tests.
#include "tests/unit/emulator/support/rpc_test.h"

#include <vector>

namespace gw::emulator {
namespace {

using grep11::Crypto;

const Bytes kIv(16, 7);
grep11::Mechanism CbcPad() { return MechIv(CKM_AES_CBC_PAD, kIv); }

// `data` in parts, the last one shorter; or in two halves.
std::vector<std::string> Parts(const std::string& data, std::size_t part) {
  if (part == 0) return {data.substr(0, data.size() / 2), data.substr(data.size() / 2)};
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < data.size(); at += part) parts.push_back(data.substr(at, part));
  return parts;
}

}  // namespace

void RpcTest::SetUp() {
  Start();
  client_ = std::make_unique<Client>(ClientAs("so"));
}

std::string RpcTest::Encrypt(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& plain) {
  return emulator::Encrypt(client(), mechanism, key, plain);
}

std::string RpcTest::Decrypt(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& ciphered) {
  return emulator::Decrypt(client(), mechanism, key, ciphered);
}

std::string RpcTest::Sign(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& data) {
  return emulator::Sign(client(), mechanism, key, data);
}

CK_RV RpcTest::Verify(const grep11::Mechanism& mechanism, const std::string& key,
                      const std::string& data, const std::string& signature) {
  return emulator::Verify(client(), mechanism, key, data, signature);
}

std::string RpcTest::Digest(CK_MECHANISM_TYPE type, const std::string& data) {
  grep11::DigestSingleRequest request;
  *request.mutable_mech() = Mech(type);
  request.set_data(data);
  return client().Call(&Crypto::Stub::DigestSingle, request).digest();
}

std::string RpcTest::SignInit(const grep11::Mechanism& mechanism, const std::string& key) {
  grep11::SignInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_privkey() = BlobMessage(key);
  return client().Call(&Crypto::Stub::SignInit, init).state();
}

std::string RpcTest::VerifyInit(const grep11::Mechanism& mechanism, const std::string& key) {
  grep11::VerifyInitRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_pubkey() = BlobMessage(key);
  return client().Call(&Crypto::Stub::VerifyInit, request).state();
}

std::string RpcTest::SignOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                                 const std::string& data) {
  grep11::SignRequest request;
  request.set_state(SignInit(mechanism, key));
  if (Rv() != CKR_OK) return {};
  request.set_data(data);
  return client().Call(&Crypto::Stub::Sign, request).signature();
}

CK_RV RpcTest::VerifyOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& data, const std::string& signature) {
  grep11::VerifyRequest request;
  request.set_state(VerifyInit(mechanism, key));
  if (Rv() != CKR_OK) return Rv();
  request.set_data(data);
  request.set_signature(signature);
  client().Call(&Crypto::Stub::Verify, request);
  return Rv();
}

std::string RpcTest::EncryptInParts(const grep11::Mechanism& mechanism, const std::string& key,
                                    const std::string& plain, std::size_t part) {
  grep11::EncryptInitRequest init;
  *init.mutable_mech() = mechanism;
  *init.mutable_key() = BlobMessage(key);
  std::string state = client().Call(&Crypto::Stub::EncryptInit, init).state();
  std::string out;
  for (const std::string& piece : Parts(plain, part)) {
    if (Rv() != CKR_OK) return {};
    grep11::EncryptUpdateRequest update;
    update.set_state(state);
    update.set_plain(piece);
    const auto response = client().Call(&Crypto::Stub::EncryptUpdate, update);
    if (Rv() == CKR_OK) {
      EXPECT_EQ(response.state().size(), state.size());
    }
    state = response.state();
    out += response.ciphered();
  }
  if (Rv() != CKR_OK) return {};
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
    if (Rv() != CKR_OK) return {};
    grep11::DecryptUpdateRequest update;
    update.set_state(state);
    update.set_ciphered(piece);
    const auto response = client().Call(&Crypto::Stub::DecryptUpdate, update);
    if (Rv() == CKR_OK) {
      EXPECT_EQ(response.state().size(), state.size());
    }
    state = response.state();
    out += response.plain();
  }
  if (Rv() != CKR_OK) return {};
  grep11::DecryptFinalRequest final;
  final.set_state(state);
  return out + client().Call(&Crypto::Stub::DecryptFinal, final).plain();
}

std::string RpcTest::DigestInParts(CK_MECHANISM_TYPE type, const std::string& data,
                                   std::size_t part) {
  grep11::DigestInitRequest init;
  *init.mutable_mech() = Mech(type);
  std::string state = client().Call(&Crypto::Stub::DigestInit, init).state();
  for (const std::string& piece : Parts(data, part)) {
    if (Rv() != CKR_OK) return {};
    grep11::DigestUpdateRequest update;
    update.set_state(state);
    update.set_data(piece);
    const auto response = client().Call(&Crypto::Stub::DigestUpdate, update);
    if (Rv() == CKR_OK) {
      EXPECT_EQ(response.state().size(), state.size());
    }
    state = response.state();
  }
  if (Rv() != CKR_OK) return {};
  grep11::DigestFinalRequest final;
  final.set_state(state);
  return client().Call(&Crypto::Stub::DigestFinal, final).digest();
}

std::string RpcTest::SignInParts(const grep11::Mechanism& mechanism, const std::string& key,
                                 const std::string& data, std::size_t part) {
  std::string state = SignInit(mechanism, key);
  for (const std::string& piece : Parts(data, part)) {
    if (Rv() != CKR_OK) return {};
    grep11::SignUpdateRequest update;
    update.set_state(state);
    update.set_data(piece);
    const auto response = client().Call(&Crypto::Stub::SignUpdate, update);
    if (Rv() == CKR_OK) {
      EXPECT_EQ(response.state().size(), state.size());
    }
    state = response.state();
  }
  if (Rv() != CKR_OK) return {};
  grep11::SignFinalRequest final;
  final.set_state(state);
  return client().Call(&Crypto::Stub::SignFinal, final).signature();
}

CK_RV RpcTest::VerifyInParts(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& data, const std::string& signature,
                             std::size_t part) {
  std::string state = VerifyInit(mechanism, key);
  for (const std::string& piece : Parts(data, part)) {
    if (Rv() != CKR_OK) return Rv();
    grep11::VerifyUpdateRequest update;
    update.set_state(state);
    update.set_data(piece);
    const auto response = client().Call(&Crypto::Stub::VerifyUpdate, update);
    if (Rv() == CKR_OK) {
      EXPECT_EQ(response.state().size(), state.size());
    }
    state = response.state();
  }
  if (Rv() != CKR_OK) return Rv();
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

grep11::GenerateKeyPairResponse RpcTest::GeneratePair(CK_MECHANISM_TYPE type,
                                                      const WireMap& private_template,
                                                      const WireMap& public_template) {
  grep11::GenerateKeyPairRequest request;
  *request.mutable_mech() = Mech(type);
  *request.mutable_privkeytemplate() = private_template;
  *request.mutable_pubkeytemplate() = public_template;
  return client().Call(&Crypto::Stub::GenerateKeyPair, request);
}

PairBlobs RpcTest::MakePair(CK_MECHANISM_TYPE type, const WireMap& private_template,
                            const WireMap& public_template) {
  return emulator::GeneratePair(client(), type, private_template, public_template);
}

grep11::DeriveKeyResponse RpcTest::Derive(const grep11::Mechanism& mechanism,
                                          const std::string& base, const WireMap& attributes,
                                          const std::string& data) {
  grep11::DeriveKeyRequest request;
  *request.mutable_mech() = mechanism;
  if (!base.empty()) *request.mutable_basekey() = BlobMessage(base);
  *request.mutable_template_() = attributes;
  request.set_data(data);
  return client().Call(&Crypto::Stub::DeriveKey, request);
}

std::string RpcTest::Wrap(const grep11::Mechanism& mechanism, const std::string& key,
                          const std::string& kek) {
  return emulator::Wrap(client(), mechanism, key, kek);
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

WireMap RpcTest::Attributes(const std::string& blob,
                            std::initializer_list<CK_ATTRIBUTE_TYPE> types) {
  grep11::GetAttributeValueRequest request;
  request.set_object(blob);
  for (const CK_ATTRIBUTE_TYPE type : types) Put(request.mutable_attributes(), type, false);
  return client().Call(&Crypto::Stub::GetAttributeValue, request).attributes();
}

std::string RpcTest::SetAttribute(const std::string& blob, CK_ATTRIBUTE_TYPE type, bool value) {
  return emulator::SetAttribute(client(), blob, type, value);
}

const std::string& RpcTest::kek() {
  if (kek_.empty()) kek_ = MakeAes(client(), 32);
  return kek_;
}

grep11::UnwrapKeyResponse RpcTest::Import(const std::string& clear, const WireMap& attributes) {
  return Unwrap(CbcPad(), Encrypt(CbcPad(), kek(), clear), kek(), attributes);
}

grep11::UnwrapKeyResponse RpcTest::Import(ByteView clear, const WireMap& attributes) {
  return Import(Str(clear), attributes);
}

std::string RpcTest::Export(const std::string& blob) {
  const std::string wrapped = Wrap(CbcPad(), blob, kek());
  return Rv() == CKR_OK ? Decrypt(CbcPad(), kek(), wrapped) : std::string();
}

std::string RpcTest::ImportPublic(const std::string& spki, const WireMap& attributes) {
  return Unwrap(Mech(CKM_IBM_TRANSPORTKEY), spki, kek(), attributes).unwrappedbytes();
}

}  // namespace gw::emulator
