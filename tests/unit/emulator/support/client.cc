// Room: tests.
#include "tests/unit/emulator/support/client.h"

#include <nlohmann/json.hpp>

#include "rpc_status.pb.h"
#include "tests/unit/emulator/support/http.h"

namespace gw::emulator {

using grep11::Crypto;

grep11::Grep11Error DetailOf(const grpc::Status& status) {
  gw::rpc::Status details;
  grep11::Grep11Error error;
  const bool one = details.ParseFromString(status.error_details()) && details.details_size() == 1;
  if (!one || !details.details(0).UnpackTo(&error)) error.Clear();
  return error;
}

CK_RV RvOf(const grpc::Status& status) {
  if (status.ok()) return CKR_OK;
  const std::uint64_t code = DetailOf(status).code();
  return code == 0 ? CKR_GENERAL_ERROR : code;
}

void EmulatorTest::Start() { ASSERT_EQ(emulator_.Start(options_), std::vector<std::string>()); }

std::shared_ptr<grpc::Channel> EmulatorTest::NewChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  const auto credentials = options_.no_tls ? grpc::InsecureChannelCredentials()
                                           : grpc::SslCredentials({ready().ca_pem, {}, {}});
  return grpc::CreateCustomChannel(ready().grep11, credentials, arguments);
}

std::string EmulatorTest::TokenFor(const std::string& api_key) {
  const HttpAnswer answer =
      HttpCall(ready().iam, "POST", "/identity/token",
               "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=" + api_key,
               ready().ca_pem);
  EXPECT_EQ(answer.status, 200) << answer.body;
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  return json.is_object() ? json.value("access_token", "") : std::string();
}

Client EmulatorTest::ClientAs(const std::string& name) {
  return ClientWith("Bearer " + TokenFor(ready().api_keys.at(name)));
}

Client EmulatorTest::ClientWith(const std::string& authorization) {
  return Client(NewChannel(), authorization);
}

grep11::Mechanism Mech(CK_MECHANISM_TYPE type) {
  grep11::Mechanism mechanism;
  mechanism.set_mechanism(type);
  return mechanism;
}

grep11::Mechanism MechIv(CK_MECHANISM_TYPE type, ByteView iv) {
  grep11::Mechanism mechanism = Mech(type);
  mechanism.set_parameterb(Str(iv));
  return mechanism;
}

grep11::Mechanism MechPss(CK_MECHANISM_TYPE type, CK_MECHANISM_TYPE hash,
                          grep11::RSAPSSParm::Mask mgf, std::uint64_t salt_bytes) {
  grep11::Mechanism mechanism = Mech(type);
  mechanism.mutable_rsapssparameter()->set_hashmech(hash);
  mechanism.mutable_rsapssparameter()->set_mgf(mgf);
  mechanism.mutable_rsapssparameter()->set_saltbytecount(salt_bytes);
  return mechanism;
}

grep11::Mechanism MechOaep(CK_MECHANISM_TYPE hash, grep11::RSAOAEPParm::Mask mgf) {
  grep11::Mechanism mechanism = Mech(CKM_RSA_PKCS_OAEP);
  mechanism.mutable_rsaoaepparameter()->set_hashmech(hash);
  mechanism.mutable_rsaoaepparameter()->set_mgf(mgf);
  return mechanism;
}

grep11::KeyBlob BlobMessage(const std::string& octets) {
  grep11::KeyBlob blob;
  blob.add_keyblobs(octets);
  return blob;
}

void Put(WireMap* map, CK_ATTRIBUTE_TYPE type, bool value) { (*map)[type].set_attributetf(value); }
void Put(WireMap* map, CK_ATTRIBUTE_TYPE type, std::uint64_t value) {
  (*map)[type].set_attributei(static_cast<std::int64_t>(value));
}
void Put(WireMap* map, CK_ATTRIBUTE_TYPE type, ByteView value) {
  (*map)[type].set_attributeb(Str(value));
}

PairBlobs MakeEcPair(Client& client, std::string_view curve) {
  grep11::GenerateKeyPairRequest request;
  *request.mutable_mech() = Mech(CKM_EC_KEY_PAIR_GEN);
  Put(request.mutable_pubkeytemplate(), CKA_EC_PARAMS, ViewOf(curve));
  Put(request.mutable_pubkeytemplate(), CKA_VERIFY, true);
  Put(request.mutable_privkeytemplate(), CKA_SIGN, true);
  Put(request.mutable_privkeytemplate(), CKA_DERIVE, true);
  Put(request.mutable_privkeytemplate(), CKA_EXTRACTABLE, true);
  const auto response = client.Call(&Crypto::Stub::GenerateKeyPair, request);
  EXPECT_EQ(client.Rv(), CKR_OK) << client.status().error_message();
  return {response.privkeybytes(), response.pubkeybytes()};
}

PairBlobs MakeRsaPair(Client& client, std::uint64_t bits) {
  grep11::GenerateKeyPairRequest request;
  *request.mutable_mech() = Mech(CKM_RSA_PKCS_KEY_PAIR_GEN);
  Put(request.mutable_pubkeytemplate(), CKA_MODULUS_BITS, bits);
  Put(request.mutable_pubkeytemplate(), CKA_PUBLIC_EXPONENT, std::uint64_t{65537});
  for (const CK_ATTRIBUTE_TYPE right : {CKA_VERIFY, CKA_ENCRYPT, CKA_WRAP}) {
    Put(request.mutable_pubkeytemplate(), right, true);
  }
  for (const CK_ATTRIBUTE_TYPE right : {CKA_SIGN, CKA_DECRYPT, CKA_UNWRAP, CKA_EXTRACTABLE}) {
    Put(request.mutable_privkeytemplate(), right, true);
  }
  const auto response = client.Call(&Crypto::Stub::GenerateKeyPair, request);
  EXPECT_EQ(client.Rv(), CKR_OK) << client.status().error_message();
  return {response.privkeybytes(), response.pubkeybytes()};
}

std::string MakeAes(Client& client, std::uint64_t octets, bool extractable) {
  grep11::GenerateKeyRequest request;
  *request.mutable_mech() = Mech(CKM_AES_KEY_GEN);
  Put(request.mutable_template_(), CKA_VALUE_LEN, octets);
  Put(request.mutable_template_(), CKA_EXTRACTABLE, extractable);
  for (const CK_ATTRIBUTE_TYPE right : {CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP, CKA_UNWRAP}) {
    Put(request.mutable_template_(), right, true);
  }
  const auto response = client.Call(&Crypto::Stub::GenerateKey, request);
  EXPECT_EQ(client.Rv(), CKR_OK) << client.status().error_message();
  return response.keybytes();
}

std::string MakeGeneric(Client& client, std::uint64_t octets) {
  grep11::GenerateKeyRequest request;
  *request.mutable_mech() = Mech(CKM_GENERIC_SECRET_KEY_GEN);
  Put(request.mutable_template_(), CKA_VALUE_LEN, octets);
  Put(request.mutable_template_(), CKA_EXTRACTABLE, true);
  const auto response = client.Call(&Crypto::Stub::GenerateKey, request);
  EXPECT_EQ(client.Rv(), CKR_OK) << client.status().error_message();
  return response.keybytes();
}

}  // namespace gw::emulator
