// The programs as a shell sees them: exit codes and floors that need nothing but this host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_dir.h"
#include "tests/unit/bench/run_program.h"

namespace gw::bench {
namespace {

using ::testing::HasSubstr;

const std::string kLoad = GW_LOAD_PROGRAM;
const std::string kFloorUds = GW_FLOOR_UDS_PROGRAM;
const std::string kAttachProbe = GW_ATTACH_PROBE_PROGRAM;
const std::string kAttachMany = GW_ATTACH_MANY_PROGRAM;

TEST(LoadProgramTest, AModuleThatDoesNotExistEndsWithStatusTwoAndItsName) {
  const Finished run = RunProgram(kLoad + " --module /nonexistent/module.so 2>&1");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr("/nonexistent/module.so"));
}

TEST(LoadProgramTest, ALibraryThatIsNoModuleEndsWithStatusTwo) {
  const Finished run = RunProgram(kLoad + " --module libm.so.6 2>&1");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr("C_GetFunctionList"));
}

TEST(LoadProgramTest, AWrongCommandLineEndsWithStatus64) {
  EXPECT_EQ(RunProgram(kLoad + " 2>&1").exit_code, 64);
}

TEST(LoadProgramTest, DirectIsHandedToTheProgramBesideIt) {
  // The certificates cannot be read, and only the direct program looks at them.
  const Finished run =
      RunProgram(kLoad + " --direct --grep11 localhost:1 --ca /nonexistent/ca.pem 2>&1");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr("cannot read /nonexistent/ca.pem"));
}

TEST(ReportProgramTest, DrawsWhatAFloorHasWritten) {
  const test::TempDir dir;
  const std::string json = dir.File("bare socket.json");
  ASSERT_EQ(RunProgram(kFloorUds + " --count 1000 --json '" + json + "'").exit_code, 0);
  const Finished run = RunProgram(kLoad + " report '" + json + "' --output - 2>&1");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_TRUE(run.output.starts_with("<!DOCTYPE html>"));
  EXPECT_TRUE(run.output.ends_with("</html>\n"));
  EXPECT_THAT(run.output, HasSubstr("<path class=\"line s0\""));
  EXPECT_THAT(run.output, HasSubstr("</svg>bare socket <small>p50 "));
}

TEST(ReportProgramTest, AFileThatIsNoReportIsNamedAndNothingIsWritten) {
  const test::TempDir dir;
  const std::string text = dir.Write("notes.txt", "much faster");
  const Finished run =
      RunProgram(kLoad + " report " + text + " --output " + dir.File("report.html") + " 2>&1");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr(text + ": not JSON"));
  EXPECT_FALSE(std::filesystem::exists(dir.File("report.html")));
}

TEST(ReportProgramTest, APageThatCannotBeWrittenAndAWrongCommandLineHaveTheirStatus) {
  const test::TempDir dir;
  const std::string json = dir.File("run.json");
  ASSERT_EQ(RunProgram(kFloorUds + " --count 10 --json " + json).exit_code, 0);
  const Finished run =
      RunProgram(kLoad + " report " + json + " --output /nonexistent/report.html 2>&1");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr("cannot write /nonexistent/report.html: No such file"));
  EXPECT_EQ(RunProgram(kLoad + " report " + json + " 2>&1").exit_code, 64);
  EXPECT_EQ(RunProgram(kLoad + " report --output x.html 2>&1").exit_code, 64);
}

TEST(LoadProgramTest, TheModulePathLinksNoGrpc) {
  const Finished run = RunProgram("ldd " + kLoad);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.output, HasSubstr("libc.so.6"));
  EXPECT_THAT(run.output, ::testing::Not(HasSubstr("grpc")));
}

TEST(FloorUdsTest, BothServersAnswerExactlyTheCount) {
  for (const char* server : {"threads", "epoll"}) {
    const Finished run =
        RunProgram(kFloorUds + " --threads 3 --count 5000 --json - --server " + server);
    EXPECT_EQ(run.exit_code, 0);
    const auto report = run.Json();
    ASSERT_TRUE(report.is_object()) << run.output;
    EXPECT_EQ(report["result"]["operations"], 5000);
    EXPECT_EQ(report["result"]["errors"], 0);
    EXPECT_GT(report["result"]["latency_us"]["p50"], 0.0);
    EXPECT_GT(report["result"]["server_cpu_us_per_op"], 0.0);
    std::uint64_t counted = 0;
    for (const auto& bucket : report["histogram"]["buckets"])
      counted += bucket[2].get<std::uint64_t>();
    EXPECT_EQ(counted, 5000u);
    EXPECT_GT(report["result"]["client_cpu_us_per_op"], 0.0);
    EXPECT_EQ(report["options"]["server"], server);
  }
}

TEST(FloorUdsTest, LargeFramesArriveWhole) {
  const Finished run = RunProgram(kFloorUds + " --count 50 --request 60000 --reply 60000 --json -");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.Json()["result"]["operations"], 50);
}

TEST(AttachProbeTest, AModuleThatDoesNotExistEndsWithStatusTwo) {
  EXPECT_EQ(RunProgram(kAttachProbe + " --module /nonexistent/module.so 2>&1").exit_code, 2);
}

TEST(AttachManyTest, WithoutADaemonItEndsWithStatusTwoAndNamesTheSocket) {
  const Finished run = RunProgram(kAttachMany + " --applications 3 --socket @nobody-here 2>&1");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr("application 1: connecting to @nobody-here"));
}

TEST(AttachManyTest, AWrongCommandLineEndsWithStatus64) {
  EXPECT_EQ(RunProgram(kAttachMany + " --applications 0 2>&1").exit_code, 64);
}

}  // namespace
}  // namespace gw::bench
