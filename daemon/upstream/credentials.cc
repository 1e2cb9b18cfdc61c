// Room: upstream.
#include "daemon/upstream/credentials.h"

#include <grpcpp/security/credentials.h>

#include "daemon/core/bytes.h"
#include "daemon/upstream/tls_files.h"

namespace gw {

Result<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(const TlsConfig& tls) {
  if (!tls.enabled) return grpc::InsecureChannelCredentials();
  GW_TRY(material, LoadTlsMaterial(tls));
  return MakeTlsCredentials(material);
}

std::shared_ptr<grpc::ChannelCredentials> MakeTlsCredentials(const TlsMaterial& material) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = material.roots;
  options.pem_cert_chain = material.certificates;
  options.pem_private_key = std::string(material.key.text());
  auto credentials = grpc::SslCredentials(options);
  // gRPC keeps a copy of its own; ours need not stay behind.
  Wipe({reinterpret_cast<Byte*>(options.pem_private_key.data()), options.pem_private_key.size()});
  return credentials;
}

}  // namespace gw
