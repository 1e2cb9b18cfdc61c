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

// The metrics of one endpoint.
struct Gauges {
  explicit Gauges(const std::string& name)
      : up(metrics::GaugeFamily("grep11_endpoint_up",
                                "1: the HSM endpoint answers, 0: it is avoided after failures")
               .Add({{"endpoint", name}})),
        throttle(metrics::GaugeFamily("grep11_endpoint_throttle",
                                      "Share of the endpoint's request rate in use; below 1 after "
                                      "it refused requests for their number")
                     .Add({{"endpoint", name}})),
        ejections(metrics::CounterFamily("grep11_endpoint_ejections_total",
                                         "How often the endpoint began to be avoided")
                      .Add({{"endpoint", name}})),
        probes(metrics::CounterFamily("grep11_endpoint_probes_total",
                                      "Requests sent to see whether an avoided endpoint is back")
                   .Add({{"endpoint", name}})) {
    up.Set(1);
    throttle.Set(1);
  }
  prometheus::Gauge& up;
  prometheus::Gauge& throttle;
  prometheus::Counter& ejections;
  prometheus::Counter& probes;
};

constexpr std::chrono::minutes kThrottleWarningPause{5};

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
        timer(executor),
        throttle_timer(executor) {
    for (const auto& endpoint : endpoints) {
      names.push_back(endpoint.name);
      gauges.emplace_back(endpoint.name);
    }
  }

  void Release(std::size_t endpoint, Verdict verdict) {
    const bool was_good = budget.Good(endpoint);
    budget.Release(endpoint, verdict, clock.Now());
    if (was_good != budget.Good(endpoint)) NoteHealth(endpoint);
    if (verdict == Verdict::kRefused) NoteThrottle(endpoint);
    Arm();
  }

  // True: this request is a probe. Between its grant and anything else that the budget decides.
  bool NoteIfProbe(std::size_t endpoint) {
    if (budget.Good(endpoint)) return false;
    gauges[endpoint].probes.Increment();
    return true;
  }

  void NoteHealth(std::size_t endpoint) {
    const bool good = budget.Good(endpoint);
    gauges[endpoint].up.Set(good ? 1 : 0);
    if (good) {
      log::Info("HSM endpoint {} answers again", names[endpoint]);
    } else {
      gauges[endpoint].ejections.Increment();
      log::Warn(
          "HSM endpoint {} does not answer; it is avoided and probed from time to time (check the "
          "address, the network and the crypto unit)",
          names[endpoint]);
    }
  }

  void NoteThrottle(std::size_t endpoint) {
    const SteadyTime now = clock.Now();
    if (now >= next_throttle_warning) {
      next_throttle_warning = now + kThrottleWarningPause;
      log::Warn(
          "HSM endpoint {} refuses requests for their number; its rate is lowered until it takes "
          "them (rate_per_s is more than its crypto units allow, or other hosts use them too)",
          names[endpoint]);
    }
    ShowThrottles();
  }

  // Shows the rates in use, and again every second until all are back.
  void ShowThrottles() {
    bool any = false;
    for (std::size_t i = 0; i < gauges.size(); ++i) {
      const double factor = budget.Factor(i, clock.Now());
      gauges[i].throttle.Set(factor);
      any = any || factor < 1;
    }
    if (!any || closed) return;
    throttle_timer.expires_after(std::chrono::seconds(1));
    throttle_timer.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
      if (error) return;
      if (const auto state = self.lock()) state->ShowThrottles();
    });
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
  std::vector<Gauges> gauges;
  Budget budget;
  boost::asio::steady_timer timer;
  SteadyTime armed_for = SteadyTime::max();
  boost::asio::steady_timer throttle_timer;
  SteadyTime next_throttle_warning{};
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
  Permit Take() {
    taken_ = true;
    return Permit(state_, endpoint(), probe_);
  }

 private:
  void Decided() override {
    probe_ = state() == WaitingRequest::State::kGranted && state_->NoteIfProbe(endpoint());
    wake_.cancel();
  }

  std::shared_ptr<Admission::State> state_;
  boost::asio::steady_timer wake_;
  bool taken_ = false;
  bool probe_ = false;
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
  return Permit(state_, *endpoint, state_->NoteIfProbe(*endpoint));
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
  co_return waiter.Take();
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
  state_->throttle_timer.cancel();
  state_->Arm();
}

void Admission::Poke() { state_->OnTimer(); }

std::size_t Admission::queued() const { return state_->budget.queued(); }
bool Admission::Good(std::size_t endpoint) const { return state_->budget.Good(endpoint); }
bool Admission::AnyGood() const { return state_->budget.AnyGood(); }
double Admission::Factor(std::size_t endpoint) const {
  return state_->budget.Factor(endpoint, state_->clock.Now());
}

}  // namespace gw
