// Room: runtime.
#include "daemon/runtime/silo.h"

#include <absl/synchronization/mutex.h>
#include <grpcpp/completion_queue.h>
#include <pthread.h>

#include <boost/asio/post.hpp>

#include "daemon/core/check.h"
#include "daemon/core/log.h"
#include "daemon/runtime/tsan.h"

namespace gw {

namespace {

std::unique_ptr<grpc::CompletionQueue> MakeQueue() {
  // Debian's abseil looks for cycles at each lock that gRPC takes, a part of every request's time.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return std::make_unique<grpc::CompletionQueue>();
}

}  // namespace

Silo::Silo() : cq_(MakeQueue()), work_(boost::asio::make_work_guard(loop_)) {}

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
  queue_thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "silo-queue");
    RunQueue();
  });
}

bool Silo::Register(CqTag& tag) {
  GW_DCHECK(OnLoop());
  if (queue_closed_) return false;
  in_flight_.Add(tag);
  return true;
}

void Silo::RunQueue() {
  void* event = nullptr;
  bool ok = false;
  while (cq_->Next(&event, &ok)) {
    TsanAcquire(event);
    if (inbox_.Push(static_cast<CqTag*>(event), ok)) {
      boost::asio::post(loop_, [this] { DrainInbox(); });
    }
  }
}

void Silo::DrainInbox() {
  CqTag* tag = inbox_.TakeAll();
  while (tag != nullptr) {
    CqTag* next = CqInbox::Next(*tag);  // Complete() frees the tag
    in_flight_.Remove(*tag);
    tag->Complete(CqInbox::OkOf(*tag));
    tag = next;
  }
}

void Silo::CloseQueue() {
  queue_closed_ = true;
  in_flight_.CancelAll();
  cq_->Shutdown();
}

void Silo::Stop(std::chrono::milliseconds patience) {
  if (stopped_) return;
  GW_CHECK(!OnLoop());  // it joins the loop's thread
  stopped_ = true;
  if (!loop_thread_.joinable()) {  // never started, so nothing is in flight
    CloseQueue();
    RunQueue();
    return;
  }
  boost::asio::post(loop_, [this] { CloseQueue(); });
  queue_thread_.join();  // Next() ends once every cancelled call has been delivered
  JoinLoop(patience);
  DrainInbox();  // only after a forced stop is anything left; no thread but ours is here now
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
