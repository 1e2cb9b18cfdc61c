// Room: upstream.
#include "daemon/upstream/admission.h"

#include <boost/asio/steady_timer.hpp>

#include "daemon/core/log.h"
#include "daemon/core/metrics.h"

namespace gw {
namespace {

prometheus::Histogram& WaitSeconds() {
  static prometheus::Histogram& histogram =
      metrics::HistogramFamily("grep11_admission_wait_seconds",
                               "Time that HSM requests waited for their turn")
          .Add({}, metrics::LatencyBuckets());
  return histogram;
}

prometheus::Gauge& QueueLength() {
  static prometheus::Gauge& gauge =
      metrics::GaugeFamily("grep11_admission_queue", "HSM requests that wait for their turn")
          .Add({});
  return gauge;
}

prometheus::Gauge& EndpointUp(const std::string& name) {
  return metrics::GaugeFamily("grep11_endpoint_up",
                              "1: the HSM endpoint answers, 0: it is avoided after failures")
      .Add({{"endpoint", name}});
}

std::vector<EndpointLimits> LimitsOf(const std::vector<AdmissionEndpoint>& endpoints) {
  std::vector<EndpointLimits> limits;
  for (const auto& endpoint : endpoints) limits.push_back(endpoint.limits);
  return limits;
}

}  // namespace

struct Admission::State : std::enable_shared_from_this<Admission::State> {
  State(boost::asio::any_io_executor executor_in, const Clock& clock_in,
        const std::vector<AdmissionEndpoint>& endpoints, std::uint32_t seed)
      : executor(std::move(executor_in)),
        clock(clock_in),
        budget(LimitsOf(endpoints), seed),
        timer(executor) {
    for (const auto& endpoint : endpoints) {
      names.push_back(endpoint.name);
      up.push_back(&EndpointUp(endpoint.name));
      up.back()->Set(1);
    }
  }

  void Release(std::size_t endpoint, Verdict verdict) {
    const bool was_good = budget.Good(endpoint);
    budget.Release(endpoint, verdict, clock.Now());
    if (was_good != budget.Good(endpoint)) NoteHealth(endpoint);
    Arm();
  }

  void NoteHealth(std::size_t endpoint) {
    const bool good = budget.Good(endpoint);
    up[endpoint]->Set(good ? 1 : 0);
    if (good) {
      log::Info("HSM endpoint {} answers again", names[endpoint]);
    } else {
      log::Warn(
          "HSM endpoint {} does not answer; it is avoided and probed from time to time (check the "
          "address, the network and the crypto unit)",
          names[endpoint]);
    }
  }

  // Sets the timer to the next thing to do. A timer that is early or late by a little is harmless:
  // Advance() looks at the clock.
  void Arm() {
    const SteadyTime now = clock.Now();
    const SteadyTime next = budget.NextAdvance(now);
    if (next == armed_for) return;
    armed_for = next;
    if (next == SteadyTime::max()) {
      timer.cancel();
      return;
    }
    timer.expires_after(next - now);
    timer.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
      if (error) return;
      if (const auto state = self.lock()) state->OnTimer();
    });
  }

  void OnTimer() {
    armed_for = SteadyTime::max();
    budget.Advance(clock.Now());
    Arm();
  }

  const boost::asio::any_io_executor executor;
  const Clock& clock;
  std::vector<std::string> names;
  std::vector<prometheus::Gauge*> up;
  Budget budget;
  boost::asio::steady_timer timer;
  SteadyTime armed_for = SteadyTime::max();
  bool closed = false;
};

// A request in the frame of its coroutine: waits for the budget's decision, and leaves the queue
// however the coroutine ends.
class Admission::Waiter final : public WaitingRequest {
 public:
  Waiter(std::shared_ptr<Admission::State> state, std::uint64_t application, Deadline deadline,
         std::size_t avoid)
      : WaitingRequest(application, deadline, avoid),
        state_(std::move(state)),
        wake_(state_->executor, SteadyTime::max()) {
    QueueLength().Increment();
  }
  ~Waiter() override {
    QueueLength().Decrement();
    if (state() == WaitingRequest::State::kWaiting) {
      state_->budget.Withdraw(*this);
    } else if (state() == WaitingRequest::State::kGranted && !taken_) {
      state_->Release(endpoint(), Verdict::kNone);  // the coroutine died before it woke up
    }
  }

  Awaitable<void> Wait() {
    if (state() == WaitingRequest::State::kWaiting) co_await wake_.async_wait(kAwait);
  }
  std::size_t Take() {
    taken_ = true;
    return endpoint();
  }

 private:
  void Decided() override { wake_.cancel(); }

  std::shared_ptr<Admission::State> state_;
  boost::asio::steady_timer wake_;
  bool taken_ = false;
};

Admission::Permit::~Permit() {
  if (state_ != nullptr) state_->Release(endpoint_, verdict_);
}

Admission::Admission(boost::asio::any_io_executor executor, const Clock& clock,
                     std::vector<AdmissionEndpoint> endpoints, std::uint32_t seed)
    : state_(std::make_shared<State>(std::move(executor), clock, endpoints, seed)) {}

Admission::~Admission() { Close(); }

void Admission::SetWeight(std::uint64_t application, unsigned weight) {
  state_->budget.SetWeight(application, weight);
}

std::optional<Admission::Permit> Admission::TryAcquire(std::size_t avoid) {
  if (state_->closed) return std::nullopt;
  const auto endpoint = state_->budget.TryTake(state_->clock.Now(), avoid);
  if (!endpoint) return std::nullopt;
  WaitSeconds().Observe(0);
  return Permit(state_, *endpoint);
}

Awaitable<Result<Admission::Permit>> Admission::Acquire(std::uint64_t application,
                                                        Deadline deadline, std::size_t avoid) {
  const auto state = state_;  // the admission may die while this waits
  if (state->closed) co_return Refusal(*state);
  if (auto at_once = TryAcquire(avoid)) co_return std::move(*at_once);
  const SteadyTime since = state->clock.Now();
  Waiter waiter(state, application, deadline, avoid);
  GW_CO_TRY_VOID(state->budget.Enqueue(waiter, since));
  state->Arm();
  co_await waiter.Wait();
  if (waiter.state() != WaitingRequest::State::kGranted) co_return Refusal(*state);
  const std::chrono::duration<double> waited = state->clock.Now() - since;
  WaitSeconds().Observe(waited.count());
  co_return Permit(state, waiter.Take());
}

Error Admission::Refusal(const State& state) {
  if (state.closed) return UpstreamError(CKR_DEVICE_ERROR, "the daemon is stopping");
  if (!state.budget.AnyGood()) {
    return UpstreamError(CKR_DEVICE_ERROR, "no HSM endpoint answered before the call's deadline");
  }
  return UpstreamError(CKR_DEVICE_MEMORY, "no turn at the HSM came before the call's deadline");
}

void Admission::Close() {
  state_->closed = true;
  state_->budget.RefuseAll();
  state_->Arm();
}

void Admission::Poke() { state_->OnTimer(); }

std::size_t Admission::queued() const { return state_->budget.queued(); }
bool Admission::Good(std::size_t endpoint) const { return state_->budget.Good(endpoint); }

}  // namespace gw
