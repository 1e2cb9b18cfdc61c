// The command line: what it yields, and what it refuses.
#include "bench/load/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "bench/load/workload.h"

namespace gw::bench {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

ParsedOptions Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "grep11-load");
  return ParseOptions(static_cast<int>(arguments.size()), arguments.data());
}

class OptionsTest : public ::testing::Test {
 protected:
  OptionsTest() { unsetenv("GREP11_PIN"); }
};

TEST_F(OptionsTest, DefaultsAreOneWorkerForTenSeconds) {
  const auto parsed = Parse({"--module", "m.so"});
  ASSERT_TRUE(parsed.options);
  EXPECT_EQ(parsed.options->Workers(), 1u);
  EXPECT_EQ(parsed.options->duration, 10s);
  EXPECT_EQ(parsed.options->count, 0u);
  EXPECT_EQ(parsed.options->rate_per_s, 0);
  EXPECT_FALSE(parsed.options->pin);
}

TEST_F(OptionsTest, ValuesArrive) {
  const auto parsed =
      Parse({"--module", "m.so",        "--slot", "7",         "--pin",  "abc",        "--op",
             "hmac",     "--processes", "3",      "--threads", "4",      "--duration", "0.5",
             "--warmup", "2",           "--rate", "250.5",     "--size", "99"});
  ASSERT_TRUE(parsed.options);
  EXPECT_EQ(parsed.options->slot, 7u);
  EXPECT_EQ(parsed.options->pin->text(), "abc");
  EXPECT_EQ(parsed.options->Workers(), 12u);
  EXPECT_EQ(parsed.options->duration, 500ms);
  EXPECT_EQ(parsed.options->warmup, 2s);
  EXPECT_EQ(parsed.options->rate_per_s, 250.5);
  EXPECT_EQ(parsed.options->size_bytes, 99u);
}

TEST_F(OptionsTest, CountReplacesTheDuration) {
  const auto parsed = Parse({"--module", "m.so", "--count", "1000"});
  ASSERT_TRUE(parsed.options);
  EXPECT_EQ(parsed.options->count, 1000u);
  EXPECT_EQ(parsed.options->duration, 0s);
}

TEST_F(OptionsTest, PinComesFromTheEnvironmentUnlessGiven) {
  setenv("GREP11_PIN", "from-environment", 1);
  EXPECT_EQ(Parse({"--module", "m.so"}).options->pin->text(), "from-environment");
  EXPECT_EQ(Parse({"--module", "m.so", "--pin", "given"}).options->pin->text(), "given");
  unsetenv("GREP11_PIN");
}

TEST_F(OptionsTest, PinFileGivesItsFirstLine) {
  const std::string path = ::testing::TempDir() + "grep11-load-pin-" + std::to_string(getpid());
  std::ofstream(path) << "secret\nsecond line\n";
  EXPECT_EQ(Parse({"--module", "m.so", "--pin-file", path.c_str()}).options->pin->text(), "secret");
  unlink(path.c_str());
}

TEST_F(OptionsTest, HelpAndVersionEndWithStatusZero) {
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(Parse({"--help"}).exit_code, 0);
  EXPECT_FALSE(Parse({"--help"}).options);
  const std::string help = ::testing::internal::GetCapturedStdout();
  for (const Workload& row : Workloads())
    EXPECT_THAT(help, HasSubstr("  " + std::string(row.name) + " "));
  EXPECT_THAT(help, HasSubstr("EXAMPLES"));
  EXPECT_THAT(help, HasSubstr("EXIT STATUS"));
  EXPECT_EQ(Parse({"--version"}).exit_code, 0);
}

struct Refusal {
  const char* name;
  std::vector<const char*> arguments;
  const char* complaint;
};

class RefusedOptionsTest : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedOptionsTest, WrongCommandLineIsRefusedWithAReason) {
  unsetenv("GREP11_PIN");
  ::testing::internal::CaptureStderr();
  const auto parsed = Parse(GetParam().arguments);
  const std::string complaint = ::testing::internal::GetCapturedStderr();
  EXPECT_FALSE(parsed.options);
  EXPECT_EQ(parsed.exit_code, kExitUsage);
  EXPECT_THAT(complaint, HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedOptionsTest,
    ::testing::Values(
        Refusal{"NoTarget", {}, "either --module PATH or --direct"},
        Refusal{"TwoTargets",
                {"--module", "m", "--direct", "--grep11", "a:1", "--ca", "c"},
                "either --module"},
        Refusal{"UnknownOperation", {"--module", "m", "--op", "juggle"}, "no operation 'juggle'"},
        Refusal{"UnknownOption", {"--module", "m", "--fast"}, "--fast"},
        Refusal{"NoWorkers", {"--module", "m", "--threads", "0"}, "--threads"},
        Refusal{"TooManyWorkers",
                {"--module", "m", "--threads", "4096", "--processes", "2"},
                "4096 workers"},
        Refusal{"NegativeRate", {"--module", "m", "--rate", "-1"}, "--rate"},
        Refusal{"WordForNumber", {"--module", "m", "--duration", "long"}, "--duration"},
        Refusal{
            "CountAndDuration", {"--module", "m", "--count", "5", "--duration", "5"}, "--duration"},
        Refusal{"HugeSize", {"--module", "m", "--size", "67108865"}, "--size"},
        Refusal{"TwoPins", {"--module", "m", "--pin", "a", "--pin-file", "b"}, "--pin"},
        Refusal{"MissingPinFile",
                {"--module", "m", "--pin-file", "/nonexistent/pin"},
                "cannot read a PIN"},
        Refusal{"LoginWithoutPin", {"--module", "m", "--op", "login"}, "needs a PIN"},
        Refusal{"LoginInThreads",
                {"--module", "m", "--pin", "1", "--op", "login", "--threads", "2"},
                "--processes"},
        Refusal{"DirectWithoutAddress", {"--direct", "--ca", "c"}, "--grep11"},
        Refusal{"DirectWithoutCa", {"--direct", "--grep11", "a:1"}, "--ca"},
        Refusal{
            "DirectHmac", {"--direct", "--grep11", "a:1", "--ca", "c", "--op", "hmac"}, "ecdsa"},
        Refusal{"DirectWithLabel",
                {"--direct", "--grep11", "a:1", "--ca", "c", "--key-label", "k"},
                "--key-label"},
        Refusal{"IamWithoutKey",
                {"--direct", "--grep11", "a:1", "--ca", "c", "--iam", "https://h"},
                "--apikey-file"},
        Refusal{"CertificateWithoutKey",
                {"--direct", "--grep11", "a:1", "--ca", "c", "--cert", "c"},
                "--key"},
        Refusal{"AddressWithoutDirect", {"--module", "m", "--grep11", "a:1"}, "--direct"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace gw::bench
