// Room: tests.
#include "tests/unit/emulator/support/rpc_test.h"

namespace gw::emulator {

using grep11::Crypto;

namespace {

const Bytes kIv(16, 7);
grep11::Mechanism CbcPad() { return MechIv(CKM_AES_CBC_PAD, kIv); }

}  // namespace

WireMap Template(std::initializer_list<Attribute> attributes) {
  WireMap map;
  for (const Attribute& attribute : attributes) map = Plus(std::move(map), attribute);
  return map;
}

WireMap Plus(WireMap attributes, const Attribute& more) {
  std::visit([&](const auto& value) { Put(&attributes, more.type, value); }, more.value);
  return attributes;
}

void RpcTest::SetUp() {
  Start();
  client_ = std::make_unique<Client>(ClientAs("so"));
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

std::string RpcTest::SignState(const grep11::Mechanism& mechanism, const std::string& key) {
  grep11::SignInitRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_privkey() = BlobMessage(key);
  return client().Call(&Crypto::Stub::SignInit, request).state();
}

std::string RpcTest::VerifyState(const grep11::Mechanism& mechanism, const std::string& key) {
  grep11::VerifyInitRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_pubkey() = BlobMessage(key);
  return client().Call(&Crypto::Stub::VerifyInit, request).state();
}

std::string RpcTest::SignOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                                 const std::string& data) {
  grep11::SignRequest request;
  request.set_state(SignState(mechanism, key));
  if (Rv() != CKR_OK) return {};
  request.set_data(data);
  return client().Call(&Crypto::Stub::Sign, request).signature();
}

CK_RV RpcTest::VerifyOneShot(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& data, const std::string& signature) {
  grep11::VerifyRequest request;
  request.set_state(VerifyState(mechanism, key));
  if (Rv() != CKR_OK) return Rv();
  request.set_data(data);
  request.set_signature(signature);
  client().Call(&Crypto::Stub::Verify, request);
  return Rv();
}

std::string RpcTest::SignInParts(const grep11::Mechanism& mechanism, const std::string& key,
                                 const std::string& data) {
  std::string state = SignState(mechanism, key);
  const std::size_t half = data.size() / 2;
  for (const std::string& part : {data.substr(0, half), data.substr(half)}) {
    if (Rv() != CKR_OK) return {};
    grep11::SignUpdateRequest update;
    update.set_state(state);
    update.set_data(part);
    state = client().Call(&Crypto::Stub::SignUpdate, update).state();
  }
  if (Rv() != CKR_OK) return {};
  grep11::SignFinalRequest final;
  final.set_state(state);
  return client().Call(&Crypto::Stub::SignFinal, final).signature();
}

CK_RV RpcTest::VerifyInParts(const grep11::Mechanism& mechanism, const std::string& key,
                             const std::string& data, const std::string& signature) {
  std::string state = VerifyState(mechanism, key);
  const std::size_t half = data.size() / 2;
  for (const std::string& part : {data.substr(0, half), data.substr(half)}) {
    if (Rv() != CKR_OK) return Rv();
    grep11::VerifyUpdateRequest update;
    update.set_state(state);
    update.set_data(part);
    state = client().Call(&Crypto::Stub::VerifyUpdate, update).state();
  }
  if (Rv() != CKR_OK) return Rv();
  grep11::VerifyFinalRequest final;
  final.set_state(state);
  final.set_signature(signature);
  client().Call(&Crypto::Stub::VerifyFinal, final);
  return Rv();
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

grep11::DeriveKeyResponse RpcTest::Derive(const grep11::Mechanism& mechanism,
                                          const std::string& base, const WireMap& attributes) {
  grep11::DeriveKeyRequest request;
  *request.mutable_mech() = mechanism;
  if (!base.empty()) *request.mutable_basekey() = BlobMessage(base);
  *request.mutable_template_() = attributes;
  return client().Call(&Crypto::Stub::DeriveKey, request);
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

WireMap RpcTest::Attributes(const std::string& blob,
                            std::initializer_list<CK_ATTRIBUTE_TYPE> types) {
  grep11::GetAttributeValueRequest request;
  request.set_object(blob);
  for (const CK_ATTRIBUTE_TYPE type : types) Put(request.mutable_attributes(), type, false);
  return client().Call(&Crypto::Stub::GetAttributeValue, request).attributes();
}

std::string RpcTest::SetAttribute(const std::string& blob, CK_ATTRIBUTE_TYPE type, bool value) {
  grep11::SetAttributeValueRequest request;
  request.set_object(blob);
  Put(request.mutable_attributes(), type, value);
  return client().Call(&Crypto::Stub::SetAttributeValue, request).object();
}

const std::string& RpcTest::kek() {
  if (kek_.empty()) kek_ = MakeAes(client(), 32);
  return kek_;
}

grep11::UnwrapKeyResponse RpcTest::Import(ByteView clear, const WireMap& attributes) {
  grep11::EncryptSingleRequest request;
  *request.mutable_mech() = CbcPad();
  *request.mutable_key() = BlobMessage(kek());
  request.set_plain(Str(clear));
  const std::string wrapped = client().Call(&Crypto::Stub::EncryptSingle, request).ciphered();
  return Unwrap(CbcPad(), wrapped, kek(), attributes);
}

std::string RpcTest::Export(const std::string& blob) {
  grep11::DecryptSingleRequest request;
  *request.mutable_mech() = CbcPad();
  *request.mutable_key() = BlobMessage(kek());
  request.set_ciphered(Wrap(CbcPad(), blob, kek()));
  if (Rv() != CKR_OK) return {};
  return client().Call(&Crypto::Stub::DecryptSingle, request).plain();
}

std::string RpcTest::ImportPublic(const std::string& spki, const WireMap& attributes) {
  return Unwrap(Mech(CKM_IBM_TRANSPORTKEY), spki, kek(), attributes).unwrappedbytes();
}

}  // namespace gw::emulator
