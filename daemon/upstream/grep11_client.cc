// Room: upstream.
#include "daemon/upstream/grep11_client.h"

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <utility>

#include "daemon/core/clock.h"
#include "daemon/upstream/channel_pool.h"
#include "daemon/upstream/grep11_messages.h"
#include "daemon/upstream/sendable.h"
#include "daemon/upstream/sender.h"

namespace gw {
namespace {

template <typename T>
Awaitable<T> Fail(Error error) {
  co_return std::move(error);
}

template <typename R>
const char* LacksState(const typename R::Reply& reply) {
  return reply.state().empty() ? "state" : nullptr;
}

void WipeText(std::string& text) { Wipe({reinterpret_cast<Byte*>(text.data()), text.size()}); }
// What the HSM decrypts or is to encrypt; of other messages nothing is secret.
template <typename Message>
void WipeSecret(Message& message) {
  if constexpr (requires { message.mutable_plain(); }) WipeText(*message.mutable_plain());
}

// Wipes a request when it is done with, whatever came of it.
template <typename Request>
class Wiped {
 public:
  explicit Wiped(Request& request) : request_(request) {}
  ~Wiped() { WipeSecret(request_); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

 private:
  Request& request_;
};

// --- requests ---

enum class Empty : bool { kIsGarbage, kIsFine };

template <typename Request>
Request StateRequest(const OperationState& state) {
  Request request;
  Assign(state.octets, request.mutable_state());
  return request;
}

template <typename Request>
Request MechanismRequest(const Mechanism& mechanism) {
  Request request;
  FillMechanism(mechanism, request.mutable_mech());
  return request;
}

template <typename Request>
void FillMacKey(const Mechanism& mechanism, Request& request) {
  const auto* mac_key = std::get_if<MacKeyParameter>(&mechanism.parameter);
  if (mac_key != nullptr) FillKey(KeyBlob{mac_key->blob}, request.mutable_mackey());
}

// --- the client ---

class Client final : public Grep11Client {
 public:
  Client(const TokenConfig& config, const TimesConfig& times, Silo& silo, const Clock& clock,
         ChannelPool pool)
      : sender_(config, times, silo, clock, std::move(pool)) {}

  Admission& admission() override { return sender_.admission(); }
  void Connect() override { sender_.Connect(); }
  void Close() override { sender_.Close(); }
  void LookAtTlsFiles() override { sender_.LookAtTlsFiles(); }

  KeyTwins& twins() override { return sender_.twins(); }
  bool answers() const override { return sender_.admission().AnyGood(); }

  Awaitable<Result<Bytes>> Single(const HsmCall& call, KeyOperation operation,
                                  const Mechanism& mechanism, const KeyBlob& key,
                                  ByteView data) override;
  Awaitable<Status> VerifySingle(const HsmCall& call, const Mechanism& mechanism,
                                 const KeyBlob& key, ByteView data, ByteView signature) override;
  Awaitable<Result<Bytes>> DigestSingle(const HsmCall& call, const Mechanism& mechanism,
                                        ByteView data) override;
  Awaitable<Result<OperationState>> DigestInit(const HsmCall& call,
                                               const Mechanism& mechanism) override;
  Awaitable<Result<OperationState>> DigestUpdate(const HsmCall& call, const OperationState& state,
                                                 ByteView data) override;
  Awaitable<Result<OperationState>> DigestKey(const HsmCall& call, const OperationState& state,
                                              const KeyBlob& key) override;
  Awaitable<Result<Bytes>> DigestFinal(const HsmCall& call, const OperationState& state) override;
  Awaitable<Result<OperationState>> Init(const HsmCall& call, KeyOperation operation,
                                         const Mechanism& mechanism, const KeyBlob& key) override;
  Awaitable<Result<UpdateResult>> Update(const HsmCall& call, KeyOperation operation,
                                         const OperationState& state, ByteView data) override;
  Awaitable<Result<Bytes>> Final(const HsmCall& call, KeyOperation operation,
                                 const OperationState& state) override;
  Awaitable<Status> VerifyFinal(const HsmCall& call, const OperationState& state,
                                ByteView signature) override;
  Awaitable<Result<MadeKey>> GenerateKey(const HsmCall& call, const Mechanism& mechanism,
                                         const AttributeList& attributes) override;
  Awaitable<Result<MadeKeyPair>> GenerateKeyPair(const HsmCall& call, const Mechanism& mechanism,
                                                 const AttributeList& public_attributes,
                                                 const AttributeList& private_attributes) override;
  Awaitable<Result<Bytes>> WrapKey(const HsmCall& call, const Mechanism& mechanism,
                                   const KeyBlob& wrapping_key, const KeyBlob& key) override;
  Awaitable<Result<MadeKey>> UnwrapKey(const HsmCall& call, const Mechanism& mechanism,
                                       const KeyBlob& unwrapping_key, ByteView wrapped,
                                       const AttributeList& attributes) override;
  Awaitable<Result<MadeKey>> DeriveKey(const HsmCall& call, const Mechanism& mechanism,
                                       const KeyBlob& base_key,
                                       const AttributeList& attributes) override;
  Awaitable<Result<KeyBlob>> SetAttributeValue(const HsmCall& call, const KeyBlob& key,
                                               const AttributeList& attributes) override;
  Awaitable<Result<std::vector<CK_MECHANISM_TYPE>>> GetMechanismList(const HsmCall& call) override;
  Awaitable<Result<MechanismFacts>> GetMechanismInfo(const HsmCall& call,
                                                     CK_MECHANISM_TYPE type) override;
  Awaitable<Result<Bytes>> GenerateRandom(const HsmCall& call, std::uint32_t bytes) override;
  Awaitable<Status> LogIn(const HsmCall& call, HsmLogin& login) override;
  void LogOut(IdentityPtr identity, HsmLogin& login) override {
    sender_.LogOut(std::move(identity), login);
  }
  Awaitable<Status> LookAtKey(const HsmCall& call, const KeyBlob& key) override;
  Awaitable<Result<KeyBlob>> RewrapKeyBlob(const HsmCall& call, const KeyBlob& key) override;

 private:
  template <typename R>
  Awaitable<Status> Send(const HsmCall& call, typename R::Request request);
  template <typename R, auto kField, Empty kEmpty>
  Awaitable<Result<Bytes>> FetchBytes(const HsmCall& call, typename R::Request request);
  template <typename R>
  Awaitable<Result<OperationState>> FetchState(const HsmCall& call, typename R::Request request);
  template <typename R, auto kField>
  Awaitable<Result<UpdateResult>> FetchUpdate(const HsmCall& call, typename R::Request request);
  template <typename R, auto kRaw, auto kMessage>
  Awaitable<Result<MadeKey>> FetchKey(const HsmCall& call, typename R::Request request);
  Awaitable<Result<MadeKeyPair>> FetchKeyPair(const HsmCall& call,
                                              grep11::GenerateKeyPairRequest request);
  Awaitable<Result<KeyBlob>> FetchObject(const HsmCall& call,
                                         grep11::SetAttributeValueRequest request);
  // Gives a new key its blob under the next master key, while there is one.
  Awaitable<Status> Pair(const HsmCall& call, const KeyBlob& key);

  Sender sender_;
};

template <typename R>
Awaitable<Status> Client::Send(const HsmCall& call, typename R::Request request) {
  SendableOf<R> sendable(request);
  GW_CO_TRY_VOID(co_await sender_.Run(call, sendable));
  co_return Ok();
}

template <typename R, auto kField, Empty kEmpty>
Awaitable<Result<Bytes>> Client::FetchBytes(const HsmCall& call, typename R::Request request) {
  const Wiped wiped(request);
  SendableOf<R> sendable(request, [](const typename R::Reply& reply) {
    return kEmpty == Empty::kIsGarbage && (reply.*kField)().empty() ? "result" : nullptr;
  });
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  auto& reply = sendable.Answer(done);
  Bytes octets = CopyOf((reply.*kField)());
  WipeSecret(reply);
  co_return octets;
}

template <typename R>
Awaitable<Result<OperationState>> Client::FetchState(const HsmCall& call,
                                                     typename R::Request request) {
  SendableOf<R> sendable(request, &LacksState<R>);
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  OperationState state;
  state.octets = CopyOf(sendable.Answer(done).state());
  co_return state;
}

template <typename R, auto kField>
Awaitable<Result<UpdateResult>> Client::FetchUpdate(const HsmCall& call,
                                                    typename R::Request request) {
  const Wiped wiped(request);
  SendableOf<R> sendable(request, &LacksState<R>);
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  UpdateResult result;
  result.state.octets = CopyOf(sendable.Answer(done).state());
  if constexpr (!std::is_null_pointer_v<decltype(kField)>) {
    result.output = CopyOf((sendable.Answer(done).*kField)());
    WipeSecret(sendable.Answer(done));
  }
  co_return result;
}

template <typename R, auto kRaw, auto kMessage>
Awaitable<Result<MadeKey>> Client::FetchKey(const HsmCall& call, typename R::Request request) {
  SendableOf<R> sendable(request, [](const typename R::Reply& reply) {
    return HoldsKey((reply.*kRaw)(), (reply.*kMessage)()) ? nullptr : "key";
  });
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  const auto& reply = sendable.Answer(done);
  MadeKey made;
  made.key = TakeKey((reply.*kRaw)(), (reply.*kMessage)());
  made.check_sum = CopyOf(reply.checksum());
  GW_CO_TRY_VOID(co_await Pair(call, made.key));
  co_return made;
}

Awaitable<Result<MadeKeyPair>> Client::FetchKeyPair(const HsmCall& call,
                                                    grep11::GenerateKeyPairRequest request) {
  SendableOf<GenerateKeyPairRpc> sendable(
      request, [](const grep11::GenerateKeyPairResponse& reply) {
        const bool whole = HoldsKey(reply.privkeybytes(), reply.privkey()) &&
                           HoldsKey(reply.pubkeybytes(), reply.pubkey());
        return whole ? nullptr : "key pair";
      });
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  const auto& reply = sendable.Answer(done);
  MadeKeyPair made;
  made.private_key = TakeKey(reply.privkeybytes(), reply.privkey());
  made.public_key = TakeKey(reply.pubkeybytes(), reply.pubkey());
  GW_CO_TRY_VOID(co_await Pair(call, made.private_key));
  GW_CO_TRY_VOID(co_await Pair(call, made.public_key));
  co_return made;
}

Awaitable<Result<KeyBlob>> Client::FetchObject(const HsmCall& call,
                                               grep11::SetAttributeValueRequest request) {
  SendableOf<SetAttributeValueRpc> sendable(request,
                                            [](const grep11::SetAttributeValueResponse& reply) {
                                              return reply.object().empty() ? "key" : nullptr;
                                            });
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  KeyBlob key;
  key.octets = CopyOf(sendable.Answer(done).object());
  GW_CO_TRY_VOID(co_await Pair(call, key));
  co_return key;
}

// --- operations in one request ---

Awaitable<Result<Bytes>> Client::Single(const HsmCall& call, KeyOperation operation,
                                        const Mechanism& mechanism, const KeyBlob& key,
                                        ByteView data) {
  switch (operation) {
    case KeyOperation::kSign: {
      auto request = MechanismRequest<grep11::SignSingleRequest>(mechanism);
      FillKey(key, request.mutable_privkey());
      Assign(data, request.mutable_data());
      return FetchBytes<SignSingleRpc, &grep11::SignSingleResponse::signature, Empty::kIsGarbage>(
          call, std::move(request));
    }
    case KeyOperation::kEncrypt: {
      auto request = MechanismRequest<grep11::EncryptSingleRequest>(mechanism);
      FillKey(key, request.mutable_key());
      Assign(data, request.mutable_plain());
      // Nothing but nothing encrypts to nothing.
      if (data.empty()) {
        return FetchBytes<EncryptSingleRpc, &grep11::EncryptSingleResponse::ciphered,
                          Empty::kIsFine>(call, std::move(request));
      }
      return FetchBytes<EncryptSingleRpc, &grep11::EncryptSingleResponse::ciphered,
                        Empty::kIsGarbage>(call, std::move(request));
    }
    case KeyOperation::kDecrypt: {
      auto request = MechanismRequest<grep11::DecryptSingleRequest>(mechanism);
      FillKey(key, request.mutable_key());
      Assign(data, request.mutable_ciphered());
      return FetchBytes<DecryptSingleRpc, &grep11::DecryptSingleResponse::plain, Empty::kIsFine>(
          call, std::move(request));
    }
    case KeyOperation::kVerify:
      break;
  }
  return Fail<Result<Bytes>>(InternalError("Single() does not verify"));
}

Awaitable<Status> Client::VerifySingle(const HsmCall& call, const Mechanism& mechanism,
                                       const KeyBlob& key, ByteView data, ByteView signature) {
  auto request = MechanismRequest<grep11::VerifySingleRequest>(mechanism);
  FillKey(key, request.mutable_pubkey());
  Assign(data, request.mutable_data());
  Assign(signature, request.mutable_signature());
  return Send<VerifySingleRpc>(call, std::move(request));
}

Awaitable<Result<Bytes>> Client::DigestSingle(const HsmCall& call, const Mechanism& mechanism,
                                              ByteView data) {
  auto request = MechanismRequest<grep11::DigestSingleRequest>(mechanism);
  Assign(data, request.mutable_data());
  return FetchBytes<DigestSingleRpc, &grep11::DigestSingleResponse::digest, Empty::kIsGarbage>(
      call, std::move(request));
}

// --- operations in several requests ---

Awaitable<Result<OperationState>> Client::DigestInit(const HsmCall& call,
                                                     const Mechanism& mechanism) {
  return FetchState<DigestInitRpc>(call, MechanismRequest<grep11::DigestInitRequest>(mechanism));
}

Awaitable<Result<OperationState>> Client::DigestUpdate(const HsmCall& call,
                                                       const OperationState& state, ByteView data) {
  auto request = StateRequest<grep11::DigestUpdateRequest>(state);
  Assign(data, request.mutable_data());
  return FetchState<DigestUpdateRpc>(call, std::move(request));
}

Awaitable<Result<OperationState>> Client::DigestKey(const HsmCall& call,
                                                    const OperationState& state,
                                                    const KeyBlob& key) {
  auto request = StateRequest<grep11::DigestKeyRequest>(state);
  FillKey(key, request.mutable_key());
  return FetchState<DigestKeyRpc>(call, std::move(request));
}

Awaitable<Result<Bytes>> Client::DigestFinal(const HsmCall& call, const OperationState& state) {
  return FetchBytes<DigestFinalRpc, &grep11::DigestFinalResponse::digest, Empty::kIsGarbage>(
      call, StateRequest<grep11::DigestFinalRequest>(state));
}

Awaitable<Result<OperationState>> Client::Init(const HsmCall& call, KeyOperation operation,
                                               const Mechanism& mechanism, const KeyBlob& key) {
  switch (operation) {
    case KeyOperation::kEncrypt: {
      auto request = MechanismRequest<grep11::EncryptInitRequest>(mechanism);
      FillKey(key, request.mutable_key());
      return FetchState<EncryptInitRpc>(call, std::move(request));
    }
    case KeyOperation::kDecrypt: {
      auto request = MechanismRequest<grep11::DecryptInitRequest>(mechanism);
      FillKey(key, request.mutable_key());
      return FetchState<DecryptInitRpc>(call, std::move(request));
    }
    case KeyOperation::kSign: {
      auto request = MechanismRequest<grep11::SignInitRequest>(mechanism);
      FillKey(key, request.mutable_privkey());
      return FetchState<SignInitRpc>(call, std::move(request));
    }
    case KeyOperation::kVerify: {
      auto request = MechanismRequest<grep11::VerifyInitRequest>(mechanism);
      FillKey(key, request.mutable_pubkey());
      return FetchState<VerifyInitRpc>(call, std::move(request));
    }
  }
  return Fail<Result<OperationState>>(InternalError("unknown operation"));
}

Awaitable<Result<UpdateResult>> Client::Update(const HsmCall& call, KeyOperation operation,
                                               const OperationState& state, ByteView data) {
  switch (operation) {
    case KeyOperation::kEncrypt: {
      auto request = StateRequest<grep11::EncryptUpdateRequest>(state);
      Assign(data, request.mutable_plain());
      return FetchUpdate<EncryptUpdateRpc, &grep11::EncryptUpdateResponse::ciphered>(
          call, std::move(request));
    }
    case KeyOperation::kDecrypt: {
      auto request = StateRequest<grep11::DecryptUpdateRequest>(state);
      Assign(data, request.mutable_ciphered());
      return FetchUpdate<DecryptUpdateRpc, &grep11::DecryptUpdateResponse::plain>(
          call, std::move(request));
    }
    case KeyOperation::kSign: {
      auto request = StateRequest<grep11::SignUpdateRequest>(state);
      Assign(data, request.mutable_data());
      return FetchUpdate<SignUpdateRpc, nullptr>(call, std::move(request));
    }
    case KeyOperation::kVerify: {
      auto request = StateRequest<grep11::VerifyUpdateRequest>(state);
      Assign(data, request.mutable_data());
      return FetchUpdate<VerifyUpdateRpc, nullptr>(call, std::move(request));
    }
  }
  return Fail<Result<UpdateResult>>(InternalError("unknown operation"));
}

Awaitable<Result<Bytes>> Client::Final(const HsmCall& call, KeyOperation operation,
                                       const OperationState& state) {
  switch (operation) {
    case KeyOperation::kEncrypt:
      return FetchBytes<EncryptFinalRpc, &grep11::EncryptFinalResponse::ciphered, Empty::kIsFine>(
          call, StateRequest<grep11::EncryptFinalRequest>(state));
    case KeyOperation::kDecrypt:
      return FetchBytes<DecryptFinalRpc, &grep11::DecryptFinalResponse::plain, Empty::kIsFine>(
          call, StateRequest<grep11::DecryptFinalRequest>(state));
    case KeyOperation::kSign:
      return FetchBytes<SignFinalRpc, &grep11::SignFinalResponse::signature, Empty::kIsGarbage>(
          call, StateRequest<grep11::SignFinalRequest>(state));
    case KeyOperation::kVerify:
      break;
  }
  return Fail<Result<Bytes>>(InternalError("Final() does not verify"));
}

Awaitable<Status> Client::VerifyFinal(const HsmCall& call, const OperationState& state,
                                      ByteView signature) {
  auto request = StateRequest<grep11::VerifyFinalRequest>(state);
  Assign(signature, request.mutable_signature());
  return Send<VerifyFinalRpc>(call, std::move(request));
}

// --- keys ---

Awaitable<Result<MadeKey>> Client::GenerateKey(const HsmCall& call, const Mechanism& mechanism,
                                               const AttributeList& attributes) {
  auto request = MechanismRequest<grep11::GenerateKeyRequest>(mechanism);
  if (auto filled = FillTemplate(attributes, request.mutable_template_()); !filled) {
    return Fail<Result<MadeKey>>(std::move(filled).error());
  }
  using Reply = grep11::GenerateKeyResponse;
  return FetchKey<GenerateKeyRpc, &Reply::keybytes, &Reply::key>(call, std::move(request));
}

Awaitable<Result<MadeKeyPair>> Client::GenerateKeyPair(const HsmCall& call,
                                                       const Mechanism& mechanism,
                                                       const AttributeList& public_attributes,
                                                       const AttributeList& private_attributes) {
  auto request = MechanismRequest<grep11::GenerateKeyPairRequest>(mechanism);
  auto filled = FillTemplate(public_attributes, request.mutable_pubkeytemplate());
  if (filled) filled = FillTemplate(private_attributes, request.mutable_privkeytemplate());
  if (!filled) return Fail<Result<MadeKeyPair>>(std::move(filled).error());
  return FetchKeyPair(call, std::move(request));
}

Awaitable<Result<Bytes>> Client::WrapKey(const HsmCall& call, const Mechanism& mechanism,
                                         const KeyBlob& wrapping_key, const KeyBlob& key) {
  auto request = MechanismRequest<grep11::WrapKeyRequest>(mechanism);
  FillMacKey(mechanism, request);
  FillKey(wrapping_key, request.mutable_kek());
  FillKey(key, request.mutable_key());
  return FetchBytes<WrapKeyRpc, &grep11::WrapKeyResponse::wrapped, Empty::kIsGarbage>(
      call, std::move(request));
}

Awaitable<Result<MadeKey>> Client::UnwrapKey(const HsmCall& call, const Mechanism& mechanism,
                                             const KeyBlob& unwrapping_key, ByteView wrapped,
                                             const AttributeList& attributes) {
  auto request = MechanismRequest<grep11::UnwrapKeyRequest>(mechanism);
  FillMacKey(mechanism, request);
  FillKey(unwrapping_key, request.mutable_kek());
  Assign(wrapped, request.mutable_wrapped());
  if (auto filled = FillTemplate(attributes, request.mutable_template_()); !filled) {
    return Fail<Result<MadeKey>>(std::move(filled).error());
  }
  using Reply = grep11::UnwrapKeyResponse;
  return FetchKey<UnwrapKeyRpc, &Reply::unwrappedbytes, &Reply::unwrapped>(call,
                                                                           std::move(request));
}

Awaitable<Result<MadeKey>> Client::DeriveKey(const HsmCall& call, const Mechanism& mechanism,
                                             const KeyBlob& base_key,
                                             const AttributeList& attributes) {
  auto request = MechanismRequest<grep11::DeriveKeyRequest>(mechanism);
  FillKey(base_key, request.mutable_basekey());
  if (auto filled = FillTemplate(attributes, request.mutable_template_()); !filled) {
    return Fail<Result<MadeKey>>(std::move(filled).error());
  }
  using Reply = grep11::DeriveKeyResponse;
  return FetchKey<DeriveKeyRpc, &Reply::newkeybytes, &Reply::newkey>(call, std::move(request));
}

Awaitable<Result<KeyBlob>> Client::SetAttributeValue(const HsmCall& call, const KeyBlob& key,
                                                     const AttributeList& attributes) {
  grep11::SetAttributeValueRequest request;
  Assign(key.view(), request.mutable_object());
  if (auto filled = FillTemplate(attributes, request.mutable_attributes()); !filled) {
    return Fail<Result<KeyBlob>>(std::move(filled).error());
  }
  return FetchObject(call, std::move(request));
}

// --- queries ---

Awaitable<Result<std::vector<CK_MECHANISM_TYPE>>> Client::GetMechanismList(const HsmCall& call) {
  grep11::GetMechanismListRequest request;
  SendableOf<GetMechanismListRpc> sendable(request);
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  const auto& mechanisms = sendable.Answer(done).mechs();
  co_return std::vector<CK_MECHANISM_TYPE>(mechanisms.begin(), mechanisms.end());
}

Awaitable<Result<MechanismFacts>> Client::GetMechanismInfo(const HsmCall& call,
                                                           CK_MECHANISM_TYPE type) {
  grep11::GetMechanismInfoRequest request;
  request.set_mech(type);
  SendableOf<GetMechanismInfoRpc> sendable(request);
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  const grep11::MechanismInfo& info = sendable.Answer(done).mechinfo();
  const MechanismFacts facts{info.minkeysize(), info.maxkeysize(), info.flags()};
  co_return facts;
}

Awaitable<Result<Bytes>> Client::GenerateRandom(const HsmCall& call, std::uint32_t bytes) {
  grep11::GenerateRandomRequest request;
  request.set_len(bytes);
  SendableOf<GenerateRandomRpc> sendable(request);
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  std::string& random = *sendable.Answer(done).mutable_rnd();
  if (random.size() != bytes)
    co_return Garbage(sendable.rpc(), "holds no random octets of that number");
  Bytes octets = CopyOf(random);
  WipeText(random);
  co_return octets;
}

// The sender makes the request itself, where one is needed.
Awaitable<Status> Client::LogIn(const HsmCall& call, HsmLogin& login) {
  HsmCall binding = call;
  binding.binds = &login;
  grep11::LoginRequest request;
  SendableOf<LoginRpc> sendable(request);
  GW_CO_TRY_VOID(co_await sender_.Run(binding, sendable));
  co_return Ok();
}

// --- two master keys ---

Awaitable<Status> Client::LookAtKey(const HsmCall& call, const KeyBlob& key) {
  grep11::GetAttributeValueRequest request;
  Assign(key.view(), request.mutable_object());
  (*request.mutable_attributes())[CKA_CLASS].set_attributei(0);
  SendableOf<GetAttributeValueRpc> sendable(request);
  GW_CO_TRY_VOID(co_await sender_.Run(call, sendable));
  co_return Ok();
}

Awaitable<Result<KeyBlob>> Client::RewrapKeyBlob(const HsmCall& call, const KeyBlob& key) {
  grep11::RewrapKeyBlobRequest request;
  FillKey(key, request.mutable_wrappedkey());
  using Reply = grep11::RewrapKeyBlobResponse;
  SendableOf<RewrapKeyBlobRpc> sendable(request, [](const Reply& reply) {
    return HoldsKey(reply.rewrappedkeybytes(), reply.rewrappedkey()) ? nullptr : "key";
  });
  GW_CO_TRY(done, co_await sender_.Run(call, sendable));
  const auto& reply = sendable.Answer(done);
  co_return TakeKey(reply.rewrappedkeybytes(), reply.rewrappedkey());
}

Awaitable<Status> Client::Pair(const HsmCall& call, const KeyBlob& key) {
  constexpr std::chrono::seconds kPatience{1};
  const ByteView wrapping_key = WrappingKeyOf(key.view());
  if (!twins().expecting() || wrapping_key.empty()) co_return Ok();
  if (std::ranges::equal(wrapping_key, twins().target())) co_return Ok();
  HsmCall unbound = call;  // a key that exists needs no connection of its own
  unbound.binds = nullptr;
  auto next = co_await RewrapKeyBlob(unbound, key);
  if (next) {
    twins().Add(key, *next);
    co_return Ok();
  }
  // For most that may be wrong the rotation tries again (token/rotation.h).
  const CK_RV rv = next.error().rv;
  if (rv != CKR_IBM_WKID_MISMATCH && rv != CKR_IBM_WK_NOT_INITIALIZED) co_return Ok();
  unbound.deadline.at = std::min(unbound.deadline.at, RealClock().Now() + kPatience);
  const Status looked = co_await LookAtKey(unbound, key);
  if (looked || looked.error().rv != CKR_DEVICE_ERROR) co_return Ok();
  // The master key changed since it was made: it could never be used.
  co_return UpstreamError(CKR_DEVICE_ERROR,
                          "the HSM's master key was changed while a key was being made");
}

}  // namespace

Result<std::unique_ptr<Grep11Client>> Grep11Client::Make(const TokenConfig& config,
                                                         const TimesConfig& times, Silo& silo,
                                                         const Clock& clock) {
  if (config.endpoints.empty()) {
    return CallerError(CKR_ARGUMENTS_BAD,
                       "slot " + std::to_string(config.slot) + " has no HSM endpoint");
  }
  GW_TRY(pool, ChannelPool::Make(config, silo, clock.Now()));
  return std::unique_ptr<Grep11Client>(
      std::make_unique<Client>(config, times, silo, clock, std::move(pool)));
}

}  // namespace gw
