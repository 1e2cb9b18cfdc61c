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

std::string_view TextOf(UserState user) {
  switch (user) {
    case UserState::kAnonymous:
      return "anonymous user";
    case UserState::kNormal:
      return "normal user";
    case UserState::kSecurityOfficer:
      return "SO";
  }
  return "";
}

// What the application gets. That it is not logged in would mislead one that is: what it lacks is a
// right in IAM (behaviour R320).
CK_RV RvFor(const Call& call, const Error& error) {
  const bool lacks_right = error.kind == ErrorKind::kUpstream && error.rv == CKR_USER_NOT_LOGGED_IN;
  if (!lacks_right || call.scope.session == nullptr) return error.rv;
  return call.scope.login().user == UserState::kAnonymous ? error.rv : CKR_DEVICE_ERROR;
}

}  // namespace

std::string Describe(const Call& call) {
  const Application& application = *call.scope.application;
  std::string text = std::string(wire::kFunctions[call.header.function].name) + " of application " +
                     std::to_string(application.number()) + " (pid " +
                     std::to_string(application.peer().pid) + ", uid " +
                     std::to_string(application.peer().uid);
  if (call.scope.session != nullptr && call.scope.token != nullptr) {
    text += ", slot " + std::to_string(ToNumber(call.scope.token->slot())) + ", session " +
            std::to_string(ToNumber(call.scope.session->handle)) + ", " +
            std::string(TextOf(call.scope.login().user));
  }
  return text + ")";
}

CK_RV Failed(const Call& call, const Error& error) {
  const log::Level level = LevelOf(error.kind);
  if (log::Enabled(level)) log::At(level, "{}: {}", Describe(call), Describe(error));
  return RvFor(call, error);
}

AttributeList ReadTemplate(Call& call) {
  std::vector<CK_ATTRIBUTE_TYPE> repeated;
  AttributeList given = ReadAttributes(call.body, &repeated);
  for (const CK_ATTRIBUTE_TYPE type : repeated) {
    if (type != CKA_TOKEN && type != CKA_PRIVATE) continue;
    log::Warn("{}: the template gives {} two values; the last one counts", Describe(call),
              type == CKA_TOKEN ? "CKA_TOKEN" : "CKA_PRIVATE");
  }
  return given;
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
