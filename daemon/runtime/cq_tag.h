// Room: runtime. May include: std. What a completion queue hands back, and its way from the queue
// thread to the loop. Knows no gRPC type; the only maker of tags is upstream/async_unary.h.
#pragma once

#include <atomic>

namespace gw {

// One operation given to gRPC. It owns itself from the moment it is registered with its silo until
// Complete(), which runs on the loop, exactly once, after the queue delivered the event: gRPC may
// write into the tag until then, so nothing may free it earlier.
class CqTag {
 public:
  CqTag() = default;
  CqTag(const CqTag&) = delete;
  CqTag& operator=(const CqTag&) = delete;
  virtual ~CqTag() = default;

  // The event came: `ok` as the queue said. Frees the tag.
  virtual void Complete(bool ok) = 0;
  // Asks gRPC to end the operation early; Complete() still comes. On the loop.
  virtual void Cancel() = 0;

 private:
  friend class CqInbox;
  friend class CqRegistry;

  CqTag* next_in_inbox_ = nullptr;
  bool ok_ = false;
  CqTag* previous_ = nullptr;  // registry links, owned by the loop
  CqTag* next_ = nullptr;
};

// Finished tags on their way to the loop. Push: queue thread; TakeAll: loop. Lock-free, so a burst
// of completions costs the loop one wake-up.
class CqInbox {
 public:
  // True: the inbox was empty, so the caller must post one drain. Later pushes ride along with it.
  bool Push(CqTag* tag, bool ok) {
    tag->ok_ = ok;
    CqTag* head = head_.load(std::memory_order_relaxed);
    do {
      tag->next_in_inbox_ = head;
    } while (!head_.compare_exchange_weak(head, tag, std::memory_order_release,
                                          std::memory_order_relaxed));
    return head == nullptr;
  }

  // Everything that came so far, oldest first, linked; walk it with Next().
  CqTag* TakeAll() {
    CqTag* newest = head_.exchange(nullptr, std::memory_order_acquire);
    CqTag* oldest_first = nullptr;
    while (newest != nullptr) {
      CqTag* older = newest->next_in_inbox_;
      newest->next_in_inbox_ = oldest_first;
      oldest_first = newest;
      newest = older;
    }
    return oldest_first;
  }

  static CqTag* Next(const CqTag& tag) { return tag.next_in_inbox_; }
  static bool OkOf(const CqTag& tag) { return tag.ok_; }

 private:
  std::atomic<CqTag*> head_{nullptr};
};

// The tags in flight, so that a stop can cancel them. Loop only.
class CqRegistry {
 public:
  void Add(CqTag& tag) {
    tag.previous_ = nullptr;
    tag.next_ = head_;
    if (head_ != nullptr) head_->previous_ = &tag;
    head_ = &tag;
  }
  void Remove(CqTag& tag) {
    if (tag.previous_ != nullptr) tag.previous_->next_ = tag.next_;
    if (tag.next_ != nullptr) tag.next_->previous_ = tag.previous_;
    if (head_ == &tag) head_ = tag.next_;
    tag.previous_ = tag.next_ = nullptr;
  }
  // Cancel() neither adds nor removes tags: completions come through the queue.
  void CancelAll() {
    for (CqTag* tag = head_; tag != nullptr; tag = tag->next_) tag->Cancel();
  }
  bool empty() const { return head_ == nullptr; }

 private:
  CqTag* head_ = nullptr;
};

}  // namespace gw
