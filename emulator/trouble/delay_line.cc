// Room: emulator/trouble.
#include "emulator/trouble/delay_line.h"

namespace gw::emulator {

DelayLine::DelayLine() : thread_([this] { Run(); }) {}

void DelayLine::At(Time when, std::function<void()> work) {
  std::unique_lock lock(mutex_);
  if (stopped_) {
    lock.unlock();
    work();
    return;
  }
  const std::uint64_t number = next_number_++;
  waiting_.push({when, number, std::move(work)});
  const bool first = waiting_.top().number == number;
  lock.unlock();
  if (first) changed_.notify_one();
}

void DelayLine::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::vector<std::function<void()>> DelayLine::TakeDue() {
  std::unique_lock lock(mutex_);
  while (!stopped_ &&
         (waiting_.empty() || waiting_.top().when > std::chrono::steady_clock::now())) {
    if (waiting_.empty()) {
      changed_.wait(lock);
    } else {
      const Time until = waiting_.top().when;  // a copy: the heap moves while we sleep
      changed_.wait_until(lock, until);
    }
  }
  std::vector<std::function<void()>> due;
  const Time now = std::chrono::steady_clock::now();
  while (!waiting_.empty() && (stopped_ || waiting_.top().when <= now)) {
    due.push_back(std::move(const_cast<Entry&>(waiting_.top()).work));
    waiting_.pop();
  }
  return due;
}

void DelayLine::Run() {
  for (auto due = TakeDue(); !due.empty(); due = TakeDue()) {
    for (const auto& work : due) work();
  }
}

}  // namespace gw::emulator
