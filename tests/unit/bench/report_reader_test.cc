// Reading what the tools write; and that every other file is refused with its name and its fault.
#include "bench/load/report/report_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/bench/report_files.h"

namespace gw::bench {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ComplaintOf(const json& report) {
  try {
    DataOf(report);
  } catch (const BadReport& bad) {
    return bad.what();
  }
  return "";
}

std::string ComplaintOfFile(const std::string& path) {
  ReportData data;
  try {
    ReadReportFile(path, data);
  } catch (const BadReport& bad) {
    return bad.what();
  }
  return "";
}

TEST(ReportReaderTest, ARunOfTheLoadToolIsReadWhole) {
  const ReportData data = DataOf(LoadSample());
  ASSERT_EQ(data.runs.size(), 1u);
  const MeasuredRun& run = data.runs[0];
  EXPECT_EQ(run.label, "run");
  EXPECT_EQ(run.operation, "ecdsa");
  EXPECT_EQ(run.target, "pkcs11-grep11.so");
  EXPECT_EQ(run.load, "8 processes \u00d7 2 threads, closed loop");
  EXPECT_EQ(run.in_flight, 16);
  EXPECT_EQ(run.per_second, 2000);
  EXPECT_EQ(run.latency.p99, 400);
  ASSERT_EQ(run.buckets.size(), 3u);
  EXPECT_EQ(run.buckets[2].lowest_us, 400);
  EXPECT_EQ(run.buckets[2].width_us, 2);
  EXPECT_THAT(run.problems, IsEmpty());
}

TEST(ReportReaderTest, CpuIsThatOfTheLoadAndOfWhatWasWatchedByName) {
  const MeasuredRun run = DataOf(LoadSample()).runs.at(0);
  ASSERT_EQ(run.cpu.size(), 2u);
  EXPECT_EQ(run.cpu[0].name, "load and module");
  EXPECT_DOUBLE_EQ(run.cpu[0].us_per_operation, 10);
  EXPECT_EQ(run.cpu[1].name, "daemon") << "as a comparison calls it";
  EXPECT_EQ(run.cpu[1].us_per_operation, 25);
}

TEST(ReportReaderTest, AWatchedProcessThatEndedHasNoCpuAndOneWithoutANameItsNumber) {
  json report = LoadSample();
  report["watched"] = {{{"pid", 7}, {"name", "grep11d"}, {"cpu_us_per_op", nullptr}},
                       {{"pid", 8}, {"cpu_us_per_op", 1.0}}};
  const MeasuredRun run = DataOf(report).runs.at(0);
  ASSERT_EQ(run.cpu.size(), 2u);
  EXPECT_EQ(run.cpu[1].name, "process 8");
}

TEST(ReportReaderTest, FloorsAreRunsToo) {
  json report = LoadSample();
  report["tool"] = "floor_grpc";
  report["options"] = {{"in_flight", 64}, {"address", "localhost:1"}};
  report["result"]["client_cpu_us_per_op"] = 33.0;
  const MeasuredRun run = DataOf(report).runs.at(0);
  EXPECT_EQ(run.operation, "floor_grpc");
  EXPECT_EQ(run.in_flight, 64);
  ASSERT_EQ(run.cpu.size(), 1u);
  EXPECT_EQ(run.cpu[0].us_per_operation, 33);
}

TEST(ReportReaderTest, ErrorsFailuresAndInterruptedRunsAreProblems) {
  json report = LoadSample();
  report["result"]["errors_by_name"] = {{"CKR_DEVICE_ERROR", 3}};
  report["result"]["failures"] = {"process 9 died of signal 9"};
  report["result"]["end"] = "interrupted";
  EXPECT_THAT(
      DataOf(report).runs.at(0).problems,
      ElementsAre("CKR_DEVICE_ERROR: 3", "process 9 died of signal 9", "the run was interrupted"));
}

TEST(ReportReaderTest, AFileWithoutAHistogramIsReadWithoutOne) {
  json report = LoadSample();
  report.erase("histogram");
  EXPECT_THAT(DataOf(report).runs.at(0).buckets, IsEmpty());
}

TEST(ReportReaderTest, AComparisonGivesRatiosPointsAndCpu) {
  const Comparison comparison = DataOf(CompareSample()).comparisons.at(0);
  ASSERT_EQ(comparison.rows.size(), 1u);
  EXPECT_EQ(comparison.rows[0].ratio->low, 1.0);
  EXPECT_EQ(comparison.rows[0].reach, 1.15);
  EXPECT_EQ(comparison.rows[0].met, true);
  ASSERT_EQ(comparison.throughput.size(), 1u);
  EXPECT_EQ(comparison.throughput[0].name, "sign");
  ASSERT_EQ(comparison.throughput[0].points.size(), 2u);
  EXPECT_EQ(comparison.throughput[0].points[0].in_flight, 1);
  EXPECT_EQ(comparison.throughput[0].points[0].per_second.median, 950) << "without failed rounds";
  EXPECT_EQ(comparison.throughput[0].points[1].in_flight, 64);
  ASSERT_EQ(comparison.cpu.size(), 1u);
  EXPECT_EQ(comparison.cpu[0].name, "sign 64");
  EXPECT_EQ(comparison.cpu[0].parts.at(0).name, "daemon");
  EXPECT_EQ(comparison.cpu[0].parts.at(0).us_per_operation, 42);
  EXPECT_EQ(comparison.requests_per_call.size(), 2u);
}

TEST(ReportReaderTest, AFigureWithoutAFloorIsARowWithoutARatio) {
  json report = CompareSample();
  report["figures"] = {{{"name", "size"}, {"ours", 90}, {"reach", 100}, {"met", true}},
                       {{"name", "for information"}, {"ours", 1}}};
  const auto rows = DataOf(report).comparisons.at(0).rows;
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].ours->median, 90);
  EXPECT_FALSE(rows[0].ratio.has_value());
  EXPECT_FALSE(rows[1].met.has_value());
}

TEST(ReportReaderTest, BuildAndMachineAreKept) {
  const Origin origin = DataOf(LoadSample()).origins.at(0);
  EXPECT_EQ(origin.file, "folder/run.json");
  EXPECT_EQ(origin.commit, "0123456789ab");
  EXPECT_EQ(origin.cores, 2);
}

struct Fault {
  const char* name;
  json::json_pointer where;
  json value;  // discarded: the field is taken away
  const char* complaint;
};

class ReportFaultTest : public testing::TestWithParam<Fault> {};

TEST_P(ReportFaultTest, IsNamedWithItsField) {
  json report =
      std::string(GetParam().name).starts_with("Compare") ? CompareSample() : LoadSample();
  const json::json_pointer& where = GetParam().where;
  if (GetParam().value.is_discarded()) {
    report.at(where.parent_pointer()).erase(where.back());
  } else {
    report[where] = GetParam().value;
  }
  EXPECT_EQ(ComplaintOf(report), std::string("folder/run.json") + GetParam().complaint);
}

const json kGone(json::value_t::discarded);

INSTANTIATE_TEST_SUITE_P(
    Fields, ReportFaultTest,
    testing::Values(
        Fault{"NoResult", "/result"_json_pointer, kGone, ": result: missing"},
        Fault{"NoLatency", "/result/latency_us/p50"_json_pointer, kGone,
              ": result.latency_us.p50: missing"},
        Fault{"TextForNumber", "/result/latency_us/p99"_json_pointer, "fast",
              ": result.latency_us.p99: not a number"},
        Fault{"NegativeNumber", "/result/throughput_per_s"_json_pointer, -1,
              ": result.throughput_per_s: not a number of zero or more"},
        Fault{"ListForObject", "/options"_json_pointer, json::array(), ": options: not an object"},
        Fault{"NumberForText", "/options/op"_json_pointer, 5, ": options.op: not a text"},
        Fault{"BucketOfTwo", "/histogram/buckets"_json_pointer, json{{1, 2}},
              ": histogram.buckets: not a list of [lowest, width, count]"},
        Fault{"BucketOfText", "/histogram/buckets"_json_pointer, json{{1, 2, "3"}},
              ": histogram.buckets: not a list of [lowest, width, count]"},
        Fault{"BucketsInDisorder", "/histogram/buckets"_json_pointer, json{{5, 1, 1}, {4, 1, 1}},
              ": histogram.buckets: not in ascending order"},
        Fault{"OtherUnit", "/histogram/unit"_json_pointer, "ms", ": histogram.unit: not ns"},
        Fault{"ProcessesAsNumber", "/processes"_json_pointer, 3, ": processes: not a list"},
        Fault{"NoMachine", "/machine"_json_pointer, kGone, ": machine: missing"},
        Fault{"CompareRounds", "/samples/sign_64/throughput"_json_pointer, 5,
              ": samples.sign_64.throughput: not a list"},
        Fault{"CompareRound", "/samples/sign_64/throughput"_json_pointer, json{"x"},
              ": samples.sign_64.throughput: not a list of numbers"},
        Fault{"CompareFigure", "/figures/0/name"_json_pointer, kGone, ": figures[].name: missing"}),
    [](const auto& fault) { return fault.param.name; });

TEST(ReportReaderTest, OtherReportsAreRefusedByName) {
  json report = LoadSample();
  report["tool"] = "attach_probe";
  EXPECT_THAT(ComplaintOf(report), HasSubstr("folder/run.json: a report of attach_probe; wanted"));
  report.erase("tool");
  EXPECT_THAT(ComplaintOf(report), HasSubstr("folder/run.json: no report; wanted"));
  EXPECT_THAT(ComplaintOf(json::array()), HasSubstr("folder/run.json: not an object"));
}

TEST(ReportReaderTest, FilesThatHoldNoJsonAreRefusedWithTheReason) {
  const test::TempDir dir;
  EXPECT_THAT(ComplaintOfFile(dir.File("none.json")),
              HasSubstr("none.json: cannot be read: No such"));
  EXPECT_THAT(ComplaintOfFile(dir.path().string()), HasSubstr(": is a folder"));
  EXPECT_THAT(ComplaintOfFile(dir.Write("text.json", "throughput 5")),
              HasSubstr("text.json: not JSON, from byte"));
  EXPECT_THAT(ComplaintOfFile(dir.Write("cut.json", LoadSample().dump().substr(0, 100))),
              HasSubstr("cut.json: not JSON"));
}

TEST(ReportReaderTest, TheNameOfAFileIsTheNameOfItsRun) {
  const test::TempDir dir;
  ReportData data;
  ReadReportFile(dir.Write("64 in flight.json", LoadSample().dump()), data);
  EXPECT_EQ(data.runs.at(0).label, "64 in flight");
}

}  // namespace
}  // namespace gw::bench
