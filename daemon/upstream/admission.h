// Room: upstream. May include: core. May touch: a timer. The door to the HSM: rate, room and fair
// turns for the requests of one token.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/async.h"
#include "daemon/core/clock.h"
#include "daemon/core/result.h"
#include "daemon/upstream/budget.h"

namespace gw {

struct AdmissionEndpoint {
  std::string name;  // "host:port", for logs and metrics
  EndpointLimits limits;
};

// Loop only. Permits and waiting coroutines may outlive it.
class Admission {
  struct State;

 public:
  // The right to have one request in flight at endpoint(). Say how it ended with Report(); the
  // right ends with the object.
  class Permit {
   public:
    Permit(Permit&& other) noexcept = default;
    Permit& operator=(Permit&&) = delete;
    ~Permit();

    std::size_t endpoint() const { return endpoint_; }
    // The endpoint is avoided, and this request finds out whether it is back.
    bool probe() const { return probe_; }
    void Report(Verdict verdict) { verdict_ = verdict; }

   private:
    friend class Admission;
    Permit(std::shared_ptr<State> state, std::size_t endpoint, bool probe)
        : state_(std::move(state)), endpoint_(endpoint), probe_(probe) {}
    std::shared_ptr<State> state_;
    std::size_t endpoint_;
    bool probe_;
    Verdict verdict_ = Verdict::kNone;
  };

  Admission(boost::asio::any_io_executor executor, const Clock& clock,
            std::vector<AdmissionEndpoint> endpoints, std::uint32_t seed);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // 1 is the default. Applications with more get more turns when requests queue.
  void SetWeight(std::uint64_t application, unsigned weight);

  // The fast way: nullopt if the request has to queue.
  std::optional<Permit> TryAcquire(std::size_t avoid = kNoEndpoint);
  // Waits for a turn, up to `deadline`.
  //   errors  CKR_DEVICE_MEMORY  the turn cannot come in time, or too many requests wait already
  //           CKR_DEVICE_ERROR   no endpoint answers, or the daemon stops
  Awaitable<Result<Permit>> Acquire(std::uint64_t application, Deadline deadline,
                                    std::size_t avoid = kNoEndpoint);

  // Refuses everything that waits, and everything that comes.
  void Close();
  // Looks at the clock again; for tests that move it by hand.
  void Poke();

  std::size_t queued() const;
  bool Good(std::size_t endpoint) const;
  bool AnyGood() const;
  double Factor(std::size_t endpoint) const;

 private:
  class Waiter;
  static Error Refusal(const State& state);

  std::shared_ptr<State> state_;
};

}  // namespace gw
