// Room: runtime. May include: core. May touch: its two threads and its completion queue.
// A silo is one io_context run by one thread (the loop), and one gRPC completion queue drained by a
// second thread that does nothing but post to the loop. What lives on a silo needs no lock.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "daemon/runtime/cq_tag.h"

namespace grpc {
class CompletionQueue;
}

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
  grpc::CompletionQueue& cq() { return *cq_; }

  void Start();
  // The last steps of stopping (models: gate closed and waited for before): cancels RPCs in flight,
  // shuts the queue down, joins its thread, lets the loop run out of work, joins the loop. A loop
  // that is still busy after `patience` is stopped; what hung on it is destroyed with the silo.
  void Stop(std::chrono::milliseconds patience = std::chrono::milliseconds(2000));

  // True inside a handler of this loop. Any thread.
  bool OnLoop() const;

  // Takes note of an operation that is about to be given to the queue. False: the silo is stopping
  // and nothing may be given to the queue any more.
  [[nodiscard]] bool Register(CqTag& tag);

 private:
  using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  void RunQueue();
  void DrainInbox();
  void CloseQueue();
  void JoinLoop(std::chrono::milliseconds patience);

  // The queue is declared before the threads and the loop: coroutine frames that die with the loop
  // may still hold finished calls.
  std::unique_ptr<grpc::CompletionQueue> cq_;
  CqInbox inbox_;
  CqRegistry in_flight_;       // owned by the loop
  bool queue_closed_ = false;  // owned by the loop
  boost::asio::io_context loop_{1};
  WorkGuard work_;
  std::promise<void> loop_ended_;
  std::thread queue_thread_;
  std::thread loop_thread_;
  bool stopped_ = false;  // owner's thread
};

}  // namespace gw
