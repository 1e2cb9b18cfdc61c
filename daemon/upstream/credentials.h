// Room: upstream. May include: core. May touch: certificate and key files. How channels prove who
// is who.
#pragma once

#include <memory>

#include "daemon/config/config.h"
#include "daemon/core/result.h"

namespace grpc {
class ChannelCredentials;
}

namespace gw {

struct TlsMaterial;

// Server-only TLS, mutual TLS, or none. The bearer token is not part of it: it travels per call.
//   errors  CKR_ARGUMENTS_BAD  a file cannot be read or used; the text names it
Result<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(const TlsConfig& tls);
// The same with TLS, from files read already.
std::shared_ptr<grpc::ChannelCredentials> MakeTlsCredentials(const TlsMaterial& material);

}  // namespace gw
