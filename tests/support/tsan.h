// Room: tests/support. Hand-over points that ThreadSanitizer cannot see.
// gRPC is not instrumented, so the order "tag filled here, handed to gRPC, taken out by the queue
// thread" is invisible to TSan. The maker of a tag releases it, the queue thread acquires it. In
// every other build these are nothing.
#pragma once

#ifdef GW_TSAN
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace gw {

inline void TsanRelease([[maybe_unused]] void* address) {
#ifdef GW_TSAN
  __tsan_release(address);
#endif
}

inline void TsanAcquire([[maybe_unused]] void* address) {
#ifdef GW_TSAN
  __tsan_acquire(address);
#endif
}

}  // namespace gw
