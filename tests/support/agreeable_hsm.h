// Room: tests/support. An HSM that agrees to everything, and an IAM that knows everybody: what is
// under test or measured is what stands in front of them. No network, no time.
#pragma once

#include "daemon/upstream/hsm_client.h"

namespace gw::test {

inline constexpr std::size_t kBlobOctets = 200;

class Anybody : public Identity {
 public:
  std::string_view name() const override { return "iam-anybody"; }
  ByteView api_key() const override { return {}; }
};

class AcceptAll : public IdentityProvider {
 public:
  Awaitable<Result<IdentityPtr>> Authenticate(SecretBytes, Deadline) override {
    co_return IdentityPtr(std::make_shared<Anybody>());
  }
};

class AgreeableHsm : public HsmClient {
 public:
  Awaitable<Result<Bytes>> Single(const HsmCall&, KeyOperation, const Mechanism&, const KeyBlob&,
                                  ByteView data) override {
    co_return CopyOf(data);
  }
  Awaitable<Status> VerifySingle(const HsmCall&, const Mechanism&, const KeyBlob&, ByteView,
                                 ByteView) override {
    co_return Ok();
  }
  Awaitable<Result<Bytes>> DigestSingle(const HsmCall&, const Mechanism&, ByteView) override {
    co_return Bytes(32);
  }
  bool answers() const override { return true; }
  Awaitable<Result<OperationState>> DigestInit(const HsmCall&, const Mechanism&) override {
    co_return OperationState{Bytes(16)};
  }
  Awaitable<Result<OperationState>> DigestUpdate(const HsmCall&, const OperationState& state,
                                                 ByteView) override {
    co_return state;
  }
  Awaitable<Result<OperationState>> DigestKey(const HsmCall&, const OperationState& state,
                                              const KeyBlob&) override {
    co_return state;
  }
  Awaitable<Result<Bytes>> DigestFinal(const HsmCall&, const OperationState&) override {
    co_return Bytes(32);
  }
  Awaitable<Result<OperationState>> Init(const HsmCall&, KeyOperation, const Mechanism&,
                                         const KeyBlob&) override {
    co_return OperationState{Bytes(16)};
  }
  Awaitable<Result<UpdateResult>> Update(const HsmCall&, KeyOperation, const OperationState& state,
                                         ByteView data) override {
    co_return UpdateResult{state, CopyOf(data)};
  }
  Awaitable<Result<Bytes>> Final(const HsmCall&, KeyOperation, const OperationState&) override {
    co_return Bytes(16);
  }
  Awaitable<Status> VerifyFinal(const HsmCall&, const OperationState&, ByteView) override {
    co_return Ok();
  }
  Awaitable<Result<MadeKey>> GenerateKey(const HsmCall&, const Mechanism&,
                                         const AttributeList&) override {
    co_return Made();
  }
  Awaitable<Result<MadeKeyPair>> GenerateKeyPair(const HsmCall&, const Mechanism&,
                                                 const AttributeList&,
                                                 const AttributeList&) override {
    co_return MadeKeyPair{KeyBlob{Bytes(kBlobOctets)}, KeyBlob{Bytes(kBlobOctets)}};
  }
  Awaitable<Result<Bytes>> WrapKey(const HsmCall&, const Mechanism&, const KeyBlob&,
                                   const KeyBlob&) override {
    co_return Bytes(40);
  }
  Awaitable<Result<MadeKey>> UnwrapKey(const HsmCall&, const Mechanism&, const KeyBlob&, ByteView,
                                       const AttributeList&) override {
    co_return Made();
  }
  Awaitable<Result<MadeKey>> DeriveKey(const HsmCall&, const Mechanism&, const KeyBlob&,
                                       const AttributeList&) override {
    co_return Made();
  }
  Awaitable<Result<KeyBlob>> SetAttributeValue(const HsmCall&, const KeyBlob& key,
                                               const AttributeList&) override {
    co_return key;
  }
  Awaitable<Result<std::vector<CK_MECHANISM_TYPE>>> GetMechanismList(const HsmCall&) override {
    co_return std::vector<CK_MECHANISM_TYPE>{CKM_ECDSA, CKM_RSA_PKCS, CKM_AES_CBC, CKM_SHA256};
  }
  Awaitable<Result<MechanismFacts>> GetMechanismInfo(const HsmCall&, CK_MECHANISM_TYPE) override {
    co_return MechanismFacts{};
  }
  Awaitable<Result<Bytes>> GenerateRandom(const HsmCall&, std::uint32_t bytes) override {
    co_return Bytes(bytes);
  }
  KeyTwins& twins() override { return twins_; }
  Awaitable<Status> LookAtKey(const HsmCall&, const KeyBlob&) override { co_return Ok(); }
  Awaitable<Result<KeyBlob>> RewrapKeyBlob(const HsmCall&, const KeyBlob& key) override {
    co_return key;
  }

 private:
  KeyTwins twins_;

  static MadeKey Made() { return {KeyBlob{Bytes(kBlobOctets)}, Bytes(7)}; }
};

}  // namespace gw::test
