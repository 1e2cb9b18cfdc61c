// Room: upstream. May include: core. Who is next: weighted round robin over applications.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>

namespace gw {

// A request in the queue; the queue borrows it until it leaves.
class FairQueueItem {
 public:
  explicit FairQueueItem(std::uint64_t application) : application_(application) {}
  FairQueueItem(const FairQueueItem&) = delete;
  FairQueueItem& operator=(const FairQueueItem&) = delete;

  std::uint64_t application() const { return application_; }
  bool queued() const { return queued_; }

 private:
  friend class FairQueue;
  std::uint64_t application_;
  bool queued_ = false;
  std::list<FairQueueItem*>::iterator place_;
};

// In each round an application sends as many requests as its weight (default 1), in the order they
// came. One that had nothing to send for a whole round does not wait for the others' turns: its
// next turn comes at once, so that who asks now and then hardly notices who asks for all there is.
// It is in the round from then on, and so nobody gains by leaving and coming back. Applications
// without requests cost nothing. Pure logic, loop only.
class FairQueue {
 public:
  // 0 and 1: the default. Holds until it is set again.
  void SetWeight(std::uint64_t application, unsigned weight);

  void Push(FairQueueItem& item);
  // nullptr: empty.
  FairQueueItem* Front() const;
  // Takes the front out.
  void Pop();
  void Remove(FairQueueItem& item);

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t SizeOf(std::uint64_t application) const;
  // How many requests would leave before one that `application` pushed now; an upper bound.
  std::size_t AheadOf(std::uint64_t application) const;

 private:
  struct Lane {
    std::list<FairQueueItem*> items;
    unsigned credit = 0;  // sends left in this turn
    bool fresh = true;    // in fresh_, else in turns_
    std::list<std::uint64_t>::iterator turn;
  };
  unsigned WeightOf(std::uint64_t application) const;
  const std::list<std::uint64_t>& Next() const { return fresh_.empty() ? turns_ : fresh_; }
  void EndTurn(std::uint64_t application, Lane& lane);
  void DropIdle();

  // Lanes of applications with requests, and of those that had some in this round.
  std::unordered_map<std::uint64_t, Lane> lanes_;
  std::list<std::uint64_t> fresh_;  // those that were idle; each has requests
  std::list<std::uint64_t> turns_;  // the round of all others, next first
  std::unordered_map<std::uint64_t, unsigned> weights_;
  std::size_t size_ = 0;
};

}  // namespace gw
