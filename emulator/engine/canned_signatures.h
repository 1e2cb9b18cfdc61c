// Room: emulator/engine. --canned-signatures: each signature is made once and then given again, so
// that a measurement on few cores shows the client and not this process's crypto.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <tuple>

#include "daemon/core/result.h"
#include "daemon/core/thread_annotations.h"
#include "emulator/blob/key_cache.h"
#include "emulator/mechanism.h"

namespace gw::emulator {

// What is given again is a true signature of the first input of its length, by this key under this
// mechanism and its parameters; over any other input it does not verify. Errors are never kept.
// Threads: any.
class CannedSignatures {
 public:
  static constexpr std::size_t kMost = 4096;  // forgets all beyond: key caches are no larger

  // `given` counts the signatures that were given again; it outlives this.
  explicit CannedSignatures(std::atomic<std::uint64_t>& given) : given_(given) {}

  // `sign` makes the first one.
  Result<Bytes> Of(const KeyPtr& key, const Mechanism& mechanism, std::size_t input_bytes,
                   const std::function<Result<Bytes>()>& sign);

 private:
  // Key, mechanism, hash and salt of PSS, type of Schnorr, octets of input.
  using Which = std::tuple<const Key*, CK_MECHANISM_TYPE, CK_MECHANISM_TYPE, std::uint64_t,
                           std::uint64_t, std::size_t>;
  struct Kept {
    KeyPtr key;  // keeps the address in Which from being another key's
    Bytes signature;
  };

  std::atomic<std::uint64_t>& given_;
  Mutex mutex_;
  std::map<Which, Kept> kept_ GW_GUARDED_BY(mutex_);
};

}  // namespace gw::emulator
