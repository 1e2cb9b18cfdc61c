// Room: emulator/service. Tells ThreadSanitizer what it cannot see: a tag given to gRPC happens
// before the same tag taken from its queue (the library is not instrumented). Nothing in other
// builds.
#pragma once

#if defined(GW_TSAN)
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace gw::emulator {

inline void TagRelease([[maybe_unused]] void* tag) {
#if defined(GW_TSAN)
  __tsan_release(tag);
#endif
}

inline void TagAcquire([[maybe_unused]] void* tag) {
#if defined(GW_TSAN)
  __tsan_acquire(tag);
#endif
}

}  // namespace gw::emulator
