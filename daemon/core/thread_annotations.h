// Room: core. clang's thread safety analysis needs an annotated mutex; libstdc++'s is not.
// Most classes need no lock at all: they belong to one silo and say so.
#pragma once

#include <mutex>

#if defined(__clang__)
#define GW_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define GW_THREAD_ATTRIBUTE(x)
#endif

#define GW_GUARDED_BY(mutex) GW_THREAD_ATTRIBUTE(guarded_by(mutex))
#define GW_REQUIRES(mutex) GW_THREAD_ATTRIBUTE(requires_capability(mutex))

namespace gw {

class GW_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() GW_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() GW_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class GW_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) GW_THREAD_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() GW_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace gw
