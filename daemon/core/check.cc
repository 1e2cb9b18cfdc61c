// Room: core.
#include "daemon/core/check.h"

#include <cstdlib>

#include "daemon/core/log.h"

namespace gw {

void CheckFailed(const char* expression, const char* file, int line) {
  log::Critical("invariant broken: {} at {}:{}; this is a bug, please report it", expression, file,
                line);
  log::Flush();
  std::abort();
}

}  // namespace gw
