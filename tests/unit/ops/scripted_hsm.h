// Room: tests. An HsmClient that does no cryptography: it echoes recognisable octets, counts its
// requests and can be told to fail. For what happens around the HSM; what the HSM does is tested
// against the emulator.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "daemon/mechanism/mechanism_table.h"
#include "daemon/upstream/hsm_client.h"

namespace gw {

class ScriptedHsm final : public HsmClient {
 public:
  // Requests by RPC name.
  std::map<std::string, int> requests;
  // The next request fails with it.
  std::optional<Error> next_error;
  // What answers() says.
  bool is_there = true;
  // Runs while a request is at the HSM: what another thread of the application does meanwhile.
  std::function<void()> meanwhile;
  // What Single, Update, Final and WrapKey give.
  Bytes output = Bytes(64, 0x5a);
  // What is asked of the HSM, of the last request.
  Mechanism mechanism;
  Bytes data;
  Bytes signature;
  AttributeList attributes;
  // What GenerateKeyPair gives as the public half: an SPKI.
  Bytes public_spki;
  Bytes check_sum{0x11, 0x22, 0x33, 0, 0, 0, 128};
  // What GetMechanismInfo gives.
  std::map<CK_MECHANISM_TYPE, MechanismFacts> facts;
  // What GetMechanismList gives.
  std::vector<CK_MECHANISM_TYPE> offered = AllTypes();
  // What GenerateRandom was asked for, and what it waits for before it answers.
  struct RandomAsked {
    HsmCall call;
    std::uint32_t bytes;
  };
  std::vector<RandomAsked> random_asked;
  std::function<Awaitable<void>()> hold;
  std::uint32_t random_cut = 0;  // octets that GenerateRandom leaves out

  Awaitable<Result<Bytes>> Single(const HsmCall&, KeyOperation, const Mechanism& asked,
                                  const KeyBlob&, ByteView input) override {
    Note("Single", &asked, input);
    co_return Answer(output);
  }
  Awaitable<Status> VerifySingle(const HsmCall&, const Mechanism& asked, const KeyBlob&,
                                 ByteView input, ByteView given) override {
    Note("VerifySingle", &asked, input);
    signature = CopyOf(given);
    co_return Answer(Unit{});
  }
  Awaitable<Result<Bytes>> DigestSingle(const HsmCall&, const Mechanism& asked,
                                        ByteView input) override {
    Note("DigestSingle", &asked, input);
    co_return Answer(output);
  }
  bool answers() const override { return is_there; }
  Awaitable<Result<OperationState>> DigestInit(const HsmCall&, const Mechanism& asked) override {
    Note("DigestInit", &asked, {});
    OperationState state;
    co_return Answer(state);
  }
  Awaitable<Result<OperationState>> DigestUpdate(const HsmCall&, const OperationState& state,
                                                 ByteView input) override {
    Note("DigestUpdate", nullptr, input);
    co_return Answer(state);
  }
  Awaitable<Result<OperationState>> DigestKey(const HsmCall&, const OperationState& state,
                                              const KeyBlob&) override {
    Note("DigestKey", nullptr, {});
    co_return Answer(state);
  }
  Awaitable<Result<Bytes>> DigestFinal(const HsmCall&, const OperationState&) override {
    Note("DigestFinal", nullptr, {});
    co_return Answer(output);
  }
  Awaitable<Result<OperationState>> Init(const HsmCall&, KeyOperation, const Mechanism& asked,
                                         const KeyBlob&) override {
    Note("Init", &asked, {});
    OperationState state;
    co_return Answer(state);
  }
  Awaitable<Result<UpdateResult>> Update(const HsmCall&, KeyOperation, const OperationState&,
                                         ByteView input) override {
    Note("Update", nullptr, input);
    UpdateResult result;
    result.output = output;
    co_return Answer(result);
  }
  Awaitable<Result<Bytes>> Final(const HsmCall&, KeyOperation, const OperationState&) override {
    Note("Final", nullptr, {});
    co_return Answer(output);
  }
  Awaitable<Status> VerifyFinal(const HsmCall&, const OperationState&, ByteView) override {
    Note("VerifyFinal", nullptr, {});
    co_return Answer(Unit{});
  }
  Awaitable<Result<MadeKey>> GenerateKey(const HsmCall&, const Mechanism& asked,
                                         const AttributeList& given) override {
    Note("GenerateKey", &asked, {});
    attributes = given;
    co_return Answer(Made());
  }
  Awaitable<Result<MadeKeyPair>> GenerateKeyPair(const HsmCall&, const Mechanism& asked,
                                                 const AttributeList& given,
                                                 const AttributeList&) override {
    Note("GenerateKeyPair", &asked, {});
    attributes = given;
    MadeKeyPair pair;
    pair.private_key = Made().key;
    pair.public_key.octets = public_spki;
    co_return Answer(pair);
  }
  Awaitable<Result<Bytes>> WrapKey(const HsmCall&, const Mechanism& asked, const KeyBlob&,
                                   const KeyBlob&) override {
    Note("WrapKey", &asked, {});
    co_return Answer(output);
  }
  Awaitable<Result<MadeKey>> UnwrapKey(const HsmCall&, const Mechanism& asked, const KeyBlob&,
                                       ByteView wrapped, const AttributeList& given) override {
    Note("UnwrapKey", &asked, wrapped);
    attributes = given;
    co_return Answer(Made());
  }
  Awaitable<Result<MadeKey>> DeriveKey(const HsmCall&, const Mechanism& asked, const KeyBlob&,
                                       const AttributeList& given) override {
    Note("DeriveKey", &asked, {});
    attributes = given;
    co_return Answer(Made());
  }
  Awaitable<Result<KeyBlob>> SetAttributeValue(const HsmCall&, const KeyBlob&,
                                               const AttributeList& given) override {
    Note("SetAttributeValue", nullptr, {});
    attributes = given;
    KeyBlob changed = Made().key;
    changed.octets.back() = 0xcc;
    co_return Answer(changed);
  }
  Awaitable<Result<std::vector<CK_MECHANISM_TYPE>>> GetMechanismList(const HsmCall&) override {
    Note("GetMechanismList", nullptr, {});
    co_return Answer(offered);
  }
  Awaitable<Result<MechanismFacts>> GetMechanismInfo(const HsmCall&,
                                                     CK_MECHANISM_TYPE type) override {
    Note("GetMechanismInfo", nullptr, {});
    const auto at = facts.find(type);
    if (at == facts.end()) co_return CallerError(CKR_MECHANISM_INVALID, "scripted");
    co_return Answer(at->second);
  }
  Awaitable<Result<Bytes>> GenerateRandom(const HsmCall& call, std::uint32_t bytes) override {
    Note("GenerateRandom", nullptr, {});
    random_asked.push_back({call, bytes});
    if (hold) co_await hold();
    Bytes random = NextSerials(bytes - random_cut);
    co_return Answer(random);
  }

  // Master keys by the octet that fills their id. A key is wrapped under one of them, as the
  // blob's clear header says.
  Byte master_key = 0x01;
  std::optional<Byte> next_master_key;
  static KeyBlob KeyUnder(Byte wrapping_key, Byte value) {
    KeyBlob key{Bytes(96, value)};
    std::fill_n(key.octets.begin(), 32, Byte{0});
    std::fill_n(key.octets.begin() + 32, 16, wrapping_key);
    return key;
  }
  KeyTwins& twins() override { return twins_; }
  // Takes the key or its twin, as the real client does.
  Awaitable<Status> LookAtKey(const HsmCall&, const KeyBlob& key) override {
    Note("LookAtKey", nullptr, {});
    for (const TwinSide side : {twins_.side(), Opposite(twins_.side())}) {
      KeyBlob tried = twins_.Of(side, key);
      if (tried.empty()) tried = key;
      if (tried.octets[32] != master_key) continue;
      if (side != twins_.side()) twins_.Took(side);
      co_return Answer(Unit{});
    }
    co_return UpstreamError(CKR_DEVICE_ERROR, "neither");
  }
  Awaitable<Result<KeyBlob>> RewrapKeyBlob(const HsmCall&, const KeyBlob& key) override {
    Note("RewrapKeyBlob", nullptr, {});
    if (!next_master_key) co_return UpstreamError(CKR_IBM_WK_NOT_INITIALIZED, "none committed");
    if (key.octets[32] != master_key) co_return UpstreamError(CKR_IBM_WKID_MISMATCH, "another");
    KeyBlob next = key;
    std::fill_n(next.octets.begin() + 32, 16, *next_master_key);
    co_return Answer(next);
  }

 private:
  static std::vector<CK_MECHANISM_TYPE> AllTypes() {
    std::vector<CK_MECHANISM_TYPE> types;
    for (const MechanismRow& row : AllMechanisms()) types.push_back(row.type);
    return types;
  }
  static TwinSide Opposite(TwinSide side) {
    return side == TwinSide::kBefore ? TwinSide::kAfter : TwinSide::kBefore;
  }

  // Random octets that tell where they come from: numbers of eight octets, none of them twice.
  Bytes NextSerials(std::uint32_t bytes) {
    Bytes serials;
    for (; serials.size() < bytes; ++serial_) {
      AppendU32Be(serials, static_cast<std::uint32_t>(serial_ >> 32));
      AppendU32Be(serials, static_cast<std::uint32_t>(serial_));
    }
    serials.resize(bytes);
    return serials;
  }
  void Note(const std::string& rpc, const Mechanism* asked, ByteView input) {
    ++requests[rpc];
    if (meanwhile) meanwhile();
    if (asked != nullptr) mechanism = *asked;
    data = CopyOf(input);
  }
  template <typename T>
  Result<T> Answer(T value) {
    if (!next_error) return value;
    Error error = *next_error;
    next_error.reset();
    return error;
  }
  MadeKey Made() const {
    MadeKey made;
    made.key.octets = Bytes(96, 0x01);
    made.check_sum = check_sum;
    return made;
  }

  KeyTwins twins_;
  std::uint64_t serial_ = 0x0101010101010101;  // no octet is zero at first
};

}  // namespace gw
