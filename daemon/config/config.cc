// Room: config.
#include "daemon/config/config.h"

namespace gw {

std::string SealKeyPath(const GatewayConfig& config) {
  if (!config.seal_key.empty()) return config.seal_key;
  const bool abstract = config.socket.starts_with('@');
  const auto slash = config.socket.rfind('/');
  if (abstract) return config.state_directory + "/seal.key";
  if (slash == std::string::npos) return "./seal.key";
  return config.socket.substr(0, slash) + "/seal.key";
}

}  // namespace gw
