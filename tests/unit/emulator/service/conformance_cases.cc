// Room: tests. One row per RPC and kind of key. A new RPC needs a row here, or its tests fail.
#include <algorithm>

#include "tests/unit/emulator/service/conformance.h"
#include "tests/unit/emulator/support/http.h"

namespace gw::emulator {
namespace {

using grep11::Crypto;
using namespace grep11;  // requests and responses, by the dozen

const std::string kData(32, 'd');

grep11::Mechanism Cbc() { return MechIv(CKM_AES_CBC_PAD, Bytes(16, 7)); }
grep11::Mechanism Hmac() { return Mech(CKM_SHA256_HMAC); }
grep11::Mechanism Ecdsa() { return Mech(CKM_ECDSA_SHA256); }

// Keys.
std::string Aes(Bench& b) { return MakeAes(b.client, 32); }
std::string Secret(Bench& b) { return MakeGeneric(b.client, 32); }
// A secret whose octets may be used as data.
std::string DataSecret(Bench& b) {
  return Generate(b.client, CKM_GENERIC_SECRET_KEY_GEN,
                  Template({{CKA_VALUE_LEN, std::uint64_t{32}}, {CKA_IBM_USE_AS_DATA, true}}));
}
std::string EcPrivate(Bench& b) { return MakeEcPair(b.client, "P-256").private_blob; }
std::string EcPublic(Bench& b) { return MakeEcPair(b.client, "P-256").public_blob; }
std::string RsaPublic(Bench& b) { return MakeRsaPair(b.client, 1024).public_blob; }
std::string BareSpki(Bench& b) { return RsaPublic(b).substr(0, 162); }
// A key as `make` makes it, but without one right.
std::function<std::string(Bench&)> Without(CK_ATTRIBUTE_TYPE right, std::string (*make)(Bench&)) {
  return [=](Bench& b) { return SetAttribute(b.client, make(b), right, false); };
}
std::string BoundAes(Bench& b) {
  return Generate(b.client, CKM_AES_KEY_GEN,
                  Template({{CKA_VALUE_LEN, std::uint64_t{32}},
                            {CKA_IBM_ATTRBOUND, true},
                            {CKA_EXTRACTABLE, true},
                            {CKA_WRAP, true},
                            {CKA_UNWRAP, true}}));
}
std::string BoundSecret(Bench& b) {
  return Generate(b.client, CKM_GENERIC_SECRET_KEY_GEN,
                  Template({{CKA_VALUE_LEN, std::uint64_t{32}}, {CKA_IBM_ATTRBOUND, true}}));
}

// Requests and parts of requests.
std::string StateOfDigest(Bench& b) {
  DigestInitRequest init;
  *init.mutable_mech() = Mech(CKM_SHA256);
  return b.client.Call(&Crypto::Stub::DigestInit, init).state();
}
template <typename Request>
Request WithKey(const grep11::Mechanism& mechanism, const std::string& key) {
  Request request;
  *request.mutable_mech() = mechanism;
  *request.mutable_key() = BlobMessage(key);
  return request;
}
template <typename Request>
Request ToSign(const grep11::Mechanism& mechanism, const std::string& key) {
  Request request;
  *request.mutable_mech() = mechanism;
  *request.mutable_privkey() = BlobMessage(key);
  return request;
}
template <typename Request>
Request ToVerify(const grep11::Mechanism& mechanism, const std::string& key) {
  Request request;
  *request.mutable_mech() = mechanism;
  *request.mutable_pubkey() = BlobMessage(key);
  return request;
}
std::string StateOfEncrypt(Bench& b) {
  return b.client.Call(&Crypto::Stub::EncryptInit, WithKey<EncryptInitRequest>(Cbc(), Aes(b)))
      .state();
}
std::string StateOfDecrypt(Bench& b, const std::string& aes) {
  return b.client.Call(&Crypto::Stub::DecryptInit, WithKey<DecryptInitRequest>(Cbc(), aes)).state();
}
std::string StateOfSign(Bench& b) {
  return b.client.Call(&Crypto::Stub::SignInit, ToSign<SignInitRequest>(Ecdsa(), EcPrivate(b)))
      .state();
}
struct Verification {
  std::string state;
  std::string signature;  // of kData
};
Verification StateOfVerify(Bench& b) {
  const PairBlobs pair = MakeEcPair(b.client, "P-256");
  const auto init = ToVerify<VerifyInitRequest>(Ecdsa(), pair.public_blob);
  return {b.client.Call(&Crypto::Stub::VerifyInit, init).state(),
          Sign(b.client, Ecdsa(), pair.private_blob, kData)};
}

DecryptUpdateRequest DecryptingPart(Bench& b) {
  const std::string aes = Aes(b);
  DecryptUpdateRequest update;
  update.set_state(StateOfDecrypt(b, aes));
  update.set_ciphered(Encrypt(b.client, Cbc(), aes, kData));
  return update;
}
VerifyUpdateRequest VerifyingPart(const Verification& v) {
  VerifyUpdateRequest update;
  update.set_state(v.state);
  update.set_data(kData);
  return update;
}

SignSingleRequest SigningWith(const grep11::Mechanism& mechanism, const std::string& key) {
  auto request = ToSign<SignSingleRequest>(mechanism, key);
  request.set_data(kData);
  return request;
}
VerifySingleRequest VerifyingWith(Bench& b, const grep11::Mechanism& mechanism,
                                  const PairBlobs& pair) {
  auto request = ToVerify<VerifySingleRequest>(mechanism, pair.public_blob);
  request.set_data(kData);
  request.set_signature(Sign(b.client, mechanism, pair.private_blob, kData));
  return request;
}

WrapKeyRequest Wrapping(const grep11::Mechanism& mechanism, const std::string& key,
                        const std::string& kek) {
  auto request = WithKey<WrapKeyRequest>(mechanism, key);
  *request.mutable_kek() = BlobMessage(kek);
  return request;
}
UnwrapKeyRequest Unwrapping(const grep11::Mechanism& mechanism, const std::string& wrapped,
                            const std::string& kek) {
  UnwrapKeyRequest request;
  *request.mutable_mech() = mechanism;
  request.set_wrapped(wrapped);
  *request.mutable_kek() = BlobMessage(kek);
  Put(request.mutable_template_(), CKA_KEY_TYPE, std::uint64_t{CKK_AES});
  return request;
}
WrapKeyRequest BoundWrapping(Bench& b) {
  auto request = Wrapping(Mech(CKM_IBM_ATTRIBUTEBOUND_WRAP), BoundAes(b), BoundAes(b));
  *request.mutable_mackey() = BlobMessage(BoundSecret(b));
  return request;
}
UnwrapKeyRequest BoundUnwrapping(Bench& b) {
  const WrapKeyRequest wrap = BoundWrapping(b);
  auto request = Unwrapping(wrap.mech(), b.client.Call(&Crypto::Stub::WrapKey, wrap).wrapped(),
                            wrap.kek().keyblobs(0));
  *request.mutable_mackey() = wrap.mackey();
  return request;
}
DeriveKeyRequest Deriving(Bench& b) {
  DeriveKeyRequest request;
  *request.mutable_mech() = Mech(CKM_ECDH1_DERIVE);
  request.mutable_mech()->set_parameterb(EcPublic(b).substr(91 - 65, 65));
  *request.mutable_basekey() = BlobMessage(EcPrivate(b));
  Put(request.mutable_template_(), CKA_KEY_TYPE, std::uint64_t{CKK_GENERIC_SECRET});
  return request;
}
LoginRequest LoggingIn() {
  LoginRequest request;
  request.set_storeid("store");
  request.set_pin("secret77");
  return request;
}
RewrapKeyBlobRequest Rewrapping(Bench& b) {
  for (const char* step : {"clear", "stage", "commit"}) {
    HttpCall(b.control, "POST", std::string("/master-key/") + step);
  }
  RewrapKeyBlobRequest request;
  *request.mutable_wrappedkey() = BlobMessage(Aes(b));
  return request;
}

template <typename Request, typename Response>
ConformanceCase Row(std::string rpc,
                    grpc::Status (Crypto::Stub::*stub)(grpc::ClientContext*, const Request&,
                                                       Response*),
                    std::type_identity_t<std::function<void(Bench&, Request&)>> fill,
                    std::vector<WrongKey> wrong_keys = {}) {
  ConformanceCase row;
  row.rpc = std::move(rpc);
  row.valid = [fill](Bench& bench) -> MessagePtr {
    auto request = std::make_unique<Request>();
    fill(bench, *request);
    return request;
  };
  row.call = [stub](Client& client, const google::protobuf::Message& request,
                    MessagePtr* response) {
    *response =
        std::make_unique<Response>(client.Call(stub, dynamic_cast<const Request&>(request)));
    return client.Rv();
  };
  row.wrong_keys = std::move(wrong_keys);
  return row;
}

#define GW_CASE(name) #name, &Crypto::Stub::name
#define GW_FILL(name) [](Bench & b, name##Request & r)

// Codes, short for the rows.
constexpr CK_RV kNotPermitted = CKR_KEY_FUNCTION_NOT_PERMITTED;
constexpr CK_RV kWrongType = CKR_KEY_TYPE_INCONSISTENT;

std::vector<ConformanceCase> DigestCases() {
  return {
      Row(GW_CASE(DigestInit),
          [](Bench&, DigestInitRequest& r) { *r.mutable_mech() = Mech(CKM_SHA256); }),
      Row(
          GW_CASE(Digest),
          GW_FILL(Digest) {
            r.set_state(StateOfDigest(b));
            r.set_data(kData);
          }),
      Row(
          GW_CASE(DigestUpdate),
          GW_FILL(DigestUpdate) {
            r.set_state(StateOfDigest(b));
            r.set_data(kData);
          }),
      Row(GW_CASE(DigestKey),
          GW_FILL(DigestKey) {
            r.set_state(StateOfDigest(b));
            *r.mutable_key() = BlobMessage(DataSecret(b));
          },
          {{"Key", Secret, kNotPermitted}, {"Key", EcPrivate, kWrongType}}),
      Row(
          GW_CASE(DigestFinal), GW_FILL(DigestFinal) { r.set_state(StateOfDigest(b)); }),
      Row(GW_CASE(DigestSingle),
          [](Bench&, DigestSingleRequest& r) {
            *r.mutable_mech() = Mech(CKM_SHA256);
            r.set_data(kData);
          }),
  };
}

std::vector<ConformanceCase> CryptCases() {
  const std::vector<WrongKey> to_encrypt = {{"Key", Without(CKA_ENCRYPT, Aes), kNotPermitted},
                                            {"Key", Secret, kWrongType},
                                            {"Key", EcPublic, kWrongType}};
  const std::vector<WrongKey> to_decrypt = {{"Key", Without(CKA_DECRYPT, Aes), kNotPermitted},
                                            {"Key", EcPrivate, kWrongType}};
  return {
      Row(
          GW_CASE(EncryptInit),
          GW_FILL(EncryptInit) { r = WithKey<EncryptInitRequest>(Cbc(), Aes(b)); }, to_encrypt),
      Row(
          GW_CASE(DecryptInit),
          GW_FILL(DecryptInit) { r = WithKey<DecryptInitRequest>(Cbc(), Aes(b)); }, to_decrypt),
      Row(
          GW_CASE(EncryptUpdate),
          GW_FILL(EncryptUpdate) {
            r.set_state(StateOfEncrypt(b));
            r.set_plain(kData);
          }),
      Row(
          GW_CASE(DecryptUpdate), GW_FILL(DecryptUpdate) { r = DecryptingPart(b); }),
      Row(
          GW_CASE(Encrypt),
          GW_FILL(Encrypt) {
            r.set_state(StateOfEncrypt(b));
            r.set_plain(kData);
          }),
      Row(
          GW_CASE(Decrypt),
          GW_FILL(Decrypt) {
            const DecryptUpdateRequest part = DecryptingPart(b);
            r.set_state(part.state());
            r.set_ciphered(part.ciphered());
          }),
      Row(
          GW_CASE(EncryptFinal), GW_FILL(EncryptFinal) { r.set_state(StateOfEncrypt(b)); }),
      Row(
          GW_CASE(DecryptFinal),
          GW_FILL(DecryptFinal) {
            r.set_state(b.client.Call(&Crypto::Stub::DecryptUpdate, DecryptingPart(b)).state());
          }),
      Row(
          GW_CASE(EncryptSingle),
          GW_FILL(EncryptSingle) {
            r = WithKey<EncryptSingleRequest>(Cbc(), Aes(b));
            r.set_plain(kData);
          },
          to_encrypt),
      Row(GW_CASE(EncryptSingle),
          GW_FILL(EncryptSingle) {
            r = WithKey<EncryptSingleRequest>(Mech(CKM_RSA_PKCS), RsaPublic(b));
            r.set_plain(kData);
          },
          {{"Key", Without(CKA_ENCRYPT, RsaPublic), kNotPermitted},
           {"Key", BareSpki, CKR_KEY_HANDLE_INVALID},
           {"Key", Aes, kWrongType}}),
      Row(
          GW_CASE(DecryptSingle),
          GW_FILL(DecryptSingle) {
            const std::string aes = Aes(b);
            r = WithKey<DecryptSingleRequest>(Cbc(), aes);
            r.set_ciphered(Encrypt(b.client, Cbc(), aes, kData));
          },
          to_decrypt),
      Row(GW_CASE(ReencryptSingle),
          GW_FILL(ReencryptSingle) {
            const std::string from = Aes(b);
            *r.mutable_decmech() = *r.mutable_encmech() = Cbc();
            *r.mutable_deckey() = BlobMessage(from);
            *r.mutable_enckey() = BlobMessage(Aes(b));
            r.set_ciphered(Encrypt(b.client, Cbc(), from, kData));
          },
          {{"DecKey", Without(CKA_DECRYPT, Aes), kNotPermitted},
           {"EncKey", Without(CKA_ENCRYPT, Aes), kNotPermitted},
           {"DecKey", Secret, kWrongType},
           {"EncKey", Secret, kWrongType}}),
  };
}

std::vector<ConformanceCase> SignCases() {
  const std::vector<WrongKey> to_sign = {{"PrivKey", Without(CKA_SIGN, EcPrivate), kNotPermitted},
                                         {"PrivKey", EcPublic, kWrongType},
                                         {"PrivKey", Aes, kWrongType}};
  const std::vector<WrongKey> to_verify = {{"PubKey", Without(CKA_VERIFY, EcPublic), kNotPermitted},
                                           {"PubKey", EcPrivate, kWrongType},
                                           {"PubKey", RsaPublic, kWrongType}};
  return {
      Row(
          GW_CASE(SignInit),
          GW_FILL(SignInit) { r = ToSign<SignInitRequest>(Ecdsa(), EcPrivate(b)); }, to_sign),
      Row(
          GW_CASE(VerifyInit),
          GW_FILL(VerifyInit) { r = ToVerify<VerifyInitRequest>(Ecdsa(), EcPublic(b)); },
          to_verify),
      Row(
          GW_CASE(SignUpdate),
          GW_FILL(SignUpdate) {
            r.set_state(StateOfSign(b));
            r.set_data(kData);
          }),
      Row(
          GW_CASE(VerifyUpdate), GW_FILL(VerifyUpdate) { r = VerifyingPart(StateOfVerify(b)); }),
      Row(
          GW_CASE(SignFinal), GW_FILL(SignFinal) { r.set_state(StateOfSign(b)); }),
      Row(
          GW_CASE(VerifyFinal),
          GW_FILL(VerifyFinal) {
            const Verification v = StateOfVerify(b);
            r.set_state(b.client.Call(&Crypto::Stub::VerifyUpdate, VerifyingPart(v)).state());
            r.set_signature(v.signature);
          }),
      Row(
          GW_CASE(Sign),
          GW_FILL(Sign) {
            r.set_state(StateOfSign(b));
            r.set_data(kData);
          }),
      Row(
          GW_CASE(Verify),
          GW_FILL(Verify) {
            const Verification v = StateOfVerify(b);
            r.set_state(v.state);
            r.set_data(kData);
            r.set_signature(v.signature);
          }),
      Row(
          GW_CASE(SignSingle), GW_FILL(SignSingle) { r = SigningWith(Ecdsa(), EcPrivate(b)); },
          to_sign),
      Row(GW_CASE(SignSingle), GW_FILL(SignSingle) { r = SigningWith(Hmac(), Secret(b)); },
          {{"PrivKey", Without(CKA_SIGN, Secret), kNotPermitted},
           {"PrivKey", EcPrivate, kWrongType}}),
      Row(
          GW_CASE(VerifySingle),
          GW_FILL(VerifySingle) { r = VerifyingWith(b, Ecdsa(), MakeEcPair(b.client, "P-256")); },
          to_verify),
      Row(GW_CASE(VerifySingle),
          GW_FILL(VerifySingle) {
            const std::string key = Secret(b);
            r = VerifyingWith(b, Hmac(), {key, key});
          },
          {{"PubKey", Without(CKA_VERIFY, Secret), kNotPermitted}}),
  };
}

std::vector<ConformanceCase> KeyCases() {
  const auto derive_right = Without(CKA_DERIVE, EcPrivate);
  return {
      Row(GW_CASE(GenerateKey),
          [](Bench&, GenerateKeyRequest& r) {
            *r.mutable_mech() = Mech(CKM_AES_KEY_GEN);
            Put(r.mutable_template_(), CKA_VALUE_LEN, std::uint64_t{16});
          }),
      Row(GW_CASE(GenerateKeyPair),
          [](Bench&, GenerateKeyPairRequest& r) {
            *r.mutable_mech() = Mech(CKM_EC_KEY_PAIR_GEN);
            Put(r.mutable_pubkeytemplate(), CKA_EC_PARAMS, ViewOf("P-256"));
          }),
      Row(GW_CASE(WrapKey), GW_FILL(WrapKey) { r = Wrapping(Cbc(), Aes(b), Aes(b)); },
          {{"Key", Without(CKA_EXTRACTABLE, Aes), CKR_KEY_UNEXTRACTABLE},
           {"Key", EcPublic, CKR_KEY_NOT_WRAPPABLE},
           {"Key", BoundAes, kNotPermitted},
           {"KeK", BoundAes, CKR_MECHANISM_INVALID},
           {"KeK", Without(CKA_WRAP, Aes), kNotPermitted},
           {"KeK", Secret, CKR_WRAPPING_KEY_TYPE_INCONSISTENT}}),
      Row(GW_CASE(WrapKey), GW_FILL(WrapKey) { r = BoundWrapping(b); },
          {{"Key", Aes, CKR_KEY_NOT_WRAPPABLE},
           {"Key", Without(CKA_EXTRACTABLE, BoundAes), CKR_KEY_UNEXTRACTABLE},
           {"KeK", Aes, kNotPermitted},
           {"KeK", Without(CKA_WRAP, BoundAes), kNotPermitted},
           {"MacKey", Secret, kNotPermitted},
           {"MacKey", Without(CKA_SIGN, BoundSecret), kNotPermitted},
           {"MacKey", BoundAes, kWrongType}}),
      Row(GW_CASE(UnwrapKey),
          GW_FILL(UnwrapKey) {
            const std::string kek = Aes(b);
            r = Unwrapping(Cbc(), Wrap(b.client, Cbc(), Aes(b), kek), kek);
          },
          {{"KeK", Without(CKA_UNWRAP, Aes), kNotPermitted},
           {"KeK", BoundAes, CKR_MECHANISM_INVALID},
           {"KeK", Secret, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT}}),
      Row(GW_CASE(UnwrapKey), GW_FILL(UnwrapKey) { r = BoundUnwrapping(b); },
          {{"KeK", BoundAes, CKR_WRAPPED_KEY_INVALID},
           {"KeK", Aes, kNotPermitted},
           {"MacKey", BoundSecret, CKR_WRAPPED_KEY_INVALID},
           {"MacKey", Without(CKA_VERIFY, BoundSecret), kNotPermitted}}),
      Row(GW_CASE(DeriveKey), GW_FILL(DeriveKey) { r = Deriving(b); },
          {{"BaseKey", derive_right, kNotPermitted},
           {"BaseKey", EcPublic, kWrongType},
           {"BaseKey", Aes, kWrongType}}),
      Row(
          GW_CASE(GetAttributeValue),
          GW_FILL(GetAttributeValue) {
            r.set_object(Aes(b));
            Put(r.mutable_attributes(), CKA_CLASS, false);
          }),
      Row(GW_CASE(SetAttributeValue),
          GW_FILL(SetAttributeValue) {
            r.set_object(Aes(b));
            Put(r.mutable_attributes(), CKA_SIGN, false);
          },
          {{"Object", Without(CKA_MODIFIABLE, Aes), CKR_ACTION_PROHIBITED},
           {"Object", BareSpki, CKR_OBJECT_HANDLE_INVALID}}),
      Row(GW_CASE(RewrapKeyBlob), GW_FILL(RewrapKeyBlob) { r = Rewrapping(b); },
          {{"WrappedKey", BareSpki, CKR_KEY_HANDLE_INVALID}}),
  };
}

std::vector<ConformanceCase> OtherCases() {
  return {
      Row(GW_CASE(GenerateRandom), [](Bench&, GenerateRandomRequest& r) { r.set_len(8); }),
      Row(GW_CASE(GetMechanismList), [](Bench&, GetMechanismListRequest&) {}),
      Row(GW_CASE(GetMechanismInfo),
          [](Bench&, GetMechanismInfoRequest& r) { r.set_mech(CKM_AES_KEY_GEN); }),
      Row(GW_CASE(Login), [](Bench&, LoginRequest& r) { r = LoggingIn(); }),
      Row(GW_CASE(Logout),
          [](Bench& b, LogoutRequest&) { b.client.Call(&Crypto::Stub::Login, LoggingIn()); }),
  };
}

std::vector<ConformanceCase> AllCases() {
  std::vector<ConformanceCase> all;
  for (auto* cases : {DigestCases, CryptCases, SignCases, KeyCases, OtherCases}) {
    for (ConformanceCase& row : cases()) all.push_back(std::move(row));
  }
  return all;
}

}  // namespace

std::vector<ConformanceCase> ConformanceCasesOf(const std::string& rpc) {
  std::vector<ConformanceCase> cases = AllCases();
  std::erase_if(cases, [&rpc](const ConformanceCase& row) { return row.rpc != rpc; });
  return cases;
}

std::vector<std::string> RpcsWithCases() {
  std::vector<std::string> names;
  for (const ConformanceCase& row : AllCases()) names.push_back(row.rpc);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

}  // namespace gw::emulator
