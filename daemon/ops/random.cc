// Room: ops.
#include "daemon/ops/random.h"

#include <algorithm>

namespace gw::ops {
namespace {

constexpr std::uint64_t kMostPerRequest = 1'000'000;  // wire sheet 10.1
constexpr std::uint64_t kReplyOverhead = 4096;

}  // namespace

Awaitable<Result<Bytes>> GenerateRandom(const CallScope& scope, std::uint64_t bytes) {
  if (bytes > scope.services.gateway().limits.max_frame_bytes - kReplyOverhead) {
    co_return CallerError(CKR_ARGUMENTS_BAD, "more random octets than one reply can carry");
  }
  Bytes random;
  if (bytes == 0) co_return random;
  GW_CO_TRY(call, co_await ForHsm(scope));
  random.reserve(bytes);
  while (random.size() < bytes) {
    const auto count = static_cast<std::uint32_t>(std::min(bytes - random.size(), kMostPerRequest));
    GW_CO_TRY(part, Noted(scope, co_await scope.token->hsm().GenerateRandom(call, count)));
    if (part.size() != count)
      co_return UpstreamError(CKR_DEVICE_ERROR, "the HSM gave another number of random octets");
    Append(random, part);
  }
  co_return random;
}

Status SeedRandom(const CallScope&, ByteView) {
  return CallerError(CKR_RANDOM_SEED_NOT_SUPPORTED, "the HSM's generator takes no seed");
}

}  // namespace gw::ops
