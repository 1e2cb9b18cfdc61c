// Room: emulator/trouble.
#include "emulator/trouble/trouble.h"

namespace gw::emulator {

Trouble::Trouble(Latency latency, std::size_t units, double rate_per_s, double burst)
    : rate_(units, rate_per_s, burst) {
  const MutexLock lock(mutex_);
  Publish({latency, {}});
}

Nanoseconds Trouble::SampleLatency(std::string_view rpc) {
  if (!any_latency_.load(std::memory_order_relaxed)) return Nanoseconds(0);
  thread_local std::mt19937_64 random{std::random_device{}()};
  thread_local Seen seen;
  if (seen.version != latency_version_.load(std::memory_order_acquire)) {
    const MutexLock lock(mutex_);
    seen = {latency_version_.load(std::memory_order_relaxed), latencies_};
  }
  const auto own = seen.latencies->own.find(rpc);
  return (own == seen.latencies->own.end() ? seen.latencies->others : own->second).Sample(random);
}

void Trouble::SetLatency(Latency latency) {
  const MutexLock lock(mutex_);
  Publish({latency, latencies_->own});
}

void Trouble::SetLatency(const std::string& rpc, std::optional<Latency> latency) {
  const MutexLock lock(mutex_);
  Latencies changed = *latencies_;
  changed.own.erase(rpc);
  if (latency) changed.own.emplace(rpc, *latency);
  Publish(std::move(changed));
}

void Trouble::Publish(Latencies latencies) {
  static std::atomic<std::uint64_t> versions{0};
  any_latency_.store(!latencies.others.zero() || !latencies.own.empty(), std::memory_order_relaxed);
  latencies_ = std::make_shared<const Latencies>(std::move(latencies));
  latency_version_.store(versions.fetch_add(1) + 1, std::memory_order_release);
}

std::optional<RpcFault> Trouble::TakeFault(std::string_view rpc) {
  if (!any_fault_.load(std::memory_order_relaxed)) return std::nullopt;
  const MutexLock lock(mutex_);
  for (auto at = faults_.begin(); at != faults_.end(); ++at) {
    if (at->rpc != "*" && at->rpc != rpc) continue;
    if (at->chance < 1 && !std::bernoulli_distribution(at->chance)(chances_)) continue;
    RpcFault taken = *at;
    if (at->remaining != kUntilCleared && --at->remaining == 0) faults_.erase(at);
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

IamFault Trouble::TakeIam() {
  const MutexLock lock(mutex_);
  if (counted_iam_.empty()) return iam_;
  const IamFault taken = counted_iam_.front();
  if (--counted_iam_.front().remaining == 0) counted_iam_.pop_front();
  return taken;
}

void Trouble::SetIam(IamFault fault) {
  const MutexLock lock(mutex_);
  if (fault.remaining != kUntilCleared) {
    counted_iam_.push_back(fault);
    return;
  }
  counted_iam_.clear();
  iam_ = fault;
}

}  // namespace gw::emulator
