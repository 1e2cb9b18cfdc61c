// Room: runtime.
#include "daemon/runtime/silo.h"

#include <pthread.h>

#include <boost/asio/post.hpp>

#include "daemon/core/check.h"
#include "daemon/core/log.h"

namespace gw {

Silo::Silo() : work_(boost::asio::make_work_guard(loop_)) {}

Silo::~Silo() { Stop(); }

bool Silo::OnLoop() const {
  return const_cast<boost::asio::io_context&>(loop_).get_executor().running_in_this_thread();
}

void Silo::Start() {
  GW_CHECK(!loop_thread_.joinable() && !stopped_);
  loop_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "silo-loop");
    loop_.run();
    loop_ended_.set_value();
  });
}

bool Silo::Register(Stoppable& what) {
  GW_DCHECK(OnLoop());
  if (stopping_) return false;
  to_be_told_.push_back(what);
  return true;
}

void Silo::TellOfTheStop() {
  stopping_ = true;
  while (!to_be_told_.empty()) {
    Stoppable& what = to_be_told_.front();
    what.unlink();
    what.SiloStops();
  }
}

void Silo::Stop(std::chrono::milliseconds patience) {
  if (stopped_) return;
  GW_CHECK(!OnLoop());  // it joins the loop's thread
  stopped_ = true;
  if (!loop_thread_.joinable()) return TellOfTheStop();  // never started
  boost::asio::post(loop_, [this] { TellOfTheStop(); });
  JoinLoop(patience);
}

void Silo::JoinLoop(std::chrono::milliseconds patience) {
  work_.reset();
  if (loop_ended_.get_future().wait_for(patience) != std::future_status::ready) {
    log::Warn("the loop still had work {} ms after the stop; giving it up", patience.count());
    loop_.stop();
  }
  loop_thread_.join();
}

}  // namespace gw
