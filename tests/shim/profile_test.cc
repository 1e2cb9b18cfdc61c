// EP11CLIENT_CFG of the application: told to the daemon in Attach, and nothing is opened by it.
#include <gmock/gmock.h>
#include <stdlib.h>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

constexpr char kVariable[] = "EP11CLIENT_CFG";
const std::string kFile = "/etc/payments/grep11client.yaml";
const std::string kVersion = GW_VERSION;

class ToldProfileTest : public ShimTest {
 protected:
  ~ToldProfileTest() override { unsetenv(kVariable); }

  // What each Attach so far has said of the shim.
  std::vector<std::string> Told() const {
    std::vector<std::string> told;
    for (const Frame& frame : daemon_->Attaches()) {
      constexpr std::size_t kBefore = 4 + 2 + 2;
      std::uint32_t size = 0;
      memcpy(&size, frame.body.data() + kBefore, sizeof size);
      told.push_back(frame.body.substr(kBefore + sizeof size, size));
    }
    return told;
  }
  static std::string VersionAnd(const std::string& profile) {
    return kVersion + std::string(1, '\0') + profile;
  }
};

TEST_F(ToldProfileTest, R270ItsValueIsTold) {
  setenv(kVariable, kFile.c_str(), 1);
  Initialize();
  EXPECT_THAT(Told(), testing::ElementsAre(VersionAnd(kFile)));
}

TEST_F(ToldProfileTest, UnsetOrEmptyTheHelloIsAsBefore) {
  Initialize();
  p11_->C_Finalize(nullptr);
  setenv(kVariable, "", 1);
  Initialize();
  EXPECT_THAT(Told(), testing::ElementsAre(kVersion, kVersion));
}

TEST_F(ToldProfileTest, ItIsReadWhenALifeBeginsAndKeptForAllOfIt) {
  setenv(kVariable, kFile.c_str(), 1);
  Initialize();
  setenv(kVariable, "/another", 1);
  daemon_->Restart();
  EXPECT_EQ(p11_->C_Logout(kSession), CKR_OK);
  EXPECT_EQ(daemon_->restores(), 1);
  EXPECT_EQ(Told().back(), VersionAnd(kFile));
  p11_->C_Finalize(nullptr);
  Initialize();
  EXPECT_EQ(Told().back(), VersionAnd("/another"));
}

TEST_F(ToldProfileTest, AForkedChildSaysItToo) {
  setenv(kVariable, kFile.c_str(), 1);
  Initialize();
  daemon_->Forget();
  EXPECT_EQ(InChild([&] { return p11_->C_Logout(kSession) == CKR_OK ? 0 : 1; }), 0);
  EXPECT_EQ(daemon_->clones(), 1);
  EXPECT_THAT(Told(), testing::ElementsAre(VersionAnd(kFile)));
}

TEST_F(ToldProfileTest, TheLongestPathFitsAndALongerOneIsReportedAndIgnored) {
  const std::string longest(4095, 'x');
  setenv(kVariable, longest.c_str(), 1);
  Initialize();
  EXPECT_EQ(Told().back(), VersionAnd(longest));
  p11_->C_Finalize(nullptr);
  setenv(kVariable, (longest + "x").c_str(), 1);
  unsetenv("GREP11_QUIET");
  testing::internal::CaptureStderr();
  Initialize();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr(kVariable));
  EXPECT_EQ(Told().back(), kVersion);
}

}  // namespace
}  // namespace gw::shim_test
