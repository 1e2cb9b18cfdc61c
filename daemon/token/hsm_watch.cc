// Room: token.
#include "daemon/token/hsm_watch.h"

#include <utility>

#include "daemon/runtime/spawn.h"

namespace gw {

HsmWatch::HsmWatch(HsmClient& hsm, const Clock& clock) : hsm_(hsm), clock_(clock) {}

void HsmWatch::Look(boost::asio::any_io_executor executor, HsmCall call) {
  if (asking_ || clock_.Now() < next_look_) return;
  asking_ = true;
  Spawn(std::move(executor), Ask(shared_from_this(), std::move(call)), "look at an HSM");
}

// The cheapest request will do, whatever comes of it.
Awaitable<void> HsmWatch::Ask(std::shared_ptr<HsmWatch> watch, HsmCall call) {
  static_cast<void>(co_await watch->hsm_.GetMechanismList(call));
  watch->asking_ = false;
  watch->next_look_ = watch->clock_.Now() + kInterval;
}

}  // namespace gw
