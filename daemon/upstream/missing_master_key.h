// Room: upstream. Tells people of a crypto unit without master key: only they can mend it.
#pragma once

#include <chrono>

#include "daemon/core/async.h"
#include "daemon/core/ck.h"
#include "daemon/core/log.h"

namespace gw {

// Each request that meets such a unit is repeated for a while: one line tells of all of them.
// Thread: the silo.
class MissingMasterKey {
 public:
  static constexpr std::chrono::seconds kBetweenLines{10};

  void Note(CK_RV rv, SteadyTime now) {
    if (rv != CKR_IBM_WK_NOT_INITIALIZED || now < next_line_) return;
    next_line_ = now + kBetweenLines;
    log::Error(
        "the crypto unit has no master key, or not the one of the other units "
        "(CKR_IBM_WK_NOT_INITIALIZED): load and commit the same master key in every unit");
  }

 private:
  SteadyTime next_line_{};
};

}  // namespace gw
