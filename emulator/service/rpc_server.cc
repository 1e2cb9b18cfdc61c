// Room: emulator/service.
// Calls are untyped here: 40 raw methods from one table, octets in and octets out. A queue thread
// takes a call, does the work and finishes it; a modelled latency only postpones the finishing, so
// waiting costs no thread.
#include "emulator/service/rpc_server.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <thread>
#include <vector>

#include "daemon/core/async.h"
#include "daemon/core/log.h"
#include "emulator/control/counters.h"
#include "emulator/service/admission.h"
#include "emulator/service/grpc_status.h"
#include "emulator/service/names.h"
#include "emulator/service/rpc_table.h"
#include "emulator/service/tag_fence.h"
#include "emulator/trouble/delay_line.h"

namespace gw::emulator {
namespace {

using Tcp = boost::asio::ip::tcp;

constexpr int kMaxMessageBytes = 64 * 1024 * 1024;
constexpr std::size_t kHeavyThreads = 2;
// Calls of each RPC that a queue is ready to take at any instant.
constexpr int kAcceptDepth = 8;
constexpr std::chrono::seconds kStopGrace(2);

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

// Asking gRPC for another call after its queue was shut down is fatal, so everybody who asks passes
// here. One atomic word.
class AskGate {
 public:
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

// What all calls of one server share.
struct Shared {
  explicit Shared(const RpcEnvironment& e) : environment(e) {}

  RpcEnvironment environment;
  AskGate gate;
  RawService service;
  DelayLine delay_line;
  boost::asio::thread_pool heavy{kHeavyThreads};
};

// One call, from waiting for it to the end of its reply. Owns itself: freed when its last event
// came.
class Call {
 public:
  static void Await(Shared& shared, std::size_t rpc, grpc::ServerCompletionQueue& queue) {
    if (!shared.gate.Enter()) return;
    auto* call = new Call(shared, rpc, queue);
    TagRelease(call);
    shared.service.Request(rpc, &call->context_, &call->request_, &call->writer_, &queue, call);
    shared.gate.Leave();
  }

  // `ok` false: the server stops, or the reply could not be sent.
  void OnEvent(bool ok) {
    if (!ok || finished_) {
      delete this;
      return;
    }
    Await(shared_, rpc_, queue_);
    arrived_ = std::chrono::steady_clock::now();
    if (RpcTable()[rpc_].heavy) {
      boost::asio::post(shared_.heavy, [this] { Answer(); });
    } else {
      Answer();
    }
  }

 private:
  Call(Shared& shared, std::size_t rpc, grpc::ServerCompletionQueue& queue)
      : shared_(shared), rpc_(rpc), queue_(queue), writer_(&context_) {}

  std::string_view Authorization() const {
    const auto& metadata = context_.client_metadata();
    const auto at = metadata.find("authorization");
    return at == metadata.end() ? std::string_view()
                                : std::string_view(at->second.data(), at->second.size());
  }

  void Answer() {
    const RpcRow& row = RpcTable()[rpc_];
    if (auto refusal = shared_.environment.admission.Refuse(row, Authorization())) {
      shared_.environment.counters.CountFailure(rpc_, refusal->counted_as);
      status_ = std::move(refusal->status);
      Finish();
      return;
    }
    Work(row);
    const Nanoseconds latency = shared_.environment.trouble.SampleLatency();
    if (latency == Nanoseconds::zero()) {
      Finish();
    } else {
      shared_.delay_line.At(arrived_ + latency, [this] { Finish(); });
    }
  }

  void Work(const RpcRow& row) {
    const Status result = row.handler(shared_.environment.card, request_, response_);
    if (result.ok()) {
      shared_.environment.counters.CountSuccess(rpc_);
      return;
    }
    if (result.error().kind == ErrorKind::kInternal) log::Error("{}", Describe(result.error()));
    shared_.environment.counters.CountFailure(rpc_, NameOfRv(result.error().rv));
    status_ = ToGrpc(result.error());
  }

  void Finish() {
    finished_ = true;
    TagRelease(this);
    if (status_.ok()) {
      writer_.Finish(response_, status_, this);
    } else {
      writer_.FinishWithError(status_, this);
    }
  }

  Shared& shared_;
  const std::size_t rpc_;
  grpc::ServerCompletionQueue& queue_;
  grpc::ServerContext context_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
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

class RpcServer::Impl {
 public:
  explicit Impl(const RpcEnvironment& environment) : shared_(environment) {}
  ~Impl() { Stop(); }

  Result<std::uint16_t> Start(boost::asio::io_context& loop, const std::string& address,
                              std::uint16_t port, const TlsMaterial* tls) {
    acceptor_ = std::make_unique<Tcp::acceptor>(loop);
    boost::system::error_code error;
    const Tcp::endpoint endpoint(boost::asio::ip::make_address(address, error), port);
    if (!error) acceptor_->open(endpoint.protocol(), error);
    if (!error) acceptor_->set_option(boost::asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) {
      return CallerError(CKR_ARGUMENTS_BAD, "cannot listen on " + address + ":" +
                                                std::to_string(port) + ": " + error.message());
    }
    StartServer(tls);
    boost::asio::co_spawn(loop, Accept(), boost::asio::detached);
    return acceptor_->local_endpoint().port();
  }

  // The order matters: no new calls, then the running ones end, then their queues, then the
  // threads.
  void Stop() {
    if (server_ == nullptr) return;
    shared_.gate.Close();
    server_->Shutdown(std::chrono::system_clock::now() + kStopGrace);
    shared_.heavy.join();
    shared_.delay_line.Stop();
    for (auto& queue : queues_) queue->Shutdown();
    for (std::thread& thread : threads_) thread.join();
    server_.reset();
  }

 private:
  void StartServer(const TlsMaterial* tls) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&shared_.service);
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.SetMaxSendMessageSize(-1);
    // Clients keep idle channels alive with pings; the service allows that.
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1000);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    connections_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        CredentialsOf(tls));
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    for (std::size_t i = 0; i < cores; ++i) queues_.push_back(builder.AddCompletionQueue());
    server_ = builder.BuildAndStart();
    for (auto& queue : queues_) {
      for (std::size_t rpc = 0; rpc < RpcTable().size(); ++rpc) {
        for (int i = 0; i < kAcceptDepth; ++i) Call::Await(shared_, rpc, *queue);
      }
      threads_.emplace_back([&queue] { Drain(*queue); });
    }
  }

  Awaitable<void> Accept() {
    while (true) {
      auto [error, socket] = co_await acceptor_->async_accept(kAwait);
      if (error == boost::asio::error::operation_aborted) co_return;
      if (error) {
        log::Warn("accept: {}", error.message());
        boost::asio::steady_timer pause(acceptor_->get_executor(), std::chrono::milliseconds(100));
        co_await pause.async_wait(kAwait);  // out of descriptors: do not spin
        continue;
      }
      Hand(std::move(socket));
    }
  }

  // gRPC owns the descriptor from here on.
  void Hand(Tcp::socket socket) {
    boost::system::error_code ignored;
    socket.set_option(Tcp::no_delay(true), ignored);
    socket.native_non_blocking(true, ignored);
    environment().counters.CountConnection();
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.fd = socket.release(ignored);
    parameters.listener_fd = acceptor_->native_handle();
    connections_->HandleNewConnection(&parameters);
  }

  RpcEnvironment& environment() { return shared_.environment; }

  Shared shared_;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues_;
  std::vector<std::thread> threads_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Tcp::acceptor> acceptor_;
};

RpcServer::RpcServer(const RpcEnvironment& environment)
    : impl_(std::make_unique<Impl>(environment)) {}
RpcServer::~RpcServer() = default;

Result<std::uint16_t> RpcServer::Start(boost::asio::io_context& loop, const std::string& address,
                                       std::uint16_t port, const TlsMaterial* tls) {
  return impl_->Start(loop, address, port, tls);
}

void RpcServer::Stop() { impl_->Stop(); }

}  // namespace gw::emulator
