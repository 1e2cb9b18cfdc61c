// Room: upstream.
#include "daemon/upstream/probe.h"

#include <memory>
#include <utility>

#include "daemon/rpc/channel.h"
#include "daemon/rpc/http2_session.h"
#include "daemon/upstream/endpoint.h"
#include "daemon/upstream/status_map.h"
#include "daemon/upstream/tls_files.h"

namespace gw {
namespace {

Result<TlsContextPtr> ContextOf(const TlsConfig& tls) {
  if (!tls.enabled) return TlsContextPtr();
  GW_TRY(material, LoadTlsMaterial(tls));
  return MakeTlsContext(material.pem());
}

bool WantsALogin(FailureClass what) {
  return what == FailureClass::kUnauthenticated || what == FailureClass::kForbidden;
}

}  // namespace

Awaitable<Status> ReachEndpoint(Silo& silo, EndpointConfig endpoint, TlsConfig tls,
                                Deadline deadline) {
  GW_CO_TRY(context, ContextOf(tls));
  const auto channel = std::make_shared<RpcChannel>(silo, TargetOf(endpoint, std::move(context)));
  const RpcInfo& rpc = InfoOf(RpcId::kGetMechanismList);
  UnaryRequest request;
  request.method = rpc.method;
  request.message = FrameOfSize(0);  // a request without a field set
  request.deadline = deadline.at;
  auto sending = SendUnary(*channel, std::move(request));
  const FinishedCall done = co_await std::move(sending);
  if (done->status.ok()) co_return Ok();
  Failure failure = FailureFrom(rpc, done->status);
  if (WantsALogin(failure.what)) co_return Ok();
  co_return std::move(failure.error);
}

}  // namespace gw
