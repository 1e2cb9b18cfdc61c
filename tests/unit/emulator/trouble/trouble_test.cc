// Room: tests. Durations, latency, rate, delays and faults.
#include "emulator/trouble/trouble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "emulator/trouble/delay_line.h"

namespace gw::emulator {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(DurationTest, ReadsUnitsAndFractions) {
  EXPECT_EQ(ParseDuration("250us"), 250us);
  EXPECT_EQ(ParseDuration("1.5ms"), 1500us);
  EXPECT_EQ(ParseDuration("2s"), 2s);
  EXPECT_EQ(ParseDuration("7ns"), 7ns);
  EXPECT_EQ(ParseDuration("0"), 0s);
  for (const char* bad : {"", "5", "ms", "-1ms", "1 ms", "1e99s", "nans", "4000s"}) {
    EXPECT_FALSE(ParseDuration(bad).has_value()) << bad;
  }
}

TEST(LatencyTest, RefusesWhatIsNoDistribution) {
  for (const char* bad : {"", "x", "normal:", "normal:1ms", "normal:1ms,1ms,1", "longtail:1ms,2ms",
                          "longtail:1ms,2ms,1.5", "longtail:1ms,2ms,x"}) {
    EXPECT_FALSE(Latency::Parse(bad).has_value()) << bad;
  }
}

TEST(LatencyTest, DrawsFromItsDistribution) {
  std::mt19937_64 random(1);
  EXPECT_EQ(Latency::Parse("5ms")->Sample(random), 5ms);
  const auto normal = Latency::Parse("normal:2ms,0.5ms");
  const auto tail = Latency::Parse("longtail:1ms,20ms,0.1");
  double sum_ms = 0;
  int rare = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Nanoseconds drawn = normal->Sample(random);
    ASSERT_GE(drawn, 0ns);
    sum_ms += static_cast<double>(drawn.count()) / 1e6;
    if (tail->Sample(random) == 20ms) ++rare;
  }
  EXPECT_NEAR(sum_ms / 10'000, 2.0, 0.05);
  EXPECT_NEAR(rare, 1000, 150);
}

TEST(RateLimitTest, LetsTheBurstThroughAndThenTheRate) {
  RateLimit limit(1, 100, 10);
  TokenBucket::Time now(1h);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(limit.Take(now), Turn::kTaken) << i;
  EXPECT_EQ(limit.Take(now), Turn::kAboveRate);
  int admitted = 0;
  for (int ms = 1; ms <= 1000; ++ms) admitted += limit.Take(now + ms * 1ms) == Turn::kTaken ? 1 : 0;
  EXPECT_EQ(admitted, 100);
}

TEST(RateLimitTest, UnitsTakeTurns) {
  RateLimit limit(3, 100, 1);
  const TokenBucket::Time now(1h);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limit.Take(now), Turn::kTaken);
  EXPECT_EQ(limit.Take(now), Turn::kAboveRate);
}

TEST(RateLimitTest, ZeroIsNoLimitAndMayChange) {
  RateLimit limit(1, 0, 1);
  const TokenBucket::Time now(1h);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(limit.Take(now), Turn::kTaken);
  limit.SetRate(10);
  EXPECT_EQ(limit.Take(now), Turn::kTaken);
  EXPECT_EQ(limit.Take(now), Turn::kAboveRate);
  limit.SetRate(0);
  EXPECT_EQ(limit.Take(now), Turn::kTaken);
}

TEST(DelayLineTest, RunsInOrderOfTime) {
  DelayLine line;
  std::vector<int> order;  // written by the line's thread, read after the promise
  std::promise<void> done;
  const auto now = std::chrono::steady_clock::now();
  line.At(now + 20ms, [&] {
    order.push_back(3);
    done.set_value();
  });
  line.At(now + 1ms, [&] { order.push_back(1); });
  line.At(now + 10ms, [&] { order.push_back(2); });
  done.get_future().wait();
  EXPECT_GE(std::chrono::steady_clock::now(), now + 20ms);
  EXPECT_THAT(order, ElementsAre(1, 2, 3));
}

TEST(DelayLineTest, StopRunsWhatWaitsAndLaterWorkAtOnce) {
  DelayLine line;
  bool ran = false;
  line.At(std::chrono::steady_clock::now() + 1h, [&ran] { ran = true; });
  line.Stop();
  EXPECT_TRUE(ran);
  bool later = false;
  line.At(std::chrono::steady_clock::now() + 1h, [&later] { later = true; });
  EXPECT_TRUE(later);
}

TEST(TroubleTest, FaultsAreHandedOutAsOftenAsAsked) {
  Trouble trouble(Latency(), 1, 0, 1);
  EXPECT_FALSE(trouble.TakeFault("SignSingle").has_value());
  trouble.AddFault({"SignSingle", 14, 0, false, 2});
  EXPECT_FALSE(trouble.TakeFault("Digest").has_value());
  EXPECT_EQ(trouble.TakeFault("SignSingle")->grpc_code, 14);
  EXPECT_TRUE(trouble.TakeFault("SignSingle").has_value());
  EXPECT_FALSE(trouble.TakeFault("SignSingle").has_value());
  trouble.AddFault({"*", 14, 0, false, 100});
  EXPECT_TRUE(trouble.TakeFault("Digest").has_value());
  trouble.ClearFaults();
  EXPECT_FALSE(trouble.TakeFault("Digest").has_value());
}

TEST(TroubleTest, LatencyMayChangeAtAnyTime) {
  Trouble trouble(Latency(), 1, 0, 1);
  EXPECT_EQ(trouble.SampleLatency("SignSingle"), 0ns);
  trouble.SetLatency(*Latency::Parse("3ms"));
  EXPECT_EQ(trouble.SampleLatency("SignSingle"), 3ms);
  trouble.SetLatency(Latency());
  EXPECT_EQ(trouble.SampleLatency("SignSingle"), 0ns);
  EXPECT_EQ(trouble.SampleLatency("SignSingle"), 0ns);
}

}  // namespace
}  // namespace gw::emulator
