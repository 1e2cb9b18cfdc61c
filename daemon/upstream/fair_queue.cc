// Room: upstream.
#include "daemon/upstream/fair_queue.h"

#include <algorithm>

#include "daemon/core/check.h"

namespace gw {

void FairQueue::SetWeight(std::uint64_t application, unsigned weight) {
  if (weight <= 1) {
    weights_.erase(application);
  } else {
    weights_[application] = weight;
  }
}

unsigned FairQueue::WeightOf(std::uint64_t application) const {
  const auto found = weights_.find(application);
  return found == weights_.end() ? 1 : found->second;
}

void FairQueue::Push(FairQueueItem& item) {
  GW_CHECK(!item.queued_);
  auto [entry, opened] = lanes_.try_emplace(item.application_);
  Lane& lane = entry->second;
  if (opened) {
    lane.turn = fresh_.insert(fresh_.end(), item.application_);
    lane.credit = WeightOf(item.application_);
  }
  item.place_ = lane.items.insert(lane.items.end(), &item);
  item.queued_ = true;
  ++size_;
}

FairQueueItem* FairQueue::Front() const {
  return empty() ? nullptr : lanes_.at(Next().front()).items.front();
}

void FairQueue::Pop() {
  const std::uint64_t application = Next().front();
  Lane& lane = lanes_.at(application);
  --lane.credit;
  Remove(*lane.items.front());
}

void FairQueue::Remove(FairQueueItem& item) {
  if (!item.queued_) return;
  Lane& lane = lanes_.at(item.application_);
  lane.items.erase(item.place_);
  item.queued_ = false;
  --size_;
  if (lane.credit == 0 || (lane.fresh && lane.items.empty())) EndTurn(item.application_, lane);
  DropIdle();
}

void FairQueue::EndTurn(std::uint64_t application, Lane& lane) {
  turns_.splice(turns_.end(), lane.fresh ? fresh_ : turns_, lane.turn);
  lane.fresh = false;
  lane.credit = WeightOf(application);
}

// Whose turn it is and has nothing to send is idle.
void FairQueue::DropIdle() {
  while (fresh_.empty() && !turns_.empty() && lanes_.at(turns_.front()).items.empty()) {
    lanes_.erase(turns_.front());
    turns_.pop_front();
  }
}

std::size_t FairQueue::SizeOf(std::uint64_t application) const {
  const auto found = lanes_.find(application);
  return found == lanes_.end() ? 0 : found->second.items.size();
}

std::size_t FairQueue::AheadOf(std::uint64_t application) const {
  const std::size_t own = SizeOf(application);
  const std::size_t rounds = own / WeightOf(application) + 1;
  std::size_t ahead = own;
  for (const auto& [other, lane] : lanes_) {
    if (other != application) ahead += std::min(lane.items.size(), rounds * WeightOf(other));
  }
  return ahead;
}

}  // namespace gw
