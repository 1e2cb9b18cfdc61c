// Room: upstream.
#include "daemon/upstream/health.h"

#include <algorithm>

namespace gw {

void Health::Failed(SteadyTime now) {
  ++failures_;
  if (good_ && failures_ < kFailuresToAvoid) return;
  // Calls that were under way when the avoidance began must not lengthen it.
  if (!good_ && now < avoid_until_) return;
  good_ = false;
  probing_ = false;
  avoid_until_ = now + avoidance_;
  avoidance_ = std::min(avoidance_ * 2, kLongestAvoidance);
}

}  // namespace gw
