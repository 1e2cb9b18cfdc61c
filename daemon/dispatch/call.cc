// Room: dispatch.
#include "daemon/dispatch/call.h"

#include "daemon/core/log.h"

namespace gw {

namespace {

log::Level LevelOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kCaller:
    case ErrorKind::kState:
      return spdlog::level::debug;
    case ErrorKind::kUpstream:
      return spdlog::level::warn;
    case ErrorKind::kInternal:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

CK_RV Failed(const Call& call, const Error& error) {
  const log::Level level = LevelOf(error.kind);
  if (!log::Enabled(level)) return error.rv;
  const Application& application = *call.scope.application;
  log::At(level, "{} of application {} (pid {}, uid {}): {}",
          wire::kFunctions[call.header.function].name, application.number(), application.peer().pid,
          application.peer().uid, Describe(error));
  return error.rv;
}

CK_RV Done(const Call& call, const Status& status) {
  return status ? CKR_OK : Failed(call, status.error());
}

CK_RV Made(Call& call, const Result<ObjectHandle>& handle) {
  if (!handle) return Failed(call, handle.error());
  call.reply.U64(ToNumber(*handle));
  return CKR_OK;
}

CK_RV Deliver(Call& call, const Result<ops::Output>& output, ops::Capacity capacity) {
  if (!output) return Failed(call, output.error());
  WriteOutput(call.reply, *output);
  return output->rv(capacity);
}

}  // namespace gw
