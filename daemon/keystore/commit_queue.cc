// Room: keystore.
#include "daemon/keystore/commit_queue.h"

#include <algorithm>
#include <utility>

namespace gw {
namespace {

// A commit that somebody co_awaits. The work guard keeps the waiter's loop running until the
// answer is there.
template <typename Handler>
class AwaitedCommit final : public PendingCommit {
 public:
  AwaitedCommit(Mutation change, Handler handler)
      : PendingCommit(std::move(change)),
        work_(boost::asio::make_work_guard(handler)),
        handler_(std::move(handler)) {}

  void Complete() override {
    // The executor belongs to the handler, which moves away.
    const auto executor = work_.get_executor();
    boost::asio::post(
        executor, [handler = std::move(handler_), answer = std::move(result),
                   work = std::move(work_)]() mutable { std::move(handler)(std::move(answer)); });
  }

 private:
  boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work_;
  Handler handler_;
};

}  // namespace

CommitQueue::CommitQueue(Run run, std::size_t max_batch)
    : run_(std::move(run)), max_batch_(max_batch), thread_([this] { ThreadMain(); }) {}

CommitQueue::~CommitQueue() { Stop(); }

// Not a coroutine: the awaitable is made by Asio, so that the handler's temporaries stay out of an
// awaited statement.
Awaitable<Result<RecordNumbers>> CommitQueue::Commit(Mutation mutation) {
  auto start = [this](auto handler, Mutation change) {
    using Handler = decltype(handler);
    Submit(std::make_unique<AwaitedCommit<Handler>>(std::move(change), std::move(handler)));
  };
  return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                     void(Result<RecordNumbers>)>(
      std::move(start), boost::asio::use_awaitable, std::move(mutation));
}

void CommitQueue::Submit(std::unique_ptr<PendingCommit> pending) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      waiting_.push_back(std::move(pending));
      if (waiting_.size() == 1) arrived_.notify_one();
      return;
    }
  }
  pending->result = UpstreamError(CKR_DEVICE_ERROR, "keystore is closed");
  pending->Complete();
}

CommitQueue::Batch CommitQueue::TakeBatch() {
  const MutexLock lock(mutex_);
  while (waiting_.empty() && !stopping_) arrived_.wait(mutex_);
  const std::size_t count = std::min(waiting_.size(), max_batch_);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  Batch batch(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return batch;
}

void CommitQueue::ThreadMain() {
  for (Batch batch = TakeBatch(); !batch.empty(); batch = TakeBatch()) {
    run_(batch);
    for (const auto& pending : batch) pending->Complete();
  }
}

void CommitQueue::Stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace gw
