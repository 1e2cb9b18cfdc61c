// Room: tests/unit/upstream. The door itself: permits, waiting coroutines and timers.
#include "daemon/upstream/admission.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/on_silo.h"

namespace gw {
namespace {

using namespace std::chrono_literals;
using test::In;
using Permit = Admission::Permit;

AdmissionEndpoint Door(double rate_per_s, double burst, std::uint32_t max_outstanding) {
  AdmissionEndpoint endpoint;
  endpoint.name = "hsm:443";
  endpoint.limits.rate_per_s = rate_per_s;
  endpoint.limits.burst = burst;
  endpoint.limits.max_outstanding = max_outstanding;
  return endpoint;
}

Awaitable<Result<Permit>> Acquire(Admission* admission, std::uint64_t application,
                                  Deadline deadline) {
  co_return co_await admission->Acquire(application, deadline);
}

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() { silo_.Start(); }
  ~AdmissionTest() override {
    // Permits give themselves back on the loop.
    test::OnLoop(silo_, [this] {
      held_.clear();
      admission_.reset();
    });
  }
  void Make(const AdmissionEndpoint& endpoint) {
    admission_ = std::make_unique<Admission>(silo_.loop().get_executor(), clock_,
                                             std::vector<AdmissionEndpoint>{endpoint}, 1);
  }
  std::future<Result<Permit>> Start(Deadline deadline) {
    return test::Start(silo_, Acquire(admission_.get(), 1, deadline));
  }
  void Hold(std::future<Result<Permit>> permit) {
    auto result = permit.get();
    ASSERT_TRUE(result.ok());
    test::OnLoop(silo_, [&] { held_.push_back(std::move(*result)); });
  }
  bool Free() {
    return test::OnLoop(silo_, [this] { return admission_->TryAcquire().has_value(); });
  }
  std::size_t Queued() {
    return test::OnLoop(silo_, [this] { return admission_->queued(); });
  }

  test::ManualClock clock_;
  Silo silo_;
  std::unique_ptr<Admission> admission_;
  std::vector<Permit> held_;
};

TEST_F(AdmissionTest, APermitComesAtOnceWhenThereIsRoom) {
  Make(Door(0, 0, 2));
  Hold(Start(In(1s)));
  Hold(Start(In(1s)));
  EXPECT_FALSE(Free());
}

TEST_F(AdmissionTest, APermitThatEndsWakesTheNext) {
  Make(Door(0, 0, 1));
  Hold(Start(In(60s)));
  auto waiting = Start(In(60s));
  EXPECT_EQ(Queued(), 1u);
  test::OnLoop(silo_, [this] { held_.clear(); });
  Hold(std::move(waiting));
}

TEST_F(AdmissionTest, TheRateWakesTheNextOnTime) {
  Make(Door(100, 1, 1000));
  Hold(Start(In(60s)));
  auto waiting = Start(In(60s));
  EXPECT_EQ(Queued(), 1u);
  clock_.Advance(11ms);
  test::OnLoop(silo_, [this] { admission_->Poke(); });
  Hold(std::move(waiting));
}

TEST_F(AdmissionTest, TheTimerNeedsNoPoke) {
  admission_ = std::make_unique<Admission>(silo_.loop().get_executor(), RealClock(),
                                           std::vector<AdmissionEndpoint>{Door(200, 1, 1000)}, 1);
  for (int i = 0; i < 10; ++i) Hold(Start(In(60s)));
}

TEST_F(AdmissionTest, NoTurnBeforeTheDeadlineIsRefused) {
  Make(Door(0, 0, 1));
  Hold(Start(In(60s)));
  auto waiting = Start(Deadline{clock_.Now() + 10ms});
  EXPECT_EQ(Queued(), 1u);
  clock_.Advance(20ms);
  test::OnLoop(silo_, [this] { admission_->Poke(); });
  auto refused = waiting.get();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().rv, CKR_DEVICE_MEMORY);
}

TEST_F(AdmissionTest, WithNoEndpointAnsweringTheRefusalSaysDeviceError) {
  Make(Door(0, 0, 1));
  for (unsigned i = 0; i < Health::kFailuresToAvoid; ++i) {
    auto permit = Start(In(60s)).get();
    test::OnLoop(silo_, [&permit] {
      permit->Report(Verdict::kFailed);
      const Permit ended = std::move(*permit);
    });
  }
  EXPECT_FALSE(test::OnLoop(silo_, [this] { return admission_->Good(0); }));
  auto waiting = Start(Deadline{clock_.Now() + 10ms});
  EXPECT_EQ(Queued(), 1u);
  clock_.Advance(20ms);
  test::OnLoop(silo_, [this] { admission_->Poke(); });
  EXPECT_EQ(waiting.get().error().rv, CKR_DEVICE_ERROR);
}

TEST_F(AdmissionTest, CloseRefusesThoseWhoWaitAndThoseWhoCome) {
  Make(Door(0, 0, 1));
  Hold(Start(In(60s)));
  auto waiting = Start(In(60s));
  EXPECT_EQ(Queued(), 1u);
  test::OnLoop(silo_, [this] { admission_->Close(); });
  EXPECT_EQ(waiting.get().error().rv, CKR_DEVICE_ERROR);
  EXPECT_EQ(Start(In(60s)).get().error().rv, CKR_DEVICE_ERROR);
}

TEST_F(AdmissionTest, PermitsAndWaitersOutliveTheAdmission) {
  Make(Door(0, 0, 1));
  Hold(Start(In(60s)));
  auto waiting = Start(In(60s));
  EXPECT_EQ(Queued(), 1u);
  test::OnLoop(silo_, [this] { admission_.reset(); });
  EXPECT_FALSE(waiting.get().ok());
}

Awaitable<void> AcquireInto(Admission* admission, std::promise<bool>* granted) {
  const auto permit = co_await admission->Acquire(1, In(60s));
  granted->set_value(permit.ok());
}

// A coroutine that is cancelled while it waits leaves the queue.
TEST_F(AdmissionTest, ACancelledWaiterLeavesTheQueue) {
  Make(Door(0, 0, 1));
  Hold(Start(In(60s)));
  boost::asio::cancellation_signal cancel;
  std::promise<bool> granted;
  test::OnLoop(silo_, [&] {
    boost::asio::co_spawn(
        silo_.loop(), AcquireInto(admission_.get(), &granted),
        boost::asio::bind_cancellation_slot(cancel.slot(), boost::asio::detached));
  });
  EXPECT_EQ(Queued(), 1u);
  test::OnLoop(silo_, [&] { cancel.emit(boost::asio::cancellation_type::terminal); });
  EXPECT_FALSE(granted.get_future().get());
  EXPECT_EQ(Queued(), 0u);
}

TEST_F(AdmissionTest, AHundredWaitersOfTenApplicationsAllGetTheirTurn) {
  Make(Door(0, 0, 3));
  std::vector<std::future<Result<Permit>>> waiting;
  for (std::uint64_t i = 0; i < 100; ++i) {
    waiting.push_back(test::Start(silo_, Acquire(admission_.get(), i % 10, In(60s))));
  }
  for (int served = 0; served < 100;) {
    for (auto& each : waiting) {
      if (!each.valid() || each.wait_for(0s) != std::future_status::ready) continue;
      auto permit = each.get();
      ASSERT_TRUE(permit.ok());
      test::OnLoop(silo_, [&permit] { const Permit ended = std::move(*permit); });
      ++served;
    }
  }
  EXPECT_EQ(Queued(), 0u);
}

}  // namespace
}  // namespace gw
