// Room: tests. The file of the seal key.
#include "daemon/sealing/seal_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.h"

namespace gw {
namespace {

class SealKeyTest : public testing::Test {
 protected:
  Bytes Key(const std::string& boot) {
    auto key = LoadOrMakeSealKey(path_, boot);
    EXPECT_TRUE(key) << key.error().detail;
    return key ? CopyOf(key->view()) : Bytes();
  }

  test::TempDir directory_;
  const std::string path_ = directory_.File("seal.key");
};

TEST_F(SealKeyTest, IsTheSameOverRestartsAndAnotherAfterAReboot) {
  const Bytes first = Key("boot one");
  EXPECT_EQ(first.size(), 32u);
  EXPECT_EQ(Key("boot one"), first);
  const Bytes second = Key("boot two");
  EXPECT_NE(second, first);
  EXPECT_NE(Key("boot one"), first);
}

TEST_F(SealKeyTest, IsForItsOwnerAlone) {
  Key("boot");
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(SealKeyTest, AFileThatOthersMayReadIsRefused) {
  Key("boot");
  chmod(path_.c_str(), 0640);
  const auto refused = LoadOrMakeSealKey(path_, "boot");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("remove it"), std::string::npos);
}

TEST_F(SealKeyTest, ALinkIsNotFollowed) {
  const std::string target = directory_.Write("elsewhere", "secret");
  std::filesystem::create_symlink(target, path_);
  EXPECT_FALSE(LoadOrMakeSealKey(path_, "boot"));
}

TEST_F(SealKeyTest, ATruncatedFileIsReplaced) {
  const Bytes first = Key("boot");
  std::filesystem::resize_file(path_, 40);
  const Bytes second = Key("boot");
  EXPECT_NE(second, first);
  EXPECT_EQ(Key("boot"), second);
}

TEST_F(SealKeyTest, WithoutAPlaceForItTheDaemonDoesNotStart) {
  const auto refused = LoadOrMakeSealKey(directory_.File("missing/seal.key"), "boot");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rv, CKR_DEVICE_ERROR);
}

TEST(BootIdTest, IsTheSameAsLongAsTheHostRuns) { EXPECT_EQ(BootId(), BootId()); }

}  // namespace
}  // namespace gw
