// Room: ops.
#include "daemon/ops/random.h"

#include <algorithm>

#include "daemon/localcrypto/digest.h"

namespace gw::ops {
namespace {

constexpr std::uint64_t kMostPerRequest = 1'000'000;  // wire sheet 10.1
constexpr std::uint64_t kReplyOverhead = 4096;
constexpr std::size_t kMostStirred = 4096;  // octets that one seed reaches

// Straight from the HSM, in as many requests as it takes.
Awaitable<Result<Bytes>> Fetch(const CallScope& scope, HsmCall call, std::uint64_t bytes) {
  Bytes random;
  random.reserve(bytes);
  while (random.size() < bytes) {
    const auto count = static_cast<std::uint32_t>(std::min(bytes - random.size(), kMostPerRequest));
    GW_CO_TRY(part, co_await scope.token->hsm().GenerateRandom(call, count));
    if (part.size() != count)
      co_return UpstreamError(CKR_DEVICE_ERROR, "the HSM gave another number of random octets");
    Append(random, part);
    Wipe(part);
  }
  co_return random;
}

}  // namespace

Awaitable<Result<Bytes>> GenerateRandom(const CallScope& scope, std::uint64_t bytes) {
  const GatewayConfig& gateway = scope.services.gateway();
  if (bytes > gateway.limits.max_frame_bytes - kReplyOverhead) {
    co_return CallerError(CKR_ARGUMENTS_BAD, "more random octets than one reply can carry");
  }
  if (bytes == 0) co_return Bytes();
  GW_CO_TRY(call, co_await ForHsm(scope));
  RandomPool& pool = scope.token->random();
  const std::size_t capacity = gateway.local.random_pool ? gateway.local.random_pool_bytes : 0;
  if (capacity == 0 && pool.level() != 0) pool.Clear();
  if (bytes > RandomPool::LargestOf(capacity)) {
    co_return Noted(scope, co_await Fetch(scope, std::move(call), bytes));
  }
  const RandomPool::Terms terms{capacity, gateway.times.call};
  co_return Noted(scope, co_await pool.Take(std::move(call), bytes, terms));
}

Status SeedRandom(const CallScope& scope, ByteView seed) {
  RandomPool& pool = scope.token->random();
  Bytes block = HashOf(Hash::kSha512, seed);
  for (std::size_t at = 0; at < std::min(pool.level(), kMostStirred); at += block.size()) {
    pool.Stir(at, block);
    Bytes next = HashOf(Hash::kSha512, block);
    Wipe(block);
    block = std::move(next);
  }
  Wipe(block);
  return Ok();
}

}  // namespace gw::ops
