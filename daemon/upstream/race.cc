// Room: upstream.
#include "daemon/upstream/race.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "daemon/core/check.h"

namespace gw {

Race::Race(boost::asio::any_io_executor executor)
    : executor_(std::move(executor)), decided_(executor_), over_(executor_) {}

void Race::Start(Awaitable<Attempt> attempt) {
  const std::size_t index = lanes_[0].started ? 1 : 0;
  Lane& lane = lanes_[index];
  GW_CHECK(!lane.started);
  lane.started = true;
  boost::asio::co_spawn(
      executor_, Run(shared_from_this(), index, std::move(attempt)),
      boost::asio::bind_cancellation_slot(lane.cancel.slot(), boost::asio::detached));
}

Awaitable<void> Race::Run(std::shared_ptr<Race> race, std::size_t index,
                          Awaitable<Attempt> attempt) {
  // A cancelled try still says how it ended.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  race->lanes_[index].attempt = co_await std::move(attempt);
  race->Ended(index);
}

void Race::Ended(std::size_t index) {
  Lane& lane = lanes_[index];
  lane.over = true;
  const bool first_good = lane.attempt.ok() && !decided_.is_set();
  if (first_good) winner_ = index;
  if (first_good || !Running()) decided_.Set();
  if (!Running()) over_.Set();
}

bool Race::Running() const {
  return std::ranges::any_of(lanes_, [](const Lane& lane) { return lane.started && !lane.over; });
}

Awaitable<bool> Race::DecidedBy(SteadyTime until) {
  const auto self = shared_from_this();
  co_return co_await decided_.WaitUntil(until);
}

Awaitable<Attempt> Race::Finish() {
  const auto self = shared_from_this();
  for (Lane& lane : lanes_) {
    if (lane.started && !lane.over) lane.cancel.emit(boost::asio::cancellation_type::terminal);
  }
  co_await over_.WaitUntil(SteadyTime::max());
  co_return std::move(lanes_[winner_].attempt);
}

}  // namespace gw
