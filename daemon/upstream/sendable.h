// Room: upstream. The RPCs as types, and a request of any of them as the sender sees it. Included
// by sender and grep11_client.cc alone: it drags gRPC in.
#pragma once

#include <grep11.grpc.pb.h>

#include <algorithm>
#include <memory>
#include <string>

#include "daemon/core/async.h"
#include "daemon/runtime/silo.h"
#include "daemon/upstream/async_unary.h"
#include "daemon/upstream/bearer.h"
#include "daemon/upstream/endpoint.h"
#include "daemon/upstream/rpc_table.h"

namespace gw {

template <typename RequestT, typename ReplyT>
using PrepareMethod = std::unique_ptr<grpc::ClientAsyncResponseReader<ReplyT>> (
    grep11::Crypto::Stub::*)(grpc::ClientContext*, const RequestT&, grpc::CompletionQueue*);

template <typename RequestT, typename ReplyT, PrepareMethod<RequestT, ReplyT> kMethod, RpcId kRpc>
struct Rpc {
  using Request = RequestT;
  using Reply = ReplyT;
  static constexpr PrepareMethod<RequestT, ReplyT> kPrepare = kMethod;
  static constexpr RpcId kId = kRpc;
};

#define GW_RPC(name)                                                   \
  using name##Rpc = Rpc<grep11::name##Request, grep11::name##Response, \
                        &grep11::Crypto::Stub::PrepareAsync##name, RpcId::k##name>

GW_RPC(GenerateRandom);
GW_RPC(DigestSingle);
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
#undef GW_RPC

// What an answer that came is if it lacks `what`.
inline Error Garbage(const RpcInfo& rpc, const char* what) {
  return UpstreamError(CKR_DEVICE_ERROR,
                       std::string(rpc.name) + ": the HSM's answer holds no " + what, true);
}

// A request that can be sent any number of times: what the retry loop sees of an RPC.
class Sendable {
 public:
  virtual ~Sendable() = default;
  virtual const RpcInfo& rpc() const = 0;
  // `left`: how long the try may take. `bearer`: may be null. Everything is borrowed until the
  // request is on its way, which is before this returns to the loop.
  virtual Awaitable<FinishedCall> Send(Silo& silo, Channel& channel, std::chrono::nanoseconds left,
                                       const Bearer* bearer) const = 0;
  // What an answer that came lacks, for "the HSM's answer holds no ..."; null: nothing.
  virtual const char* Lacks(const UnaryCallBase& done) const = 0;
};

inline gpr_timespec GrpcDeadline(std::chrono::nanoseconds left) {
  const auto nanoseconds = std::max<std::int64_t>(left.count(), 0);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(nanoseconds, GPR_TIMESPAN));
}

template <typename R>
class SendableOf final : public Sendable {
 public:
  using Check = const char* (*)(const typename R::Reply&);

  // Borrows `request`. `check`: as Lacks().
  explicit SendableOf(
      const typename R::Request& request,
      Check check = [](const typename R::Reply&) -> const char* { return nullptr; })
      : request_(request), check_(check) {}

  const RpcInfo& rpc() const override { return InfoOf(R::kId); }

  Awaitable<FinishedCall> Send(Silo& silo, Channel& channel, std::chrono::nanoseconds left,
                               const Bearer* bearer) const override {
    const auto start = [this, &channel, left, bearer](UnaryCall<typename R::Reply>& call,
                                                      grpc::CompletionQueue& cq) {
      channel.in_flight.push_back(call);
      call.context.set_deadline(GrpcDeadline(left));
      if (bearer != nullptr) {
        call.context.AddMetadata("authorization", std::string(bearer->authorization.text()));
      }
      call.reader = (channel.stub.get()->*R::kPrepare)(&call.context, request_, &cq);
    };
    return SendUnary<typename R::Reply>(silo, start);
  }

  const char* Lacks(const UnaryCallBase& done) const override {
    return check_(static_cast<const UnaryCall<typename R::Reply>&>(done).reply);
  }

 private:
  const typename R::Request& request_;
  const Check check_;
};

template <typename R>
const typename R::Reply& ReplyOf(const FinishedCall& call) {
  return static_cast<const UnaryCall<typename R::Reply>&>(*call).reply;
}
// For a reply that holds what has to be wiped.
template <typename R>
typename R::Reply& MutableReplyOf(const FinishedCall& call) {
  return static_cast<UnaryCall<typename R::Reply>&>(*call).reply;
}

}  // namespace gw
