// Room: token.
#include "daemon/token/epoch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "daemon/core/clock.h"
#include "daemon/core/log.h"

namespace gw {
namespace {

std::size_t PageBytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

// Nobody may change its size, or map it to write to it from now on; what is mapped already stays
// (F_SEAL_FUTURE_WRITE, Linux 5.1).
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;

std::uint64_t* MapPage(int fd) {
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(PageBytes())) != 0) return nullptr;
  void* page = mmap(nullptr, PageBytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) return nullptr;
  if (fcntl(fd, F_ADD_SEALS, kSeals) == 0) return static_cast<std::uint64_t*>(page);
  munmap(page, PageBytes());
  return nullptr;
}

}  // namespace

// Nanoseconds since boot: a later daemon begins where an earlier one, with a change each
// nanosecond, could not have come to.
Epoch::Epoch()
    : value_(static_cast<std::uint64_t>(RealClock().Now().time_since_epoch().count())),
      file_(memfd_create("grep11-epoch", MFD_CLOEXEC | MFD_ALLOW_SEALING)),
      page_(MapPage(file_.get())) {
  Show();
  if (page_ != nullptr) return;
  log::Warn("no page for the epoch ({}): each Init of an application will be asked here",
            std::strerror(errno));
  if (const int fd = file_.Release(); fd >= 0) close(fd);
}

Epoch::~Epoch() {
  if (page_ != nullptr) munmap(page_, PageBytes());
}

void Epoch::Bump() {
  ++value_;
  Show();
}

void Epoch::Offer(bool offered) {
  offered_ = offered;
  Bump();
}

void Epoch::Show() {
  if (page_ == nullptr) return;
  std::atomic_ref<std::uint64_t>(*page_).store(offered_ ? value_ : 0, std::memory_order_release);
}

}  // namespace gw
