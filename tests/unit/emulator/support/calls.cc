// Room: tests.
#include "tests/unit/emulator/support/calls.h"

#include <utility>

namespace gw::emulator {

using grep11::Crypto;

WireMap Template(std::initializer_list<Attribute> attributes) {
  WireMap map;
  for (const Attribute& attribute : attributes) map = Plus(std::move(map), attribute);
  return map;
}

WireMap Plus(WireMap attributes, const Attribute& more) {
  std::visit([&](const auto& value) { Put(&attributes, more.type, value); }, more.value);
  return attributes;
}

std::string Generate(Client& client, CK_MECHANISM_TYPE type, const WireMap& attributes) {
  grep11::GenerateKeyRequest request;
  *request.mutable_mech() = Mech(type);
  *request.mutable_template_() = attributes;
  return client.Call(&Crypto::Stub::GenerateKey, request).keybytes();
}

PairBlobs GeneratePair(Client& client, CK_MECHANISM_TYPE type, const WireMap& private_template,
                       const WireMap& public_template) {
  grep11::GenerateKeyPairRequest request;
  *request.mutable_mech() = Mech(type);
  *request.mutable_privkeytemplate() = private_template;
  *request.mutable_pubkeytemplate() = public_template;
  const auto response = client.Call(&Crypto::Stub::GenerateKeyPair, request);
  return {response.privkeybytes(), response.pubkeybytes()};
}

PairBlobs PlainEcPair(Client& client) {
  return GeneratePair(client, CKM_EC_KEY_PAIR_GEN, {},
                      Template({{CKA_EC_PARAMS, CopyOf("P-256")}}));
}

std::string Encrypt(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
                    const std::string& plain) {
  grep11::EncryptSingleRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_key() = BlobMessage(key);
  request.set_plain(plain);
  return client.Call(&Crypto::Stub::EncryptSingle, request).ciphered();
}

std::string Decrypt(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
                    const std::string& ciphered) {
  grep11::DecryptSingleRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_key() = BlobMessage(key);
  request.set_ciphered(ciphered);
  return client.Call(&Crypto::Stub::DecryptSingle, request).plain();
}

std::string Sign(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
                 const std::string& data) {
  grep11::SignSingleRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_privkey() = BlobMessage(key);
  request.set_data(data);
  return client.Call(&Crypto::Stub::SignSingle, request).signature();
}

CK_RV Verify(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
             const std::string& data, const std::string& signature) {
  grep11::VerifySingleRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_pubkey() = BlobMessage(key);
  request.set_data(data);
  request.set_signature(signature);
  client.Call(&Crypto::Stub::VerifySingle, request);
  return client.Rv();
}

std::string Wrap(Client& client, const grep11::Mechanism& mechanism, const std::string& key,
                 const std::string& kek, const std::string& mac_key) {
  grep11::WrapKeyRequest request;
  *request.mutable_mech() = mechanism;
  *request.mutable_key() = BlobMessage(key);
  *request.mutable_kek() = BlobMessage(kek);
  if (!mac_key.empty()) *request.mutable_mackey() = BlobMessage(mac_key);
  return client.Call(&Crypto::Stub::WrapKey, request).wrapped();
}

std::string Unwrap(Client& client, const grep11::Mechanism& mechanism, const std::string& wrapped,
                   const std::string& kek, const WireMap& attributes, const std::string& mac_key) {
  grep11::UnwrapKeyRequest request;
  *request.mutable_mech() = mechanism;
  request.set_wrapped(wrapped);
  *request.mutable_kek() = BlobMessage(kek);
  *request.mutable_template_() = attributes;
  if (!mac_key.empty()) *request.mutable_mackey() = BlobMessage(mac_key);
  return client.Call(&Crypto::Stub::UnwrapKey, request).unwrappedbytes();
}

grep11::AttributeValue GetAttribute(Client& client, const std::string& blob,
                                    CK_ATTRIBUTE_TYPE type) {
  grep11::GetAttributeValueRequest request;
  request.set_object(blob);
  Put(request.mutable_attributes(), type, false);
  const auto response = client.Call(&Crypto::Stub::GetAttributeValue, request);
  const auto at = response.attributes().find(type);
  return at == response.attributes().end() ? grep11::AttributeValue() : at->second;
}

std::string SetAttribute(Client& client, const std::string& blob, CK_ATTRIBUTE_TYPE type,
                         bool value) {
  grep11::SetAttributeValueRequest request;
  request.set_object(blob);
  Put(request.mutable_attributes(), type, value);
  return client.Call(&Crypto::Stub::SetAttributeValue, request).object();
}

grep11::RewrapKeyBlobResponse Rewrap(Client& client, const std::string& blob) {
  grep11::RewrapKeyBlobRequest request;
  *request.mutable_wrappedkey() = BlobMessage(blob);
  return client.Call(&Crypto::Stub::RewrapKeyBlob, request);
}

}  // namespace gw::emulator
