// grep11-load, attach_probe and sign_loop against a PKCS #11 module that is not ours: SoftHSM, with
// a token in a fresh folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/bench/run_program.h"

namespace gw::bench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kLoad = GW_LOAD_PROGRAM;
const std::string kAttachProbe = GW_ATTACH_PROBE_PROGRAM;
const std::string kSignLoop = GW_SIGN_LOOP_PROGRAM;

std::string ModulePath() {
  for (const char* path :
       {"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so"}) {
    if (fs::exists(path)) return path;
  }
  return {};
}

class SoftHsmTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    module_ = ModulePath();
    if (module_.empty()) GTEST_SKIP() << "the package softhsm2 is not installed";
    folder_ = fs::path(::testing::TempDir()) / ("softhsm-" + std::to_string(getpid()));
    fs::create_directories(folder_ / "tokens");
    std::ofstream(folder_ / "conf") << "directories.tokendir = " << (folder_ / "tokens").string()
                                    << "\nobjectstore.backend = file\nlog.level = ERROR\n";
    std::ofstream(folder_ / "pin") << "1234\n";
    setenv("SOFTHSM2_CONF", (folder_ / "conf").c_str(), 1);
    unsetenv("GREP11_PIN");
    const Finished made = RunProgram(
        "softhsm2-util --init-token --free --label bench --so-pin 12345678 --pin 1234 2>&1");
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }
  void TearDown() override {
    unsetenv("SOFTHSM2_CONF");
    fs::remove_all(folder_);
  }

  std::string WithPin() const { return " --pin-file " + (folder_ / "pin").string() + " "; }
  Finished Load(const std::string& arguments) const {
    return RunProgram(kLoad + " --module " + module_ + " --json - " + arguments + " 2>&1");
  }

  std::string module_;
  fs::path folder_;
};

TEST_P(SoftHsmTest, EachOperationRunsWithoutErrors) {
  const Finished run = Load(WithPin() + "--verify-every 5 --count 20 --op " + GetParam());
  const auto report = run.Json();
  ASSERT_TRUE(report.is_object()) << run.output;
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_EQ(report["result"]["operations"], 20);
  EXPECT_EQ(report["result"]["errors"], 0) << report["result"]["errors_by_name"];
}

INSTANTIATE_TEST_SUITE_P(Operations, SoftHsmTest,
                         ::testing::Values("ecdsa", "rsa", "rsa-pss", "rsa-decrypt", "hmac",
                                           "aes-cbc", "aes-ecb", "verify", "random", "digest",
                                           "digest-parts", "found", "find", "session-info",
                                           "attribute", "login", "keygen-ec"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(SoftHsmTest, ObjectsThatAreMadeAreFoundByTheirLabel) {
  EXPECT_EQ(Load(WithPin() + "--op create-object --count 2 --key-label needle").exit_code, 0);
  EXPECT_EQ(Load(WithPin() + "--op create-object --count 5").exit_code, 0);
  const auto found = Load(WithPin() + "--op find-label --count 3 --key-label needle").Json();
  EXPECT_EQ(found["result"]["operations"], 3) << found;
  EXPECT_EQ(Load(WithPin() + "--op find-label --count 1 --key-label other").exit_code, 1);
  const Finished without = Load(WithPin() + "--op find-label --count 1");
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.output, HasSubstr("--key-label"));
}

TEST_F(SoftHsmTest, PartsGiveTheDigestOfTheWhole) {
  for (const char* size : {"1048576", "3000001"}) {
    const auto parts = Load(std::string("--op digest-parts --count 2 --size ") + size).Json();
    EXPECT_EQ(parts["result"]["operations"], 2) << parts;
  }
}

TEST_F(SoftHsmTest, CannedSignaturesAreNotVerifiedAndTheReportSaysSo) {
  const auto report = Load(WithPin() + "--op ecdsa --count 3 --canned-signatures").Json();
  EXPECT_EQ(report["options"]["signatures"], "canned");
  EXPECT_EQ(report["result"]["verified"], 0);
  const auto made = Load(WithPin() + "--op ecdsa --count 3").Json();
  EXPECT_EQ(made["options"]["signatures"], "made");
  EXPECT_EQ(made["result"]["verified"], 1);
}

TEST_F(SoftHsmTest, SignaturesAreVerifiedByTheModule) {
  EXPECT_EQ(Load(WithPin() + "--op ecdsa --count 20 --verify-every 5").Json()["result"]["verified"],
            4);
}

// SoftHSM spoils its token when several processes log in at once, so these do without a login.
TEST_F(SoftHsmTest, ProcessesTimesThreadsDoExactlyTheCount) {
  const auto report = Load("--op random --count 1000 --processes 3 --threads 2").Json();
  EXPECT_EQ(report["result"]["operations"], 1000);
  EXPECT_EQ(report["processes"].size(), 3u);
}

TEST_F(SoftHsmTest, OpenLoopKeepsTheRate) {
  const auto report = Load("--op digest --rate 200 --count 100 --threads 4").Json();
  EXPECT_EQ(report["result"]["operations"], 100);
  EXPECT_EQ(report["result"]["unstarted"], 0);
  EXPECT_GE(report["result"]["seconds"], 0.49);
}

TEST_F(SoftHsmTest, AWrongPinStopsTheRunBeforeItBegins) {
  const Finished run = Load("--pin 9999 --op ecdsa --count 1");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr("CKR_PIN_INCORRECT"));
}

TEST_F(SoftHsmTest, AnUnknownLabelStopsTheRunBeforeItBegins) {
  const Finished run = Load(WithPin() + "--op ecdsa --count 1 --key-label nobody");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr("nobody"));
}

TEST_F(SoftHsmTest, FailedOperationsDecideTheExitStatus) {
  // Two octets more than RSA-2048 with PKCS #1 padding can sign.
  const std::string too_long = WithPin() + "--op rsa --size 247 --count 3";
  const Finished run = Load(too_long);
  EXPECT_EQ(run.exit_code, 1);
  const auto result = run.Json()["result"];
  EXPECT_EQ(result["errors"], 3);
  EXPECT_EQ(result["operations"], 0);
  // Which code that is, is the module's choice; SoftHSM calls it a general error.
  EXPECT_EQ(result["errors_by_name"]["CKR_GENERAL_ERROR"], 3) << result;
  EXPECT_EQ(Load(too_long + " --allow-errors").exit_code, 0);
}

TEST_F(SoftHsmTest, NoKeyIsLeftBehind) {
  ASSERT_EQ(Load(WithPin() + "--op rsa --count 1").exit_code, 0);
  const auto objects = fs::recursive_directory_iterator(folder_ / "tokens");
  EXPECT_EQ(std::ranges::count_if(
                objects, [](const auto& entry) { return entry.path().extension() == ".object"; }),
            1)
      << "only the token's own description";
}

TEST_F(SoftHsmTest, AttachProbeReportsTimeAndMemory) {
  const Finished run = RunProgram(kAttachProbe + " --json - --module " + module_ + WithPin());
  EXPECT_EQ(run.exit_code, 0);
  const auto report = run.Json();
  EXPECT_GT(report["attach_us"], 0.0);
  EXPECT_GT(report["memory"]["attached"]["rss_kib"], report["memory"]["before"]["rss_kib"]);
  EXPECT_GE(report["memory"]["signed_once"]["private_kib"],
            report["memory"]["attached"]["private_kib"]);
}

TEST_F(SoftHsmTest, SignLoopSignsAndSaysWhatItWasBuiltFrom) {
  const Finished run = RunProgram(kSignLoop + " --count 3 --module " + module_ + WithPin());
  EXPECT_EQ(run.exit_code, 0);
  const auto report = run.Json();
  EXPECT_EQ(report["signatures"], 3);
  EXPECT_FALSE(report["build"]["compiler"].get<std::string>().empty());
}

TEST_F(SoftHsmTest, SignLoopNeedsACountAndAPin) {
  const std::string command = kSignLoop + " --module " + module_;
  EXPECT_EQ(RunProgram(command + WithPin() + "2>&1").exit_code, 64);
  EXPECT_EQ(RunProgram(command + WithPin() + "--count 0 2>&1").exit_code, 64);
  const Finished run = RunProgram(command + " --count 1 --pin-file /nonexistent/pin 2>&1");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.output, HasSubstr("/nonexistent/pin"));
}

}  // namespace
}  // namespace gw::bench
