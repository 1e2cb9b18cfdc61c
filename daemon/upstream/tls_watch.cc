// Room: upstream.
#include "daemon/upstream/tls_watch.h"

#include <sys/stat.h>

#include <utility>

#include "daemon/core/log.h"

namespace gw {

TlsWatch::TlsWatch(TlsConfig tls)
    : tls_(std::move(tls)),
      paths_{tls_.ca_file.empty() ? SystemRootsFile() : tls_.ca_file,
             tls_.mutual ? tls_.cert_file : std::string(),
             tls_.mutual ? tls_.key_file : std::string()},
      known_(Now()),
      seen_(known_) {}

TlsWatch::Stamp TlsWatch::StampOf(const std::string& path) {
  struct stat info {};
  if (path.empty() || stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size,
          std::int64_t{info.st_ctim.tv_sec} * 1'000'000'000 + info.st_ctim.tv_nsec};
}

TlsWatch::Stamps TlsWatch::Now() const {
  return {StampOf(paths_[0]), StampOf(paths_[1]), StampOf(paths_[2])};
}

std::optional<TlsMaterial> TlsWatch::Look() {
  const Stamps now = Now();
  const bool settled = now == std::exchange(seen_, now);
  if (now == known_ || !settled) return std::nullopt;
  known_ = now;
  auto material = LoadTlsMaterial(tls_);
  if (material) return std::move(*material);
  log::Error(
      "the TLS files have changed and cannot be used: {}; connections go on with what was read "
      "before (put the file right: it is read again without a restart)",
      material.error().detail);
  return std::nullopt;
}

}  // namespace gw
