// Finding, opening and finishing: search order, file modes, what a bad file leaves behind.
#include "daemon/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/config/config_text.h"

namespace gw {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A folder of its own for each test.
class LoadTest : public ::testing::Test {
 protected:
  LoadTest() {
    std::string pattern = ::testing::TempDir() + "gw-config-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~LoadTest() override { std::filesystem::remove_all(directory_); }

  std::string Write(const std::string& name, std::string_view text, mode_t mode = 0600) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    return path;
  }

  std::string directory_;
};

// Sets the vendor's variable for one test; null: takes it away.
class VendorVariable {
 public:
  explicit VendorVariable(const char* value) {
    value == nullptr ? unsetenv("EP11CLIENT_CFG") : setenv("EP11CLIENT_CFG", value, 1);
  }
  ~VendorVariable() { unsetenv("EP11CLIENT_CFG"); }
};

TEST_F(LoadTest, R270TheFlagNamesTheOneFile) {
  const VendorVariable variable("/elsewhere");
  EXPECT_THAT(ConfigSearchPath("/etc/mine.conf"), ElementsAre("/etc/mine.conf"));
}

TEST_F(LoadTest, R270TheVendorsVariableNamesTheOneFile) {
  const VendorVariable variable("/opt/any-name.yml");
  EXPECT_THAT(ConfigSearchPath(nullptr), ElementsAre("/opt/any-name.yml"));
}

TEST_F(LoadTest, R270OtherwiseOurFileThenTheVendorsThenTheWorkingDirectory) {
  const auto order = ElementsAre("/etc/grep11d/gateway.conf", "/etc/ep11client/grep11client.yaml",
                                 "grep11client.yaml");
  const VendorVariable none(nullptr);
  EXPECT_THAT(ConfigSearchPath(nullptr), order);
  const VendorVariable empty("");
  EXPECT_THAT(ConfigSearchPath(nullptr), order);
}

TEST_F(LoadTest, R270TheFirstFileThatExistsIsLoaded) {
  const std::string second = Write("second", kMinimal);
  const std::string third = Write("third", "nonsense");
  const LoadedConfig loaded = LoadFirstConfig({directory_ + "/first", second, third});
  ASSERT_NE(loaded.config, nullptr);
  EXPECT_EQ(loaded.config->file, second);
}

TEST_F(LoadTest, R270ABadFileIsNotPassedOverForALaterOne) {
  const std::string bad = Write("bad", "nonsense");
  const std::string good = Write("good", kMinimal);
  const LoadedConfig loaded = LoadFirstConfig({bad, good});
  EXPECT_EQ(loaded.config, nullptr);
  EXPECT_THAT(Lines(loaded), ElementsAre("1: must be a section with keys, of which tokens is one"));
}

TEST_F(LoadTest, R271WithoutAFileTheComplaintNamesEveryPathTried) {
  const LoadedConfig loaded = LoadFirstConfig({directory_ + "/a", directory_ + "/b"});
  EXPECT_EQ(loaded.config, nullptr);
  EXPECT_THAT(Lines(loaded), ElementsAre("0: Config File \"grep11client\" Not Found; tried " +
                                         directory_ + "/a, " + directory_ + "/b"));
}

TEST_F(LoadTest, AFileThatIsNotThereIsAnError) {
  const LoadedConfig loaded = LoadConfig(directory_ + "/none");
  EXPECT_EQ(loaded.config, nullptr);
  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_EQ(Describe(loaded.errors[0]),
            directory_ + "/none: cannot be opened: No such file or directory");
}

TEST_F(LoadTest, AFolderOrAPipeIsNotAFile) {
  EXPECT_THAT(Lines(LoadConfig(directory_)), ElementsAre("0: is not a file"));
  const std::string pipe = directory_ + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(Lines(LoadConfig(pipe)), ElementsAre("0: is not a file"));
}

TEST_F(LoadTest, AFileThatCannotBeReadIsAnError) {
  const std::string path = Write("closed", kMinimal, 0200);
  // Root reads every file, so this is tried as another user then.
  const bool root = geteuid() == 0;
  if (root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const LoadedConfig loaded = LoadFirstConfig({path});
  if (root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_THAT(Lines(loaded), ElementsAre("0: cannot be opened: Permission denied"));
}

TEST_F(LoadTest, AFileOverTheLimitIsRefusedWithoutReadingAllOfIt) {
  const std::string path = Write("large", kMinimal);
  ASSERT_EQ(truncate(path.c_str(), off_t{1} << 40), 0);
  EXPECT_THAT(Lines(LoadConfig(path)), ElementsAre("0: larger than 1048576 bytes"));
}

TEST_F(LoadTest, R272AKeyThatEverybodyCanReadIsWarnedAbout) {
  const std::string text =
      "0: every user of this host can read the API key in this file; chmod o-r";
  EXPECT_THAT(Lines(LoadConfig(Write("open", kMinimal, 0644))), ElementsAre("warning " + text));
  EXPECT_THAT(Lines(LoadConfig(Write("group", kMinimal, 0640))), IsEmpty());
}

TEST_F(LoadTest, R272AFileWithoutSecretsMayBeReadByAll) {
  const std::string keyless = With(With(kMinimal, "apikey: \"anonymous-key\"", "enabled: false"),
                                   "ep11.example.test", "localhost");
  const std::string open =
      With(keyless, "      1:\n", "      1:\n        iamauth: {enabled: no}\n");
  EXPECT_THAT(Lines(LoadConfig(Write("open", open, 0644))),
              ElementsAre(HasSubstr("neither IAM nor a client certificate")));
}

TEST_F(LoadTest, R272AFileThatEverybodyCanChangeIsRefused) {
  const LoadedConfig loaded = LoadConfig(Write("loose", kMinimal, 0602));
  EXPECT_EQ(loaded.config, nullptr);
  EXPECT_THAT(Lines(loaded),
              ElementsAre("0: every user of this host can change this file; chmod o-w"));
}

TEST_F(LoadTest, R289AnErrorLeavesNoConfigSoTheOldOneStays) {
  ConfigPtr running = LoadConfig(Write("conf", kMinimal)).config;
  ASSERT_NE(running, nullptr);
  const std::string path = Write("conf", With(kMinimal, "\"443\"", "0"));
  const LoadedConfig reloaded = LoadConfig(path);
  EXPECT_EQ(reloaded.config, nullptr);
  EXPECT_THAT(Lines(reloaded), ElementsAre("5: tokens.0.grep11connection.port: must be a port from "
                                           "1 to 65535"));
  EXPECT_EQ(running->tokens[0].endpoints[0].port, 443);
}

TEST_F(LoadTest, AnEmptyFileSaysSo) {
  EXPECT_THAT(Complaints(""), ElementsAre("0: the file is empty"));
  EXPECT_THAT(Complaints("# nothing\n"), ElementsAre("0: the file is empty"));
  EXPECT_THAT(Complaints("---\n"), ElementsAre("0: the file is empty"));
}

TEST_F(LoadTest, BrokenYamlIsOneComplaintWithItsLine) {
  EXPECT_THAT(Complaints("tokens:\n  0: {a: b\nx: [\n"), ElementsAre(HasSubstr(": not YAML: ")));
}

TEST_F(LoadTest, AllComplaintsComeAtOnceSortedByLine) {
  std::string text = With(kMinimal, "ep11.example.test", "https://ep11");
  text = With(text, "\"443\"", "99999");
  text = With(text, "enabled: true", "enabled: maybe");
  text += "gateway:\n  sokcet: /x\n  limits:\n    connections: 0\nlogging:\n  loglevel: loud\n";
  EXPECT_THAT(
      Complaints(text),
      ElementsAre("4: tokens.0.grep11connection.address: must be a host name without a scheme",
                  "5: tokens.0.grep11connection.port: must be a port from 1 to 65535",
                  "8: tokens.0.storage.remotestore.enabled: must be true or false",
                  "17: gateway.sokcet: unknown key; did you mean \"socket\"?",
                  "19: gateway.limits.connections: must be from 1 to 1000000",
                  "warning 21: logging.loglevel: is not panic, fatal, error, warning, info, debug "
                  "or trace; taken as warning"));
}

TEST_F(LoadTest, WarningsAreAlsoInTheConfig) {
  const LoadedConfig loaded = LoadConfigText(std::string(kMinimal) + "colour: blue\n", "test.yaml");
  ASSERT_NE(loaded.config, nullptr);
  EXPECT_THAT(loaded.config->warnings, ElementsAre("test.yaml:16: colour: unknown key, ignored"));
}

TEST_F(LoadTest, NoComplaintRepeatsASecret) {
  constexpr std::string_view kSecret = "Xk9-planted-secret-Zq";
  const std::string auth = "{enabled: true, tokenspaceIDPassword: " + std::string(kSecret) + "}";
  std::string text = With(kMinimal, "anonymous-key", kSecret);
  text = With(text, "      1:\n",
              "      1:\n        keystorePassword: \"" + std::string(kSecret) + "x\"\n" +
                  "        iamauth: {apikey: " + std::string(kSecret) + "}\n" +
                  "        sessionauth: " + auth + "\n");
  const std::vector<std::string> lines = Complaints(text);
  EXPECT_GE(lines.size(), 4u);
  for (const std::string& line : lines) EXPECT_THAT(line, Not(HasSubstr(std::string(kSecret))));
}

}  // namespace
}  // namespace gw
