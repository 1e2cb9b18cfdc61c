// Room: tests/support.
#include "tests/support/fake_hsm.h"

#include <google/protobuf/message.h>
#include <grep11_errors.pb.h>
#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <rpc_status.pb.h>

#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/tsan.h"

namespace gw::test {
namespace {

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return {};
  std::string bytes;
  for (const auto& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}

// Something in every field of octets.
std::string AnyAnswerTo(const std::string& method) {
  const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      "grep11." + method + "Response");
  if (type == nullptr) return {};
  const std::unique_ptr<google::protobuf::Message> out(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (field->type() != google::protobuf::FieldDescriptor::TYPE_BYTES || field->is_repeated()) {
      continue;
    }
    out->GetReflection()->SetString(out.get(), field, field->lowercase_name());
  }
  return out->SerializeAsString();
}

std::string AnswerTo(const std::string& method, const std::string& request) {
  if (method == "SignSingle") {
    grep11::SignSingleRequest in;
    in.ParseFromString(request);
    grep11::SignSingleResponse out;
    out.set_signature("signed:" + in.data());
    return out.SerializeAsString();
  }
  if (method == "GenerateRandom") {
    grep11::GenerateRandomRequest in;
    in.ParseFromString(request);
    grep11::GenerateRandomResponse out;
    out.set_rnd(std::string(in.len(), '\0'));
    return out.SerializeAsString();
  }
  if (method == "GetMechanismList") {
    grep11::GetMechanismListResponse out;
    out.add_mechs(1);
    out.add_mechs(0x1041);
    return out.SerializeAsString();
  }
  if (method == "GenerateKey") {
    grep11::GenerateKeyResponse out;
    out.set_keybytes("secret blob");
    out.set_checksum("sum");
    return out.SerializeAsString();
  }
  if (method == "GenerateKeyPair") {
    grep11::GenerateKeyPairResponse out;
    out.mutable_privkey()->add_keyblobs("private blob");  // generation 2 alone, no raw bytes
    out.set_pubkeybytes("public blob");
    return out.SerializeAsString();
  }
  return AnyAnswerTo(method);
}

}  // namespace

std::string Grep11Details(std::uint64_t rv, const std::string& text, bool retry) {
  grep11::Grep11Error error;
  error.set_code(rv);
  error.set_detail(text);
  error.set_retry(retry);
  gw::rpc::Status status;
  status.set_code(grpc::UNKNOWN);
  status.set_message(text);
  status.add_details()->PackFrom(error);
  return status.SerializeAsString();
}

struct FakeHsm::State {
  // One call; its address is the tag of the one operation that it has in the queue.
  struct Call {
    enum class Step { kArriving, kReading, kDelayed, kAnswering, kParked } step = Step::kArriving;
    grpc::GenericServerContext context;
    grpc::GenericServerAsyncReaderWriter stream{&context};
    grpc::ByteBuffer request;
    grpc::ByteBuffer reply;
    grpc::Alarm alarm;
  };

  explicit State(Options options_in) : options(std::move(options_in)) {}

  std::shared_ptr<grpc::ServerCredentials> Credentials() const;
  void Start();
  void Stop();
  void Run();
  // All below with the mutex held.
  void AwaitCall();
  void Handle(Call& call, bool ok);
  void OnRequest(Call& call);
  void Answer(Call& call);
  void Refuse(Call& call, const grpc::Status& status);
  std::optional<HsmFault> TakeFault(const std::string& method);
  static void* TagOf(Call& call) {
    TsanRelease(&call);
    return &call;
  }

  const Options options;
  int port = 0;
  mutable std::mutex mutex;
  std::deque<HsmFault> faults;
  std::string required_authorization, last_authorization;
  std::vector<std::string> correlations;
  std::map<std::string, std::uint64_t, std::less<>> counts;
  std::map<std::string, std::string, std::less<>> last;
  std::set<std::string> peers;
  std::map<Call*, std::unique_ptr<Call>> live;
  bool stopping = false;
  std::unique_ptr<grpc::AsyncGenericService> service;
  std::unique_ptr<grpc::ServerCompletionQueue> cq;
  std::unique_ptr<grpc::Server> server;
  std::thread thread;
};

std::shared_ptr<grpc::ServerCredentials> FakeHsm::State::Credentials() const {
  if (!options.server) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions tls(
      options.client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = options.client_ca;
  tls.pem_key_cert_pairs.push_back({options.server->key, options.server->certificate});
  return grpc::SslServerCredentials(tls);
}

void FakeHsm::State::Start() {
  stopping = false;
  service = std::make_unique<grpc::AsyncGenericService>();
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), Credentials(), &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterAsyncGenericService(service.get());
  cq = builder.AddCompletionQueue();
  server = builder.BuildAndStart();
  if (server == nullptr) std::abort();
  {
    const std::lock_guard lock(mutex);
    for (int i = 0; i < 64; ++i) AwaitCall();
  }
  thread = std::thread([this] { Run(); });
}

void FakeHsm::State::Stop() {
  {
    const std::lock_guard lock(mutex);
    if (stopping) return;
    stopping = true;
    for (auto place = live.begin(); place != live.end();) {
      const auto here = place++;
      if (here->first->step == Call::Step::kDelayed) here->first->alarm.Cancel();
      // A parked call has nothing in the queue, and the server waits for calls to go.
      if (here->first->step == Call::Step::kParked) live.erase(here);
    }
  }
  server->Shutdown(std::chrono::system_clock::now());
  cq->Shutdown();
  thread.join();
  live.clear();
  server.reset();
  cq.reset();
}

void FakeHsm::State::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (cq->Next(&tag, &ok)) {
    TsanAcquire(tag);
    const std::lock_guard lock(mutex);
    Handle(*static_cast<Call*>(tag), ok);
  }
}

void FakeHsm::State::AwaitCall() {
  auto owned = std::make_unique<Call>();
  Call& call = *owned;
  live.emplace(&call, std::move(owned));
  service->RequestCall(&call.context, &call.stream, cq.get(), cq.get(), TagOf(call));
}

void FakeHsm::State::Handle(Call& call, bool ok) {
  const bool over = call.step == Call::Step::kAnswering;
  if (stopping || over || (!ok && call.step != Call::Step::kDelayed)) {
    live.erase(&call);
    return;
  }
  if (call.step == Call::Step::kArriving) {
    AwaitCall();
    call.step = Call::Step::kReading;
    call.stream.Read(&call.request, TagOf(call));
  } else if (call.step == Call::Step::kReading) {
    OnRequest(call);
  } else {
    Answer(call);
  }
}

std::optional<HsmFault> FakeHsm::State::TakeFault(const std::string& method) {
  for (auto place = faults.begin(); place != faults.end(); ++place) {
    if (!place->method.empty() && place->method != method) continue;
    HsmFault fault = std::move(*place);
    faults.erase(place);
    return fault;
  }
  return std::nullopt;
}

void FakeHsm::State::OnRequest(Call& call) {
  const std::string path = call.context.method();
  const std::string method = path.substr(path.rfind('/') + 1);
  const std::string request = BytesOf(call.request);
  ++counts[method];
  last[method] = request;
  peers.insert(call.context.peer());
  const auto name = call.context.client_metadata().find("correlation-id");
  correlations.emplace_back();
  if (name != call.context.client_metadata().end())
    correlations.back().assign(name->second.data(), name->second.size());
  const auto header = call.context.client_metadata().find("authorization");
  const bool sent = header != call.context.client_metadata().end();
  last_authorization = sent ? std::string(header->second.data(), header->second.size()) : "";
  if (!required_authorization.empty() && last_authorization != required_authorization) {
    return Refuse(call, {grpc::UNAUTHENTICATED, "token not accepted"});
  }
  call.reply = BufferOf(AnswerTo(method, request));
  const auto fault = TakeFault(method);
  if (!fault || fault->kind == HsmFault::Kind::kPass) return Answer(call);
  switch (fault->kind) {
    case HsmFault::Kind::kPass:
      break;
    case HsmFault::Kind::kDelay:
      call.step = Call::Step::kDelayed;
      call.alarm.Set(cq.get(), std::chrono::system_clock::now() + fault->delay, TagOf(call));
      break;
    case HsmFault::Kind::kStatus:
      return Refuse(call,
                    {static_cast<grpc::StatusCode>(fault->code), fault->message, fault->details});
    case HsmFault::Kind::kGarbage:
      call.reply = BufferOf("\x0f\xff\xff\xff");
      return Answer(call);
    case HsmFault::Kind::kEmpty:
      call.reply = BufferOf("");
      return Answer(call);
    case HsmFault::Kind::kHuge:
      call.reply = BufferOf(std::string(66u << 20, '\0'));
      return Answer(call);
    case HsmFault::Kind::kDrop:
      call.step = Call::Step::kParked;
      break;
  }
}

void FakeHsm::State::Answer(Call& call) {
  call.step = Call::Step::kAnswering;
  call.stream.WriteAndFinish(call.reply, grpc::WriteOptions(), grpc::Status::OK, TagOf(call));
}

void FakeHsm::State::Refuse(Call& call, const grpc::Status& status) {
  call.step = Call::Step::kAnswering;
  call.stream.Finish(status, TagOf(call));
}

FakeHsm::FakeHsm(Options options) : state_(std::make_unique<State>(std::move(options))) {
  state_->Start();
}
FakeHsm::~FakeHsm() { state_->Stop(); }

std::uint16_t FakeHsm::port() const { return static_cast<std::uint16_t>(state_->port); }
void FakeHsm::Stop() { state_->Stop(); }
void FakeHsm::Start() { state_->Start(); }

void FakeHsm::Push(HsmFault fault) {
  const std::lock_guard lock(state_->mutex);
  state_->faults.push_back(std::move(fault));
}
void FakeHsm::ClearFaults() {
  const std::lock_guard lock(state_->mutex);
  state_->faults.clear();
}
void FakeHsm::RequireAuthorization(std::string value) {
  const std::lock_guard lock(state_->mutex);
  state_->required_authorization = std::move(value);
}
std::uint64_t FakeHsm::calls(std::string_view method) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->counts.find(method);
  return found == state_->counts.end() ? 0 : found->second;
}
std::uint64_t FakeHsm::all_calls() const {
  const std::lock_guard lock(state_->mutex);
  std::uint64_t sum = 0;
  for (const auto& [method, count] : state_->counts) sum += count;
  return sum;
}
std::string FakeHsm::last_request(std::string_view method) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->last.find(method);
  return found == state_->last.end() ? std::string() : found->second;
}
std::vector<std::string> FakeHsm::correlations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->correlations;
}

std::string FakeHsm::last_authorization() const {
  const std::lock_guard lock(state_->mutex);
  return state_->last_authorization;
}
std::size_t FakeHsm::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->peers.size();
}

}  // namespace gw::test
