// Room: tests. The master key file.
#include "emulator/blob/master_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace gw::emulator {
namespace {

class MasterKeyTest : public testing::Test {
 protected:
  std::string Path() const { return folder_.File("master.key"); }

 private:
  const test::TempDir folder_;
};

TEST_F(MasterKeyTest, IsMadeForItsOwnerAloneAndStaysTheSame) {
  const auto first = MasterKey::LoadOrCreate(Path());
  ASSERT_TRUE(first.ok());
  struct stat info {};
  ASSERT_EQ(stat(Path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto second = MasterKey::LoadOrCreate(Path());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first->wkid(), second->wkid());
  EXPECT_TRUE(Equal(first->blob_key(), second->blob_key()));
}

TEST_F(MasterKeyTest, EveryUseHasAKeyOfItsOwn) {
  const MasterKey key = MasterKey::Random();
  EXPECT_FALSE(Equal(key.blob_key(), key.state_key()));
  EXPECT_FALSE(Equal(key.spki_mac_key(), key.token_key()));
  EXPECT_NE(key.wkid(), MasterKey::Random().wkid());
}

TEST_F(MasterKeyTest, ContentThatIsNoKeyIsRefusedAndLeftAlone) {
  std::ofstream(Path()) << "not a key\n";
  const auto loaded = MasterKey::LoadOrCreate(Path());
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().detail.find("64 hex digits"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(Path()), 10U);
}

TEST_F(MasterKeyTest, AFolderThatDoesNotExistIsNamed) {
  EXPECT_FALSE(MasterKey::LoadOrCreate(Path() + "/nowhere/key").ok());
}

}  // namespace
}  // namespace gw::emulator
