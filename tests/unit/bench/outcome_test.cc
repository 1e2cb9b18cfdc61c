// The report as programs read it. bench/compare and people's own scripts depend on these names.
#include "bench/load/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/measure/usage.h"
#include "tests/unit/bench/fake_target.h"

namespace gw::bench {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> KeysOf(const json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

// Two operations of 1 ms and 3 ms in two seconds, and one failure.
std::unique_ptr<Outcome> SampleOutcome() {
  auto outcome = std::make_unique<Outcome>();
  const auto recorder = std::make_unique<Recorder>();
  recorder->Success({SteadyTime(1s), SteadyTime(1s), SteadyTime(1s + 1ms)});
  recorder->Success({SteadyTime(2s), SteadyTime(2s), SteadyTime(2s + 3ms)});
  recorder->Failure({SteadyTime(2s), SteadyTime(2s), SteadyTime(3s)}, CKR_DEVICE_ERROR);
  outcome->totals.Add(*recorder);
  outcome->seconds = 2;
  outcome->started_at = "2024-01-31T12:00:00Z";
  outcome->processes.push_back({42, 1000, 2000, 3'000'000'000, {300, 200, 100}});
  return outcome;
}

TEST(OutcomeTest, JsonHasTheDocumentedShape) {
  const json report = ReportJson(SmallRun(), *SampleOutcome());
  EXPECT_THAT(KeysOf(report),
              ::testing::ElementsAre("build", "histogram", "machine", "options", "processes",
                                     "result", "started_at", "tool", "watched"));
  EXPECT_THAT(KeysOf(report["build"]), ::testing::ElementsAre("build_type", "commit", "compiler"));
  EXPECT_THAT(KeysOf(report["machine"]),
              ::testing::ElementsAre("cores", "cpu", "host_memory_mib", "kernel"));
  EXPECT_THAT(KeysOf(report["result"]["latency_us"]),
              ::testing::ElementsAre("count", "max", "mean", "min", "p50", "p90", "p99", "p99.9"));
  EXPECT_THAT(KeysOf(report["processes"][0]),
              ::testing::ElementsAre("attach_us", "cpu_s", "memory", "pid", "setup_us"));
}

TEST(OutcomeTest, JsonCarriesTheFigures) {
  const json result = ReportJson(SmallRun(), *SampleOutcome())["result"];
  EXPECT_EQ(result["operations"], 2);
  EXPECT_EQ(result["throughput_per_s"], 1.0);
  EXPECT_EQ(result["errors"], 1);
  EXPECT_EQ(result["errors_by_name"], (json{{"CKR_DEVICE_ERROR", 1}}));
  EXPECT_EQ(result["latency_us"]["max"], 3000.0);
  EXPECT_NEAR(result["latency_us"]["p50"].get<double>(), 1000, 10);
  EXPECT_FALSE(result.contains("unstarted")) << "only an open loop has planned operations";
}

TEST(OutcomeTest, AWatchedProcessHasItsProgramAndItsShareOfAnOperation) {
  const auto outcome = SampleOutcome();
  outcome->watched.push_back({7, "grep11d", 50us});
  outcome->watched.push_back({8, "", std::nullopt});
  const json watched = ReportJson(SmallRun(), *outcome)["watched"];
  EXPECT_EQ(watched[0],
            (json{{"pid", 7}, {"name", "grep11d"}, {"cpu_s", 50e-6}, {"cpu_us_per_op", 25.0}}));
  EXPECT_EQ(watched[1]["cpu_us_per_op"], nullptr) << "it was gone";
}

TEST(OutcomeTest, AProgramIsNamedAsTheKernelNamesIt) {
  EXPECT_EQ(ProgramOf(getpid()), std::string("bench_test"));
  EXPECT_EQ(ProgramOf(0), "") << "there is no such process";
}

TEST(OutcomeTest, HistogramBucketsAddUpToTheOperations) {
  const json histogram = ReportJson(SmallRun(), *SampleOutcome())["histogram"];
  EXPECT_EQ(histogram["unit"], "ns");
  std::uint64_t sum = 0;
  for (const json& bucket : histogram["buckets"]) {
    ASSERT_EQ(bucket.size(), 3u);
    sum += bucket[2].get<std::uint64_t>();
  }
  EXPECT_EQ(sum, 2u);
}

TEST(OutcomeTest, OpenLoopSaysWhatNeverStarted) {
  Options options = SmallRun();
  options.rate_per_s = 500;
  const auto outcome = SampleOutcome();
  outcome->unstarted = 7;
  EXPECT_EQ(ReportJson(options, *outcome)["result"]["unstarted"], 7);
  EXPECT_EQ(ReportJson(options, *outcome)["options"]["loop"], "open");
}

TEST(OutcomeTest, ThePinIsInNoReport) {
  Options options = SmallRun();
  options.pin.emplace(ViewOf("planted-pin"));
  std::ostringstream text;
  PrintReport(text, options, *SampleOutcome());
  EXPECT_THAT(text.str(), Not(HasSubstr("planted-pin")));
  EXPECT_THAT(ReportJson(options, *SampleOutcome()).dump(), Not(HasSubstr("planted-pin")));
}

TEST(OutcomeTest, TextNamesErrorsByTheirCode) {
  std::ostringstream text;
  PrintReport(text, SmallRun(), *SampleOutcome());
  EXPECT_THAT(text.str(), HasSubstr("CKR_DEVICE_ERROR"));
  EXPECT_THAT(text.str(), HasSubstr("2 operations in 2.000 s: 1.0 /s"));
}

TEST(OutcomeTest, OnlyACleanRunIsFlawless) {
  Outcome clean;
  EXPECT_TRUE(clean.Flawless());
  EXPECT_FALSE(SampleOutcome()->Flawless());
  clean.failures.emplace_back("process 1: ended");
  EXPECT_FALSE(clean.Flawless());
}

}  // namespace
}  // namespace gw::bench
