// Room: dispatch.
#include "daemon/dispatch/dispatcher.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>

#include "daemon/core/log.h"
#include "daemon/dispatch/attach.h"
#include "daemon/ops/offer.h"

namespace gw {
namespace {

constexpr std::uint16_t kRequestFlags = wire::kFlagRepeat | wire::kFlagInitAhead;

// Families stand in the order of OperationKind, which begins with kFind.
constexpr OperationKind KindOf(std::size_t family) {
  return static_cast<OperationKind>(family + 1);
}
static_assert(KindOf(0) == OperationKind::kEncrypt && KindOf(4) == OperationKind::kVerify);
static_assert(KindOf(5) == OperationKind::kSignRecover &&
              KindOf(6) == OperationKind::kVerifyRecover);
static_assert(wire::kOperationFamilies[0].init == wire::Function::C_EncryptInit &&
              wire::kOperationFamilies[3].init == wire::Function::C_SignInit);

constexpr wire::Function UpdateOf(const wire::OperationFamily& family) {
  return static_cast<wire::Function>(static_cast<std::uint16_t>(family.first) + 1);
}
static_assert(UpdateOf(wire::kOperationFamilies[0]) == wire::Function::C_EncryptUpdate &&
              UpdateOf(wire::kOperationFamilies[2]) == wire::Function::C_DigestUpdate &&
              UpdateOf(wire::kOperationFamilies[4]) == wire::Function::C_VerifyUpdate);

// The body of an Update function; those of ciphers have room for any output.
Bytes UpdateBody(OperationKind kind, wire::Octets input) {
  Bytes body;
  struct Appender {
    Bytes& octets;
    std::uint8_t* Extend(std::size_t bytes) {
      octets.resize(octets.size() + bytes);
      return octets.data() + octets.size() - bytes;
    }
  } appender{body};
  wire::Writer writer(appender);
  writer.Bytes(input);
  if (kind == OperationKind::kEncrypt || kind == OperationKind::kDecrypt)
    writer.U64(wire::kMaxBodyBytes);
  return body;
}

// The family that the function goes on with; kOperationFamilies' size if it is none.
std::size_t FamilyOf(std::uint16_t number) {
  const auto function = static_cast<wire::Function>(number);
  const auto* at = std::ranges::find_if(wire::kOperationFamilies, [&](const auto& family) {
    return function >= family.first && function <= family.last;
  });
  return static_cast<std::size_t>(at - std::ranges::begin(wire::kOperationFamilies));
}

// One line for each call: who called what, and what came of it (behaviour R350). Nothing of what
// was passed.
void LogCall(const Call& call, CK_RV rv, SteadyTime::duration took) {
  if (!log::Enabled(spdlog::level::debug)) return;
  log::Debug("{}: {} after {} us{}", Describe(call), NameOfRv(rv),
             std::chrono::duration_cast<std::chrono::microseconds>(took).count(),
             call.replayed ? ", answered before" : "");
}

std::optional<RequestId> RequestOf(const Application& application, const wire::Header& header) {
  if (wire::kFunctions[header.function].retry != wire::Retry::kOnce) return std::nullopt;
  return RequestId{application.id(), header.request};
}

}  // namespace

Dispatcher::Dispatcher(ops::Services& services, RecordKeeper& records,
                       boost::asio::any_io_executor executor, const Clock& clock)
    : services_(services),
      records_(records),
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
  if ((header.flags & ~kRequestFlags) != 0) co_return Refuse(attachment, header, "unknown flags");
  const SteadyTime begun = clock_.Now();
  Application& application = *attachment.application;
  Call call{.services = services_,
            .records = records_,
            .attachment = attachment,
            .header = header,
            .body = reader,
            .reply = ReplyWriter(reply),
            .scope = {.services = services_,
                      .application = attachment.application,
                      .deadline = DeadlineFor(*row),
                      .token = nullptr,
                      .session = nullptr,
                      .request = RequestOf(application, header)}};
  CK_RV rv = co_await Run(call, *row, reply);
  if (row->secrecy == Secrecy::kSecret) Wipe(body);
  if (call.malformed) co_return Refuse(attachment, header, "the body is not that of the function");
  if (!call.reply.ok()) {
    // Cannot be sent, so the application must not believe it has it.
    reply.Clear();
    rv = CKR_DEVICE_MEMORY;
  }
  const SteadyTime::duration took = clock_.Now() - begun;
  LogCall(call, rv, took);
  if (call.replayed) co_return Verdict::kReply;
  Finish(application, header, rv, reply);
  Count(header.function, rv, took);
  co_return Verdict::kReply;
}

// What the application has to keep travels with the answer that it belongs to.
void Dispatcher::Finish(Application& application, const wire::Header& header, CK_RV rv,
                        ReplyBuffer& reply) {
  std::uint16_t flags = 0;
  if (application.has_changes()) {
    WriteUpdates(reply, records_.TakeUpdates(application));
    flags = wire::kFlagRecords;
  }
  reply.Seal(header, rv, flags);
}

void Dispatcher::NotDelivered(const Attachment& attachment, const wire::Header& header,
                              const ReplyBuffer& reply) {
  const bool repeats = header.function < wire::kFunctionCount &&
                       wire::kFunctions[header.function].retry == wire::Retry::kOnce;
  if (attachment.application == nullptr || !repeats) return;
  attachment.application->KeepAnswer(header.request, CopyOf(reply.octets()));
}

// An object may be gone again by the time that its maker asks; then any handle of it will do.
ObjectHandle Dispatcher::HandleOfInserted(const Call& call, std::uint64_t number) const {
  for (const auto& [slot, token] : services_.tokens.all()) {
    const ObjectPtr object = token->objects().Find(number);
    if (object != nullptr) return call.scope.application->HandleOf(*object);
  }
  return MakeHandle({.kind = HandleKind::kTokenObject, .generation = 0, .number = number});
}

// True if the request was done before, and its first answer is now the reply.
bool Dispatcher::AnsweredBefore(Call& call, ReplyBuffer& reply, CK_RV& rv) const {
  if (!call.repeated() || !call.scope.request) return false;
  const Bytes undelivered = call.scope.application->TakeAnswer(call.header.request);
  if (!undelivered.empty()) {
    reply.Replay(undelivered);
    call.replayed = true;
    return true;
  }
  const FirstAnswer* first = services_.tokens.AnswerTo(*call.scope.request);
  if (first == nullptr || !first->whole) return false;
  for (std::uint64_t number : first->inserted)
    call.reply.U64(ToNumber(HandleOfInserted(call, number)));
  rv = CKR_OK;
  return true;
}

// A first try that stored a part of what it made and lost the rest with its daemon (a pair whose
// other half was a session object): that part goes, and the call is as new.
Awaitable<Status> Dispatcher::UndoHalf(Call& call) {
  const FirstAnswer* first = services_.tokens.AnswerTo(*call.scope.request);
  if (first == nullptr || first->whole) co_return Ok();
  co_return co_await call.scope.token->TakeBack(*call.scope.request);
}

Awaitable<CK_RV> Dispatcher::Run(Call& call, const OpRow& row, ReplyBuffer& reply) {
  if (row.needs == Needs::kSession) return RunInSession(call, row, reply);
  return RunAlone(call, row, reply);
}

Awaitable<CK_RV> Dispatcher::RunAlone(Call& call, const OpRow& row, ReplyBuffer& reply) {
  CK_RV rv = CKR_OK;
  if (AnsweredBefore(call, reply, rv)) co_return rv;
  if (!row.handler.waits) co_return row.handler.immediate(call);
  co_return co_await row.handler.waiting(call);
}

Awaitable<CK_RV> Dispatcher::RunInSession(Call& call, const OpRow& row, ReplyBuffer& reply) {
  SessionPtr session =
      call.scope.application->FindSession(SessionHandle{call.header.session_or_result});
  CK_RV rv = CKR_OK;
  // A repeat of the call that closed the session has its answer all the same.
  if (session == nullptr) {
    if (AnsweredBefore(call, reply, rv)) co_return rv;
    co_return CKR_SESSION_HANDLE_INVALID;
  }
  auto turn = session->order.free() ? session->order.EnterNow() : co_await session->order.Enter();
  if (AnsweredBefore(call, reply, rv)) co_return rv;
  // Closed while this call waited behind another thread's.
  if (session->closed) co_return CKR_SESSION_HANDLE_INVALID;
  // A reload may have taken the slot from its application.
  const auto token = ops::TokenOf(services_, *call.scope.application, session->slot);
  if (!token) {
    static_cast<void>(Failed(call, token.error()));
    co_return CKR_SESSION_HANDLE_INVALID;
  }
  call.scope.token = *token;
  call.scope.session = session;
  if ((call.header.flags & wire::kFlagInitAhead) != 0) {
    const Ahead ahead = ReadAhead(call);
    rv = BeginAhead(call, ahead);
    if (rv == CKR_MECHANISM_INVALID) {
      const bool asked = co_await OfferIsNew(call);
      if (asked) rv = BeginAhead(call, ahead);
    }
    if (rv != CKR_OK || call.malformed) co_return rv;
    if (ahead.fed.size != 0) rv = co_await FeedAhead(call, ahead, reply);
    if (rv != CKR_OK || call.malformed) co_return rv;
  }
  if (call.repeated() && call.scope.request) {
    const Status undone = co_await UndoHalf(call);
    if (!undone) co_return Failed(call, undone.error());
  }
  if (row.handler.waits) co_return co_await row.handler.waiting(call);
  const wire::Reader body = call.body;
  rv = row.handler.immediate(call);
  if (rv != CKR_MECHANISM_INVALID) co_return rv;
  const bool asked = co_await OfferIsNew(call);
  if (!asked) co_return rv;
  call.body = body;
  co_return row.handler.immediate(call);
}

// What an Init does not find may have come to the HSM meanwhile, or nobody has asked it yet. Begun
// anew, it has done nothing but look.
Awaitable<bool> Dispatcher::OfferIsNew(const Call& call) {
  co_return co_await ops::KeepOfferCurrent(services_, call.scope.application, *call.scope.token,
                                           call.scope.deadline);
}

// Takes what is ahead off the body.
Dispatcher::Ahead Dispatcher::ReadAhead(Call& call) {
  const Ahead ahead{FamilyOf(call.header.function), call.body.Bytes(), call.body.Bytes()};
  call.malformed = ahead.family == std::size(wire::kOperationFamilies) || !call.body.ok();
  if (!call.malformed && ahead.fed.size != 0)
    call.malformed = !wire::HasUpdates(wire::kOperationFamilies[ahead.family]);
  return ahead;
}

// Begins the operation that the function goes on with, in the place of one that may be there.
CK_RV Dispatcher::BeginAhead(Call& call, const Ahead& ahead) {
  if (call.malformed) return CKR_OK;
  call.scope.operations().End(KindOf(ahead.family));
  const wire::Reader rest =
      std::exchange(call.body, wire::Reader(ahead.init.data, ahead.init.size));
  const auto init = static_cast<std::uint16_t>(wire::kOperationFamilies[ahead.family].init);
  const CK_RV rv = FindOp(init)->handler.immediate(call);
  call.body = rest;
  return rv;
}

// The input that the operation has had, as one Update. Its output went to the application long ago.
Awaitable<CK_RV> Dispatcher::FeedAhead(Call& call, const Ahead& ahead, ReplyBuffer& reply) {
  const Bytes update = UpdateBody(KindOf(ahead.family), ahead.fed);
  const wire::Reader rest = std::exchange(call.body, wire::Reader(update.data(), update.size()));
  const wire::Function function = UpdateOf(wire::kOperationFamilies[ahead.family]);
  const CK_RV rv = co_await FindOp(static_cast<std::uint16_t>(function))->handler.waiting(call);
  reply.Clear();
  call.body = rest;
  co_return rv;
}

Deadline Dispatcher::DeadlineFor(const OpRow& row) const {
  const TimesConfig& times = services_.gateway().times;
  const auto patience =
      row.patience == Patience::kKeyGeneration ? times.key_generation : times.call;
  return Deadline{clock_.Now() + patience};
}

void Dispatcher::Count(std::uint16_t function, CK_RV rv, SteadyTime::duration took) {
  const FunctionMetrics& metrics = metrics_[function];
  metrics.seconds->Observe(std::chrono::duration<double>(took).count());
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

Result<ApplicationPtr> Dispatcher::ApplicationFor(const AttachRequest& request, const Peer& peer) {
  const LimitsConfig& limits = services_.gateway().limits;
  if (request.manner != wire::Manner::kJoin) MakeRoom();
  switch (request.manner) {
    case wire::Manner::kBegin:
      return records_.Begin(peer);
    case wire::Manner::kRestore:
      return records_.Restore(request.id(), request.records, peer, limits.sessions_per_application);
    case wire::Manner::kClone:
      return records_.Clone(request.id(), request.records, peer, limits.sessions_per_application);
    case wire::Manner::kJoin:
      break;
  }
  GW_TRY(application, services_.applications.Join(request.id(), peer));
  if (application->connections >= limits.connections_per_application) {
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
  if (!request.VersionFits() || request.ulong_bytes != sizeof(CK_ULONG)) {
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
  auto application = ApplicationFor(request, attachment.peer);
  if (!application) {
    log::Info("process {}: {}", attachment.peer.pid, Describe(application.error()));
    reply.Seal(header, application.error().rv);
    return Verdict::kReply;
  }
  attachment.application = *application;
  ++attachment.application->connections;
  if (request.manner != wire::Manner::kJoin) {
    attachment.application->profile = request.profile;
    unknown_profiles_.Tell(services_.gateway(), *attachment.application);
  }
  WriteAttached(attachment, header, request, reply);
  return Verdict::kReply;
}

void Dispatcher::WriteAttached(const Attachment& attachment, const wire::Header& header,
                               const AttachRequest& request, ReplyBuffer& reply) {
  Application& application = *attachment.application;
  const bool epoch = (request.features & wire::kFeatureEpochPage) != 0 &&
                     services_.gateway().local.remember_init &&
                     services_.tokens.epoch().descriptor() >= 0;
  if (epoch) reply.Pass(services_.tokens.epoch().descriptor());
  ReplyWriter writer(reply);
  writer.U16(std::min(request.version_max, wire::kVersionMax));
  writer.Bytes(application.id().data(), application.id().size());
  writer.U32(epoch ? wire::kFeatureEpochPage : 0);
  writer.U32(wire::kMaxBodyBytes);
  writer.U32(wire::kMaxAttributes);
  if (application.id() == request.id()) {
    reply.Seal(header, CKR_OK);
    return;
  }
  const std::vector<RecordUpdate> all = records_.TakeAll(application);
  log::Debug("application {} is process {} (uid {}, {}), with {} records", application.number(),
             attachment.peer.pid, attachment.peer.uid,
             attachment.peer.unit.empty() ? "no unit" : attachment.peer.unit.c_str(), all.size());
  WriteUpdates(reply, all);
  reply.Seal(header, CKR_OK, wire::kFlagRecords);
}

void Dispatcher::Detach(Attachment& attachment) {
  ApplicationPtr application = std::move(attachment.application);
  if (application == nullptr || --application->connections > 0) return;
  log::Debug("application {} has closed its last connection", application->number());
  if (closed_) return services_.applications.Remove(*application);
  boost::asio::co_spawn(executor_, FreeAfterGrace(std::move(application)), boost::asio::detached);
}

Awaitable<void> Dispatcher::FreeAfterGrace(ApplicationPtr application) {
  boost::asio::steady_timer timer(executor_, services_.gateway().times.application_grace);
  const auto place = absent_.insert(absent_.end(), {std::move(application), &timer});
  co_await timer.async_wait(kAwait);
  const ApplicationPtr waited_for = std::move(place->application);
  absent_.erase(place);
  if (waited_for != nullptr && waited_for->connections == 0) {
    services_.applications.Remove(*waited_for);
  }
}

void Dispatcher::MakeRoom() {
  ApplicationTable& applications = services_.applications;
  if (!applications.full()) return;
  const auto longest = std::ranges::find_if(absent_, [&](const Absent& absent) {
    return absent.application != nullptr && absent.application->connections == 0 &&
           applications.Has(*absent.application);
  });
  if (longest == absent_.end()) return;
  const ApplicationPtr application = std::move(longest->application);
  longest->timer->cancel();
  log::Debug("application {} makes room for another before its grace is over",
             application->number());
  applications.Remove(*application);
}

void Dispatcher::Close() {
  closed_ = true;
  for (const Absent& absent : absent_) absent.timer->cancel();
}

}  // namespace gw
