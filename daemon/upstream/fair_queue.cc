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
    lane.turn = turns_.insert(turns_.end(), item.application_);
    lane.credit = WeightOf(item.application_);
  }
  item.place_ = lane.items.insert(lane.items.end(), &item);
  item.queued_ = true;
  ++size_;
}

FairQueueItem* FairQueue::Front() const {
  return turns_.empty() ? nullptr : lanes_.at(turns_.front()).items.front();
}

void FairQueue::Pop() {
  const std::uint64_t application = turns_.front();
  Lane& lane = lanes_.at(application);
  const bool round_over = --lane.credit == 0;
  Remove(*lane.items.front());
  const auto still_there = lanes_.find(application);
  if (!round_over || still_there == lanes_.end()) return;
  still_there->second.credit = WeightOf(application);
  turns_.splice(turns_.end(), turns_, still_there->second.turn);
}

void FairQueue::Remove(FairQueueItem& item) {
  if (!item.queued_) return;
  Lane& lane = lanes_.at(item.application_);
  lane.items.erase(item.place_);
  item.queued_ = false;
  --size_;
  if (lane.items.empty()) Close(item.application_, lane);
}

void FairQueue::Close(std::uint64_t application, Lane& lane) {
  turns_.erase(lane.turn);
  lanes_.erase(application);
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
