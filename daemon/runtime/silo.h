// Room: runtime. May include: core. May touch: its thread.
// A silo is one io_context run by one thread, the loop. What lives on a silo needs no lock.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "daemon/runtime/stop_list.h"

namespace gw {

// Owner: main.cc (or a test). Start() and Stop() are called by the owner's thread, once each;
// everything else on the loop unless it says otherwise. After Stop() no coroutine of the silo runs.
class Silo {
 public:
  Silo();
  ~Silo();  // stops, if nobody did
  Silo(const Silo&) = delete;
  Silo& operator=(const Silo&) = delete;

  boost::asio::io_context& loop() { return loop_; }  // any thread

  void Start();
  // The last steps of stopping (models: gate closed and waited for before): tells what is
  // registered to give up its work, lets the loop run out of work, joins it. A loop that is still
  // busy after `patience` is stopped; what hung on it is destroyed with the silo.
  void Stop(std::chrono::milliseconds patience = std::chrono::milliseconds(2000));

  // True inside a handler of this loop. Any thread.
  bool OnLoop() const;

  // Takes note of something that has to be told of the stop. On the loop. False: the silo is
  // stopping, and `what` must not begin anything.
  [[nodiscard]] bool Register(Stoppable& what);

 private:
  using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  void TellOfTheStop();
  void JoinLoop(std::chrono::milliseconds patience);

  // Declared before the loop: what dies with it leaves the list.
  StopList to_be_told_;    // owned by the loop
  bool stopping_ = false;  // owned by the loop
  boost::asio::io_context loop_{1};
  WorkGuard work_;
  std::promise<void> loop_ended_;
  std::thread loop_thread_;
  bool stopped_ = false;  // owner's thread
};

}  // namespace gw
