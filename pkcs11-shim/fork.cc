// Room: pkcs11-shim. Whose state is it? Every C_ function asks. A forked child finds the page of
// State zeroed and takes it over: it closes its copies of the parent's sockets, on which it never
// speaks, and if the parent was initialised it is so too, with what the parent had. Its first call
// that needs the daemon makes it an application of its own (link.cc). The parent never notices.
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
constinit Heritage heritage = {};
constinit Settings settings = {};
constinit bool page_is_wiped_on_fork = false;

int32_t Owner() { return __atomic_load_n(&page.state.owner, __ATOMIC_ACQUIRE); }

// What a process that takes over does with what it finds.
void Inherit() {
  ForgetConnections();
  State& state = page.state;
  memset(&state.mutex, 0, sizeof(state) - offsetof(State, mutex));
  heritage.operations.Inherit();
  if (!heritage.up) return;
  state.phase = Phase::kUp;
  state.inherited = true;
  // The parent may have been between one application and the next.
  state.identity = heritage.vault.empty() ? Identity::kNone : Identity::kInherited;
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
  Inherit();
  __atomic_store_n(&page.state.owner, self, __ATOMIC_RELEASE);
}

}  // namespace

State& GetState() { return page.state; }

Heritage& GetHeritage() { return heritage; }

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
