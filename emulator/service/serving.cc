// Room: emulator/service.
// Calls are untyped here: 40 raw methods from one table, octets in and octets out. A queue thread
// takes a call, does the work and finishes it; a modelled latency only postpones the finishing, so
// waiting costs no thread.
#include "emulator/service/serving.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "daemon/core/log.h"
#include "emulator/control/counters.h"
#include "emulator/engine/card.h"
#include "emulator/mechanism_table.h"
#include "emulator/service/admission.h"
#include "emulator/service/grpc_status.h"
#include "emulator/service/names.h"
#include "emulator/service/rpc_table.h"
#include "emulator/service/tag_fence.h"

namespace gw::emulator {
namespace {

constexpr int kMaxMessageBytes = 64 * 1024 * 1024;
constexpr std::size_t kHugeBytes = 80u << 20;
// Calls of each RPC that a queue is ready to take at any instant.
constexpr int kAcceptDepth = 8;

grpc::ByteBuffer BufferOf(const std::string& octets) {
  const grpc::Slice slice(octets.data(), octets.size());
  return {&slice, 1};
}

// All RPCs of the table as raw asynchronous methods of service grep11.Crypto.
class RawService final : public grpc::Service {
 public:
  RawService() {
    for (const RpcRow& row : RpcTable())
      paths_.push_back("/grep11.Crypto/" + std::string(row.name));
    for (std::size_t rpc = 0; rpc < paths_.size(); ++rpc) {
      AddMethod(new grpc::internal::RpcServiceMethod(
          paths_[rpc].c_str(), grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
      MarkMethodRaw(static_cast<int>(rpc));
    }
  }

  void Request(std::size_t rpc, grpc::ServerContext* context, grpc::ByteBuffer* request,
               grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* writer,
               grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(static_cast<int>(rpc), context, request, writer, queue, queue, tag);
  }

 private:
  std::vector<std::string> paths_;  // gRPC keeps pointers into it
};

// Who is inside may give work to gRPC's queues, which is fatal after their shutdown. One atomic
// word.
class Gate {
 public:
  // False: closed. Not inside then.
  bool Enter() {
    if ((state_.fetch_add(1) & kClosed) == 0) return true;
    Leave();
    return false;
  }
  void Leave() {
    state_.fetch_sub(1);
    state_.notify_all();
  }
  // Returns when nobody is inside any more; nobody enters afterwards.
  void Close() {
    for (std::uint32_t seen = state_.fetch_or(kClosed) | kClosed; seen != kClosed;
         seen = state_.load()) {
      state_.wait(seen);
    }
  }

 private:
  static constexpr std::uint32_t kClosed = 1U << 31;
  std::atomic<std::uint32_t> state_{0};
};

class Call;

}  // namespace

class Serving::Impl {
 public:
  Impl(ServingShared& shared_in, const TlsChoice& tls);
  void Take(Tcp::socket socket, int listener);
  void StopTaking(std::chrono::system_clock::time_point until);
  void Leave(std::chrono::seconds grace);
  void CancelCalls();
  void End();

  ServingShared& shared;
  Gate gate;     // calls that ask for the next one
  Gate working;  // calls that have not finished yet
  RawService service;

 private:
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues_;
  std::vector<std::thread> threads_;
  const TlsChoice tls_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> usual_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> expired_;  // null: no such TLS
  std::unique_ptr<grpc::Server> server_;
};

namespace {

// One call, from waiting for it to the end of its reply. Owns itself: freed when its last event
// came.
class Call {
 public:
  static void Await(Serving::Impl& serving, std::size_t rpc, grpc::ServerCompletionQueue& queue) {
    if (!serving.gate.Enter()) return;
    auto* call = new Call(serving, rpc, queue);
    TagRelease(call);
    serving.service.Request(rpc, &call->context_, &call->request_, &call->writer_, &queue, call);
    serving.gate.Leave();
  }

  // `ok` false: the server stops, or the reply could not be sent.
  void OnEvent(bool ok) {
    if (!ok || finished_ || !serving_.working.Enter()) {
      delete this;
      return;
    }
    Await(serving_, rpc_, queue_);
    arrived_ = std::chrono::steady_clock::now();
    if (RpcTable()[rpc_].heavy) {
      boost::asio::post(serving_.shared.heavy, [this] { Answer(); });
    } else {
      Answer();
    }
  }

 private:
  Call(Serving::Impl& serving, std::size_t rpc, grpc::ServerCompletionQueue& queue)
      : serving_(serving), rpc_(rpc), queue_(queue), writer_(&context_), counted_{rpc, {}, {}} {}

  const RpcEnvironment& environment() const { return serving_.shared.environment; }

  std::string_view Authorization() const {
    const auto& metadata = context_.client_metadata();
    const auto at = metadata.find("authorization");
    return at == metadata.end() ? std::string_view()
                                : std::string_view(at->second.data(), at->second.size());
  }

  void Answer() {
    const RpcRow& row = RpcTable()[rpc_];
    fault_ = environment().trouble.TakeFault(row.name);
    if (fault_ && fault_->kind == RpcFault::Kind::kGoaway) serving_.shared.send_goaway();
    if (auto refusal =
            environment().admission.Refuse(row, Authorization(), fault_, counted_.identity)) {
      environment().counters.CountFailure(counted_, refusal->counted_as);
      status_ = std::move(refusal->status);
      Finish();
      return;
    }
    Work(row);
    Nanoseconds latency = environment().trouble.SampleLatency(row.name);
    if (fault_) latency += fault_->delay;
    if (latency == Nanoseconds::zero()) {
      Finish();
    } else {
      serving_.shared.delay_line.At(arrived_ + latency, [this] { Finish(); });
    }
  }

  void Work(const RpcRow& row) {
    Card card(environment().unit, [this] { return context_.peer(); });
    RequestFacts facts;
    const Status result = row.handler(card, request_, response_, facts);
    if (facts.mechanism) counted_.mechanism = MechanismNumber(*facts.mechanism);
    if (result.ok()) {
      environment().counters.CountSuccess(counted_);
      return;
    }
    if (result.error().kind == ErrorKind::kInternal) log::Error("{}", Describe(result.error()));
    environment().counters.CountFailure(counted_, NameOfRv(result.error().rv));
    status_ = ToGrpc(result.error());
  }

  // The card has worked; what a fault makes of its answer.
  void Spoil() {
    using Kind = RpcFault::Kind;
    switch (fault_->kind) {
      case Kind::kStatus:
      case Kind::kLate:
      case Kind::kGoaway:
      case Kind::kPass:
        break;
      case Kind::kDropped:
        if (!serving_.shared.connections.Drop(context_.peer())) context_.TryCancel();
        break;
      case Kind::kGarbage:
        response_ = BufferOf("\x0f\xff\xff\xff");  // a field number and a wire type that are none
        break;
      case Kind::kEmpty:
        response_ = BufferOf("");
        break;
      case Kind::kHuge:
        response_ = BufferOf(std::string(kHugeBytes, '\0'));
        break;
    }
  }

  void Finish() {
    if (fault_ && status_.ok()) Spoil();
    Serving::Impl& serving = serving_;  // this is gone as soon as the queue's thread has the event
    finished_ = true;
    TagRelease(this);
    if (status_.ok()) {
      writer_.Finish(response_, status_, this);
    } else {
      writer_.FinishWithError(status_, this);
    }
    serving.working.Leave();
  }

  Serving::Impl& serving_;
  const std::size_t rpc_;
  grpc::ServerCompletionQueue& queue_;
  grpc::ServerContext context_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  CountedCall counted_;
  std::optional<RpcFault> fault_;
  std::chrono::steady_clock::time_point arrived_;
  bool finished_ = false;
};

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(const TlsMaterial* tls) {
  if (tls == nullptr) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      tls->client_ca_pem.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                 : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = tls->client_ca_pem;
  options.pem_key_cert_pairs.push_back({tls->key_pem, tls->certificate_pem});
  return grpc::SslServerCredentials(options);
}

void Drain(grpc::ServerCompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
    TagAcquire(tag);
    static_cast<Call*>(tag)->OnEvent(ok);
  }
}

}  // namespace

Serving::Impl::Impl(ServingShared& shared_in, const TlsChoice& tls) : shared(shared_in), tls_(tls) {
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(-1);
  // Clients keep idle channels alive with pings; the service allows that.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  const auto acceptor_with = [&builder](const TlsMaterial* material) {
    return builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        CredentialsOf(material));
  };
  usual_ = acceptor_with(tls.usual);
  if (tls.expired != nullptr) expired_ = acceptor_with(tls.expired);
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < cores; ++i) queues_.push_back(builder.AddCompletionQueue());
  server_ = builder.BuildAndStart();
  for (auto& queue : queues_) {
    for (std::size_t rpc = 0; rpc < RpcTable().size(); ++rpc) {
      for (int i = 0; i < kAcceptDepth; ++i) Call::Await(*this, rpc, *queue);
    }
    threads_.emplace_back([&queue] { Drain(*queue); });
  }
}

// gRPC owns the descriptor from here on.
void Serving::Impl::Take(Tcp::socket socket, int listener) {
  boost::system::error_code ignored;
  shared.connections.Add(socket);
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.fd = socket.release(ignored);
  parameters.listener_fd = listener;
  (tls_.expired_now() ? *expired_ : *usual_).HandleNewConnection(&parameters);
}

void Serving::Impl::StopTaking(std::chrono::system_clock::time_point until) {
  gate.Close();
  server_->Shutdown(until);
}

void Serving::Impl::Leave(std::chrono::seconds grace) {
  const auto stopped = std::async(
      std::launch::async, [this] { StopTaking(std::chrono::system_clock::time_point::max()); });
  // By then every call that has come in was taken from its queue.
  if (stopped.wait_for(grace) == std::future_status::ready) return;
  working.Close();
  if (stopped.wait_for(grace) != std::future_status::ready) CancelCalls();
}

// The C++ interface cancels only at the end of the time that Shutdown() was given.
void Serving::Impl::CancelCalls() { grpc_server_cancel_all_calls(server_->c_server()); }

void Serving::Impl::End() {
  working.Close();
  for (auto& queue : queues_) queue->Shutdown();
  for (std::thread& thread : threads_) thread.join();
}

ServingShared::ServingShared(const RpcEnvironment& e)
    : environment(e),
      connections([unit = &e.unit](const std::string& peer) { unit->logins().Forget(peer); }) {}

Serving::Serving(ServingShared& shared, const TlsChoice& tls)
    : impl_(std::make_unique<Impl>(shared, tls)) {}
Serving::~Serving() = default;
void Serving::Take(Tcp::socket socket, int listener) { impl_->Take(std::move(socket), listener); }
void Serving::StopTaking(std::chrono::system_clock::time_point until) { impl_->StopTaking(until); }
void Serving::Leave(std::chrono::seconds grace) { impl_->Leave(grace); }
void Serving::CancelCalls() { impl_->CancelCalls(); }
void Serving::End() { impl_->End(); }

}  // namespace gw::emulator
