// Room: pkcs11-shim. Whose state is it? Every C_ function asks. A forked child finds the page of
// State zeroed, takes it over and drops what it inherited; it never speaks on the parent's sockets,
// and the parent never notices.
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pkcs11-shim/pool.h"
#include "pkcs11-shim/state.h"

namespace gw::shim {
namespace {

constexpr size_t kPageBytes = 4096;

// A page of its own in .bss. Where pages are larger than this, madvise() refuses and the process id
// is compared instead.
struct alignas(kPageBytes) Page {
  State state;
};
static_assert(sizeof(Page) == kPageBytes);

constinit Page page = {};
constinit Settings settings = {};
constinit bool page_is_wiped_on_fork = false;

int32_t Owner() { return __atomic_load_n(&page.state.owner, __ATOMIC_ACQUIRE); }

// What a process that takes over does with what it finds: this version drops it all, so that a
// child must call C_Initialize and log in by itself.
void DropInherited() {
  ForgetConnections();
  State& state = page.state;
  memset(&state.mutex, 0, sizeof(state) - offsetof(State, mutex));
}

void TakeOver(int32_t self) {
  for (;;) {
    int32_t owner = Owner();
    if (owner == self) return;
    // Another thread of this process is at it; it closes a few descriptors and is done.
    if (owner == -self) {
      sched_yield();
      continue;
    }
    if (__atomic_compare_exchange_n(&page.state.owner, &owner, -self, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
      break;
  }
  page_is_wiped_on_fork = madvise(&page, kPageBytes, MADV_WIPEONFORK) == 0;
  DropInherited();
  __atomic_store_n(&page.state.owner, self, __ATOMIC_RELEASE);
}

}  // namespace

State& GetState() { return page.state; }

Settings& GetSettings() { return settings; }

bool StateIsOwn() {
  const int32_t owner = Owner();
  if (owner <= 0) return false;
  return __atomic_load_n(&page_is_wiped_on_fork, __ATOMIC_RELAXED) || owner == getpid();
}

void OwnState() {
  if (!StateIsOwn()) TakeOver(getpid());
}

}  // namespace gw::shim
