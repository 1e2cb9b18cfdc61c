// Room: dispatch.
#include "daemon/dispatch/dispatcher.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstring>

#include "daemon/core/log.h"
#include "daemon/localcrypto/random.h"

namespace gw {
namespace {

constexpr std::size_t kLeastRecordBytes = 4 + 4;

struct AttachRequest {
  std::uint16_t version_min = 0;
  std::uint16_t version_max = 0;
  std::string_view shim_version;
  std::uint8_t ulong_bytes = 0;
  std::uint32_t features = 0;
  ByteView application;
};

// False: the frame is not an Attach of the protocol.
bool ReadAttach(wire::Reader& body, AttachRequest& request) {
  if (body.U32() != wire::kAttachMagic) return false;
  request.version_min = body.U16();
  request.version_max = body.U16();
  request.shim_version = TextOf(ReadBytes(body));
  request.ulong_bytes = body.U8();
  request.features = body.U32();
  request.application = ReadBytes(body);
  const std::uint8_t clone = body.U8();
  const std::uint32_t records = body.Count(wire::kMaxRecords, kLeastRecordBytes);
  // Records and clones are features that this version does not grant, so a shim that honours the
  // grant sends none.
  const bool id_fits =
      request.application.empty() || request.application.size() == wire::kApplicationIdBytes;
  return body.AtEnd() && id_fits && clone == 0 && records == 0;
}

bool VersionFits(const AttachRequest& request) {
  return request.version_min <= wire::kVersionMax && request.version_max >= wire::kVersionMin &&
         request.version_min <= request.version_max;
}

// A random start, so that a handle that outlived its application does not name a session of the
// next one.
std::uint64_t RandomSessionStart() {
  std::uint32_t random = 0;
  Byte bytes[sizeof random];
  RandomBytes(bytes);
  std::memcpy(&random, bytes, sizeof random);
  return (std::uint64_t{random} << 16) + 1;
}

Awaitable<void> FreeAfterGrace(ApplicationTable& applications, ApplicationPtr application,
                               std::chrono::milliseconds grace) {
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, grace);
  co_await timer.async_wait(kAwait);
  if (application->connections == 0) applications.Remove(*application);
}

}  // namespace

Dispatcher::Dispatcher(ops::Services& services, boost::asio::any_io_executor executor,
                       const Clock& clock)
    : services_(services),
      executor_(std::move(executor)),
      clock_(clock),
      calls_(metrics::CounterFamily("grep11_calls_total", "C_ calls by function and result")) {
  auto& seconds =
      metrics::HistogramFamily("grep11_call_seconds", "Time of a C_ call in the daemon");
  for (const wire::FunctionRow& row : wire::kFunctions) {
    if (row.carried != wire::Carried::kCarried) continue;
    metrics_[row.number].ok = &calls_.Add({{"function", row.name}, {"result", "CKR_OK"}});
    metrics_[row.number].seconds =
        &seconds.Add({{"function", row.name}}, metrics::LatencyBuckets());
  }
}

Awaitable<Dispatcher::Verdict> Dispatcher::Answer(Attachment& attachment, wire::Header header,
                                                  std::span<Byte> body, ReplyBuffer& reply) {
  wire::Reader reader(body.data(), body.size());
  if (header.function == static_cast<std::uint16_t>(wire::Function::kAttach)) {
    co_return Attach(attachment, header, reader, reply);
  }
  const OpRow* row = FindOp(header.function);
  if (row == nullptr) co_return Refuse(attachment, header, "function number is not carried");
  if (attachment.application == nullptr)
    co_return Refuse(attachment, header, "the first frame is not Attach");
  const SteadyTime begun = clock_.Now();
  Call call{.services = services_,
            .attachment = attachment,
            .header = header,
            .body = reader,
            .reply = ReplyWriter(reply),
            .scope = {.services = services_,
                      .application = attachment.application,
                      .deadline = DeadlineFor(*row),
                      .token = nullptr,
                      .session = nullptr}};
  CK_RV rv = co_await Run(call, *row);
  if (row->secrecy == Secrecy::kSecret) Wipe(body);
  if (call.malformed) co_return Refuse(attachment, header, "the body is not that of the function");
  if (!call.reply.ok()) {
    // Cannot be sent, so the application must not believe it has it.
    reply.Clear();
    rv = CKR_DEVICE_MEMORY;
  }
  reply.Seal(header, rv);
  Count(header.function, rv, begun);
  co_return Verdict::kReply;
}

Awaitable<CK_RV> Dispatcher::Run(Call& call, const OpRow& row) {
  if (row.needs == Needs::kNothing) return row.handler(call);
  return RunInSession(call, row);
}

Awaitable<CK_RV> Dispatcher::RunInSession(Call& call, const OpRow& row) {
  SessionPtr session =
      call.scope.application->FindSession(SessionHandle{call.header.session_or_result});
  if (session == nullptr) co_return CKR_SESSION_HANDLE_INVALID;
  auto turn = session->order.free() ? session->order.EnterNow() : co_await session->order.Enter();
  // Closed while this call waited behind another thread's.
  if (session->closed) co_return CKR_SESSION_HANDLE_INVALID;
  call.scope.token = services_.tokens.Find(session->slot);
  call.scope.session = session;
  co_return co_await row.handler(call);
}

Deadline Dispatcher::DeadlineFor(const OpRow& row) const {
  const TimesConfig& times = services_.gateway().times;
  const auto patience =
      row.patience == Patience::kKeyGeneration ? times.key_generation : times.call;
  return Deadline{clock_.Now() + patience};
}

void Dispatcher::Count(std::uint16_t function, CK_RV rv, SteadyTime begun) {
  const FunctionMetrics& metrics = metrics_[function];
  const std::chrono::duration<double> seconds = clock_.Now() - begun;
  metrics.seconds->Observe(seconds.count());
  if (rv == CKR_OK) {
    metrics.ok->Increment();
    return;
  }
  calls_.Add({{"function", wire::kFunctions[function].name}, {"result", std::string(NameOfRv(rv))}})
      .Increment();
}

Dispatcher::Verdict Dispatcher::Refuse(const Attachment& attachment, const wire::Header& header,
                                       std::string_view why) {
  log::Warn("connection of process {} (uid {}) closed: {} (function {}, {} octets)",
            attachment.peer.pid, attachment.peer.uid, why, header.function, header.body_bytes);
  return Verdict::kClose;
}

Result<ApplicationPtr> Dispatcher::ApplicationFor(const Attachment& attachment, ByteView id) {
  ApplicationId application_id;
  if (id.empty()) {
    RandomBytes(application_id);
    return services_.applications.Create(application_id, attachment.peer, RandomSessionStart());
  }
  std::ranges::copy(id, application_id.begin());
  GW_TRY(application, services_.applications.Find(application_id, attachment.peer));
  if (application->connections >= services_.gateway().limits.connections_per_application) {
    return StateError(CKR_HOST_MEMORY, "gateway.limits.connections_per_application reached");
  }
  return application;
}

Dispatcher::Verdict Dispatcher::Attach(Attachment& attachment, const wire::Header& header,
                                       wire::Reader body, ReplyBuffer& reply) {
  AttachRequest request;
  if (attachment.application != nullptr) return Refuse(attachment, header, "a second Attach");
  if (!ReadAttach(body, request))
    return Refuse(attachment, header, "Attach is not that of the protocol");
  if (!VersionFits(request) || request.ulong_bytes != sizeof(CK_ULONG)) {
    log::Error(
        "process {}: shim {} speaks protocol {} to {} with {}-octet CK_ULONG, this daemon speaks "
        "{} to {} with "
        "{}; install shim and daemon of the same release",
        attachment.peer.pid, request.shim_version.substr(0, 64), request.version_min,
        request.version_max, request.ulong_bytes, wire::kVersionMin, wire::kVersionMax,
        sizeof(CK_ULONG));
    reply.Seal(header, CKR_DEVICE_ERROR);
    return Verdict::kReply;
  }
  auto application = ApplicationFor(attachment, request.application);
  if (!application) {
    log::Info("process {}: {}", attachment.peer.pid, Describe(application.error()));
    reply.Seal(header, application.error().rv);
    return Verdict::kReply;
  }
  attachment.application = *application;
  if (++attachment.application->connections == 1) {
    log::Debug("application {} is process {} (uid {}, {})", attachment.application->number(),
               attachment.peer.pid, attachment.peer.uid,
               attachment.peer.unit.empty() ? "no unit" : attachment.peer.unit.c_str());
  }
  ReplyWriter writer(reply);
  writer.U16(std::min(request.version_max, wire::kVersionMax));
  writer.Bytes(attachment.application->id().data(), attachment.application->id().size());
  writer.U32(0);  // features granted
  writer.U32(wire::kMaxBodyBytes);
  writer.U32(wire::kMaxAttributes);
  reply.Seal(header, CKR_OK);
  return Verdict::kReply;
}

void Dispatcher::Detach(Attachment& attachment) {
  ApplicationPtr application = std::move(attachment.application);
  if (application == nullptr || --application->connections > 0) return;
  log::Debug("application {} has closed its last connection", application->number());
  boost::asio::co_spawn(executor_,
                        FreeAfterGrace(services_.applications, std::move(application),
                                       services_.gateway().times.application_grace),
                        boost::asio::detached);
}

}  // namespace gw
