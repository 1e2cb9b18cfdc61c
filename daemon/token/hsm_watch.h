// Room: token. Whether the HSM answers, for those who wait for a slot event.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>

#include "daemon/core/clock.h"
#include "daemon/upstream/hsm_client.h"

namespace gw {

// Only requests find out whether an HSM answers. So while somebody wants to know, it gets one now
// and then, beside whoever asks. Thread: the silo. Owner: the Token; a request under way holds it
// too.
class HsmWatch : public std::enable_shared_from_this<HsmWatch> {
 public:
  // From the end of one request to the next.
  static constexpr std::chrono::seconds kInterval{2};

  explicit HsmWatch(HsmClient& hsm, const Clock& clock = RealClock());

  // What the requests of everybody have shown last.
  bool answers() const { return hsm_.answers(); }

  // Sends a request under `call`, which may last until its deadline, unless one is under way or has
  // been lately. Waits for nothing.
  void Look(boost::asio::any_io_executor executor, HsmCall call);

 private:
  static Awaitable<void> Ask(std::shared_ptr<HsmWatch> watch, HsmCall call);

  HsmClient& hsm_;
  const Clock& clock_;
  bool asking_ = false;
  SteadyTime next_look_{};
};

}  // namespace gw
