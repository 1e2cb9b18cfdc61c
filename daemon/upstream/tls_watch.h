// Room: upstream. May include: core, config. May touch: certificate and key files. Whether they
// have changed on disk.
#pragma once

#include <sys/types.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "daemon/config/config.h"
#include "daemon/upstream/tls_files.h"

namespace gw {

// The files of one TlsConfig, looked at from time to time: a few stat() calls unless something has
// changed. Files are read when they have been the same for two looks, since certificate and key
// are seldom written in one stroke. Not thread-safe.
class TlsWatch {
 public:
  // The files as they are now count as known.
  explicit TlsWatch(TlsConfig tls);

  // What the files hold, if that is new and can be used. What cannot be used is logged once, with
  // what to do about it; the caller goes on with what it has.
  std::optional<TlsMaterial> Look();

 private:
  // What stat() says of a file; all zero: there is none.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::array<Stamp, 3>;
  static Stamp StampOf(const std::string& path);
  Stamps Now() const;

  const TlsConfig tls_;
  const std::array<std::string, 3> paths_;
  Stamps known_;  // read, or found to be unusable
  Stamps seen_;   // at the last look
};

}  // namespace gw
