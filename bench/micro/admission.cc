// Room: bench/micro. The door to the HSM: a permit when there is room, and the fair queue when
// there is none.
#include "daemon/upstream/admission.h"

#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "daemon/upstream/fair_queue.h"

namespace gw::micro {
namespace {

constexpr std::uint32_t kSeed = 11;

std::vector<AdmissionEndpoint> Endpoints(std::int64_t count, EndpointLimits limits) {
  std::vector<AdmissionEndpoint> endpoints;
  for (std::int64_t i = 0; i < count; ++i)
    endpoints.push_back({"hsm" + std::to_string(i) + ":443", limits});
  return endpoints;
}

// Takes a permit and gives it back.
void TakeAndGive(benchmark::State& state, EndpointLimits limits) {
  boost::asio::io_context loop(1);
  Admission admission(loop.get_executor(), RealClock(), Endpoints(state.range(0), limits), kSeed);
  for (auto _ : state) {
    auto permit = admission.TryAcquire();
    if (permit) {
      permit->Report(Verdict::kAnswered);
      continue;
    }
    state.SkipWithError("no permit although nothing is in flight");
    break;
  }
}

void AdmissionTakeAndGive(benchmark::State& state) { TakeAndGive(state, {}); }
BENCHMARK(AdmissionTakeAndGive)->ArgName("endpoints")->Arg(1)->Arg(4);

// With a rate to keep, which is never reached here.
void AdmissionTakeAndGiveAtRate(benchmark::State& state) {
  TakeAndGive(state, {.rate_per_s = 1e9, .burst = 1e9});
}
BENCHMARK(AdmissionTakeAndGiveAtRate)->ArgName("endpoints")->Arg(1)->Arg(4);

// Waits for a permit, leaves it in `held`, waits for the next; until the door is closed.
Awaitable<void> Wait(Admission& admission, std::uint64_t application,
                     std::optional<Admission::Permit>& held) {
  const Deadline never;
  for (;;) {
    auto permit = co_await admission.Acquire(application, never);
    if (!permit) co_return;
    held.emplace(std::move(*permit));
  }
}

// Room for one request, and as many applications as the argument says that want it: each permit
// that ends goes to the next in turn, who queues again at once.
void AdmissionHandOver(benchmark::State& state) {
  boost::asio::io_context loop(1);
  EndpointLimits limits;
  limits.max_outstanding = 1;
  Admission admission(loop.get_executor(), RealClock(), Endpoints(1, limits), kSeed);
  std::optional<Admission::Permit> held;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    boost::asio::co_spawn(loop, Wait(admission, static_cast<std::uint64_t>(i), held),
                          boost::asio::detached);
  }
  loop.poll();
  for (auto _ : state) {
    if (!held) {
      state.SkipWithError("nobody got the permit");
      break;
    }
    held->Report(Verdict::kAnswered);
    held.reset();
    loop.poll();
  }
  admission.Close();
  held.reset();
  loop.restart();
  loop.run();
}
BENCHMARK(AdmissionHandOver)->ArgName("applications")->Arg(2)->Arg(100)->Arg(10'000);

// The queue alone: who is next, and back to the end.
void AdmissionQueue(benchmark::State& state) {
  FairQueue queue;
  std::vector<std::unique_ptr<FairQueueItem>> items;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    items.push_back(std::make_unique<FairQueueItem>(static_cast<std::uint64_t>(i)));
    queue.Push(*items.back());
  }
  for (auto _ : state) {
    FairQueueItem* first = queue.Front();
    queue.Pop();
    queue.Push(*first);
  }
  if (queue.size() != items.size()) state.SkipWithError("the queue lost a request");
}
BENCHMARK(AdmissionQueue)->ArgName("applications")->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace gw::micro
