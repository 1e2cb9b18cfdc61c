// Room: upstream. May include: rpc. The RPCs as types, and a request of any of them as the sender
// sees it. Included by sender and grep11_client.cc alone: it drags the messages in.
#pragma once

#include <grep11.pb.h>

#include <optional>
#include <string>

#include "daemon/core/key_twins.h"
#include "daemon/core/result.h"
#include "daemon/rpc/http2_session.h"
#include "daemon/rpc/unary_call.h"
#include "daemon/upstream/bearer.h"
#include "daemon/upstream/failure.h"
#include "daemon/upstream/rpc_table.h"

namespace gw {

template <typename RequestT, typename ReplyT, RpcId kRpc>
struct Rpc {
  using Request = RequestT;
  using Reply = ReplyT;
  static constexpr RpcId kId = kRpc;
};

#define GW_RPC(name) \
  using name##Rpc = Rpc<grep11::name##Request, grep11::name##Response, RpcId::k##name>

GW_RPC(GenerateRandom);
GW_RPC(DigestSingle);
GW_RPC(DigestInit);
GW_RPC(DigestUpdate);
GW_RPC(DigestKey);
GW_RPC(DigestFinal);
GW_RPC(EncryptSingle);
GW_RPC(DecryptSingle);
GW_RPC(SignSingle);
GW_RPC(VerifySingle);
GW_RPC(EncryptInit);
GW_RPC(DecryptInit);
GW_RPC(SignInit);
GW_RPC(VerifyInit);
GW_RPC(EncryptUpdate);
GW_RPC(DecryptUpdate);
GW_RPC(SignUpdate);
GW_RPC(VerifyUpdate);
GW_RPC(EncryptFinal);
GW_RPC(DecryptFinal);
GW_RPC(SignFinal);
GW_RPC(VerifyFinal);
GW_RPC(GenerateKey);
GW_RPC(GenerateKeyPair);
GW_RPC(WrapKey);
GW_RPC(UnwrapKey);
GW_RPC(DeriveKey);
GW_RPC(SetAttributeValue);
GW_RPC(GetMechanismList);
GW_RPC(GetMechanismInfo);
GW_RPC(Login);
GW_RPC(Logout);
GW_RPC(GetAttributeValue);
GW_RPC(RewrapKeyBlob);
#undef GW_RPC

// What an answer that came is if `what` is wrong with it.
inline Error Garbage(const RpcInfo& rpc, const std::string& what) {
  return UpstreamError(CKR_DEVICE_ERROR, std::string(rpc.name) + ": the HSM's answer " + what,
                       true);
}

// A request that can be sent any number of times: what the retry loop sees of an RPC.
class Sendable {
 public:
  virtual ~Sendable() = default;
  virtual const RpcInfo& rpc() const = 0;
  // The request's message, as UnaryRequest has it.
  virtual WipedString Frame() const = 0;
  // Reads an answer that came. Nothing: it is fine. Otherwise what is wrong with it, as Garbage()
  // wants it.
  virtual std::optional<std::string> Read(const UnaryCall& done) = 0;
  // Puts the blob of that side in the place of every key that has two. False: none has.
  virtual bool Use(const KeyTwins& twins, TwinSide side) = 0;
  // Continues an operation: its state is the HSM's, and under one master key only.
  virtual bool continues() const = 0;
};

// What went wrong with a request that is over, whoever's fault it is; nullopt: nothing.
std::optional<Failure> FailureOf(Sendable& sendable, const UnaryCall& done);

// `bearer` is null for a caller without identity.
inline UnaryRequest RequestOf(const Sendable& sendable, SteadyTime deadline, const Bearer* bearer) {
  UnaryRequest request;
  request.method = sendable.rpc().method;
  if (bearer != nullptr) request.authorization = bearer->authorization.text();
  request.message = sendable.Frame();
  request.deadline = deadline;
  return request;
}

// Every key blob of a request; not the one that is to be wrapped anew.
template <typename Request, typename Visit>
void VisitKeys(Request& request, Visit visit) {
  const auto inside = [&visit](grep11::KeyBlob* key) {
    for (std::string& blob : *key->mutable_keyblobs()) visit(blob);
  };
#define GW_VISIT(field)                                            \
  if constexpr (requires { inside(request.mutable_##field()); }) { \
    if (request.has_##field()) inside(request.mutable_##field());  \
  }
  GW_VISIT(key)
  GW_VISIT(privkey)
  GW_VISIT(pubkey)
  GW_VISIT(kek)
  GW_VISIT(basekey)
  GW_VISIT(mackey)
#undef GW_VISIT
  if constexpr (requires { visit(*request.mutable_object()); }) visit(*request.mutable_object());
}

template <typename R>
class SendableOf final : public Sendable {
 public:
  // What an answer lacks, for "the HSM's answer holds no ..."; null: nothing.
  using Check = const char* (*)(const typename R::Reply&);

  // Borrows `request`.
  explicit SendableOf(
      typename R::Request& request,
      Check check = [](const typename R::Reply&) -> const char* { return nullptr; })
      : request_(request), check_(check) {}

  const RpcInfo& rpc() const override { return InfoOf(R::kId); }

  WipedString Frame() const override {
    WipedString frame = FrameOfSize(request_.ByteSizeLong());
    request_.SerializeWithCachedSizesToArray(
        reinterpret_cast<std::uint8_t*>(frame.data() + MessageReader::kPrefix));
    return frame;
  }

  // Taken for success, an answer that is no such message would turn garbage into a valid signature:
  // the answer to a verification has no fields.
  std::optional<std::string> Read(const UnaryCall& done) override {
    read_ = nullptr;
    if (!Parse(done)) return "is no such message";
    read_ = &done;
    const char* missing = check_(reply_);
    if (missing == nullptr) return std::nullopt;
    return std::string("holds no ") + missing;
  }

  bool Use(const KeyTwins& twins, TwinSide side) override {
    bool any = false;
    VisitKeys(request_, [&](std::string& blob) {
      const std::string* meant = twins.At(side, ViewOf(blob));
      if (meant == nullptr) return;
      blob = *meant;
      any = true;
    });
    return any;
  }

  bool continues() const override {
    return requires { request_.state(); };
  }

  // The answer in `done`, which was fine. Of two that race the other may have been read since.
  typename R::Reply& Answer(const FinishedCall& done) {
    if (read_ != done.get()) Parse(*done);
    return reply_;
  }

 private:
  bool Parse(const UnaryCall& done) {
    return reply_.ParseFromArray(done.reply.data(), static_cast<int>(done.reply.size()));
  }

  typename R::Request& request_;
  const Check check_;
  typename R::Reply reply_;
  const UnaryCall* read_ = nullptr;  // what reply_ is from
};

}  // namespace gw
