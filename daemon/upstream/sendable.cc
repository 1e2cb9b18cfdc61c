// Room: upstream.
#include "daemon/upstream/sendable.h"

#include "daemon/upstream/status_map.h"

namespace gw {

std::optional<Failure> FailureOf(Sendable& sendable, const UnaryCall& done) {
  if (done.cancelled) {
    return Failure{UpstreamError(CKR_DEVICE_ERROR, "the request was cancelled"),
                   FailureClass::kFinal};
  }
  if (done.status.ok()) {
    const auto trouble = sendable.Read(done);
    if (!trouble) return std::nullopt;
    return Failure{Garbage(sendable.rpc(), *trouble), FailureClass::kGarbled};
  }
  if (done.abandoned) {
    return Failure{UpstreamError(CKR_DEVICE_ERROR, std::string(sendable.rpc().name) +
                                                       ": the connection to the HSM fell silent"),
                   done.sent ? FailureClass::kUnreachable : FailureClass::kNotSent};
  }
  Failure failure = FailureFrom(sendable.rpc(), done.status);
  const bool may_have_run =
      failure.what == FailureClass::kTimedOut || failure.what == FailureClass::kUnreachable;
  if (may_have_run && !done.sent) failure.what = FailureClass::kNotSent;
  return failure;
}

}  // namespace gw
