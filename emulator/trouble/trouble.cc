// Room: emulator/trouble.
#include "emulator/trouble/trouble.h"

namespace gw::emulator {

Nanoseconds Trouble::SampleLatency() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  if (!any_latency_.load(std::memory_order_relaxed)) return Nanoseconds(0);
  std::shared_ptr<const Latency> latency;
  {
    const MutexLock lock(mutex_);
    latency = latency_;
    if (latency->zero()) any_latency_.store(false, std::memory_order_relaxed);
  }
  return latency->Sample(random);
}

void Trouble::SetLatency(Latency latency) {
  const MutexLock lock(mutex_);
  latency_ = std::make_shared<const Latency>(latency);
  any_latency_.store(true, std::memory_order_relaxed);
}

std::optional<RpcFault> Trouble::TakeFault(std::string_view rpc) {
  if (!any_fault_.load(std::memory_order_relaxed)) return std::nullopt;
  const MutexLock lock(mutex_);
  for (auto at = faults_.begin(); at != faults_.end(); ++at) {
    if (at->rpc != "*" && at->rpc != rpc) continue;
    if (at->chance < 1 && !std::bernoulli_distribution(at->chance)(chances_)) continue;
    RpcFault taken = *at;
    if (at->remaining != RpcFault::kUntilCleared && --at->remaining == 0) faults_.erase(at);
    any_fault_.store(!faults_.empty(), std::memory_order_relaxed);
    return taken;
  }
  return std::nullopt;
}

void Trouble::AddFault(RpcFault fault) {
  const MutexLock lock(mutex_);
  faults_.push_back(std::move(fault));
  any_fault_.store(true, std::memory_order_relaxed);
}

void Trouble::Seed(std::uint64_t seed) {
  const MutexLock lock(mutex_);
  chances_.seed(seed);
}

void Trouble::ClearFaults() {
  const MutexLock lock(mutex_);
  faults_.clear();
  any_fault_.store(false, std::memory_order_relaxed);
}

void Trouble::SetIam(IamMode mode, Nanoseconds delay) {
  iam_delay_ns_.store(delay.count(), std::memory_order_relaxed);
  iam_.store(mode, std::memory_order_relaxed);
}

}  // namespace gw::emulator
