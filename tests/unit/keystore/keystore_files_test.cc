// Tests for daemon/keystore/keystore_files.h.
#include "daemon/keystore/keystore_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/keystore/support.h"

namespace gw {
namespace {

using testing::HasSubstr;

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

Result<std::unique_ptr<KeystoreFiles>> OpenFiles(const std::string& directory) {
  return KeystoreFiles::Open(directory, {RandomBytes, HmacSha256});
}

std::string Refusal(const std::string& directory) {
  const auto files = OpenFiles(directory);
  EXPECT_EQ(RvOf(files), CKR_DEVICE_ERROR);
  return DetailOf(files);
}

TEST(KeystoreFilesTest, NewDirectoryIsForItsOwnerAlone) {
  const TempDirectory parent;
  const std::string directory = parent.File("state");
  const auto files = OpenFiles(directory);
  ASSERT_TRUE(files.ok()) << DetailOf(files);
  EXPECT_TRUE((*files)->is_new());
  EXPECT_EQ(ModeOf(directory), 0700u);
  EXPECT_EQ(ModeOf(directory + "/keystore.db"), 0600u);
  EXPECT_EQ(ModeOf(directory + "/keystore.key"), 0600u);
  EXPECT_EQ(ReadFile(directory + "/keystore.key").size(), kKeystoreKeyBytes);
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory))
    ++entries;
  EXPECT_EQ(entries, 2u) << "nothing else is left behind";
}

TEST(KeystoreFilesTest, UmaskDoesNotOpenTheFiles) {
  const TempDirectory parent;
  const mode_t before = umask(0);
  const auto files = OpenFiles(parent.File("state"));
  umask(before);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(ModeOf(parent.File("state")), 0700u);
  EXPECT_EQ(ModeOf(parent.File("state/keystore.db")), 0600u);
}

TEST(KeystoreFilesTest, KeyIsKeptAndDiffersBetweenKeystores) {
  const TempDirectory one;
  const TempDirectory two;
  Bytes tag;
  {
    const auto files = OpenFiles(one.path());
    ASSERT_TRUE(files.ok());
    tag = (*files)->authenticator().Tag(ViewOf("x"));
  }
  const auto again = OpenFiles(one.path());
  const auto other = OpenFiles(two.path());
  ASSERT_TRUE(again.ok() && other.ok());
  EXPECT_EQ((*again)->authenticator().Tag(ViewOf("x")), tag);
  EXPECT_NE((*other)->authenticator().Tag(ViewOf("x")), tag);
}

TEST(KeystoreFilesTest, SecondDaemonIsLockedOutWhileTheFirstLives) {
  const TempDirectory directory;
  {
    const auto first = OpenFiles(directory.path());
    ASSERT_TRUE(first.ok());
    EXPECT_THAT(Refusal(directory.path()), HasSubstr("another grep11d"));
  }
  EXPECT_TRUE(OpenFiles(directory.path()).ok());
}

TEST(KeystoreFilesTest, MissingKeyOfAnExistingDatabaseIsNotMadeAnew) {
  const TempDirectory directory;
  WriteFile(directory.database(), "content");
  EXPECT_THAT(Refusal(directory.path()), HasSubstr("restore it from the backup"));
  EXPECT_FALSE(std::filesystem::exists(directory.key()));
  EXPECT_EQ(ReadFile(directory.database()), "content");
}

// Interrupted between the key and the schema.
TEST(KeystoreFilesTest, KeyWithoutDatabaseIsUsed) {
  const TempDirectory directory;
  const std::string key(kKeystoreKeyBytes, 'k');
  WriteFile(directory.key(), key);
  const auto files = OpenFiles(directory.path());
  ASSERT_TRUE(files.ok()) << DetailOf(files);
  EXPECT_TRUE((*files)->is_new());
  EXPECT_EQ(ReadFile(directory.key()), key);
  EXPECT_EQ((*files)->authenticator().Tag(ViewOf("x")), HmacSha256(ViewOf(key), ViewOf("x")));
}

TEST(KeystoreFilesTest, KeyOfAnotherLengthIsRefused) {
  for (const std::size_t size : {0u, 31u, 33u}) {
    const TempDirectory directory;
    WriteFile(directory.key(), std::string(size, 'k'));
    EXPECT_THAT(Refusal(directory.path()), HasSubstr("damaged")) << size;
  }
}

TEST(KeystoreFilesTest, FilesOpenToOthersAreRefused) {
  for (const char* name : {"keystore.db", "keystore.key"}) {
    for (const int mode : {0640, 0604, 0620, 0601}) {
      const TempDirectory directory;
      ASSERT_TRUE(OpenFiles(directory.path()).ok());
      std::filesystem::permissions(directory.File(name), std::filesystem::perms(mode));
      EXPECT_THAT(Refusal(directory.path()), HasSubstr("chmod 600")) << name << mode;
    }
  }
}

TEST(KeystoreFilesTest, DirectoryThatOthersCanWriteIsRefused) {
  for (const int mode : {0770, 0702}) {
    const TempDirectory directory;
    std::filesystem::permissions(directory.path(), std::filesystem::perms(mode));
    EXPECT_THAT(Refusal(directory.path()), HasSubstr("chmod go-w")) << mode;
  }
}

TEST(KeystoreFilesTest, LinksAndDirectoriesInPlaceOfFilesAreRefused) {
  const TempDirectory directory;
  const TempDirectory elsewhere;
  WriteFile(elsewhere.File("target"), "");
  std::filesystem::create_symlink(elsewhere.File("target"), directory.database());
  EXPECT_THAT(Refusal(directory.path()), HasSubstr("not a plain file"));
  std::filesystem::remove(directory.database());
  std::filesystem::create_directory(directory.key());
  EXPECT_THAT(Refusal(directory.path()), HasSubstr("not a plain file"));
}

TEST(KeystoreFilesTest, ImpossibleDirectoriesAreNamed) {
  const TempDirectory directory;
  EXPECT_THAT(Refusal(directory.File("no/parent")), HasSubstr("no/parent"));
  WriteFile(directory.File("file"), "");
  EXPECT_THAT(Refusal(directory.File("file")), HasSubstr("not a directory"));
}

TEST(KeystoreFilesTest, FilesOfAnotherUserAreRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  const TempDirectory directory;
  ASSERT_TRUE(OpenFiles(directory.path()).ok());
  ASSERT_EQ(chown(directory.database().c_str(), 12345, 12345), 0);
  EXPECT_THAT(Refusal(directory.path()), HasSubstr("chown"));
  ASSERT_EQ(chown(directory.database().c_str(), 0, 0), 0);
  ASSERT_EQ(chown(directory.path().c_str(), 12345, 12345), 0);
  EXPECT_THAT(Refusal(directory.path()), HasSubstr("chown"));
}

TEST(KeystoreFilesTest, MovedOrReplacedDatabaseIsNoticed) {
  const TempDirectory directory;
  const auto files = OpenFiles(directory.path());
  ASSERT_TRUE(files.ok());
  EXPECT_TRUE((*files)->CheckInPlace().ok());
  std::filesystem::rename(directory.database(), directory.File("away"));
  EXPECT_THAT(DetailOf((*files)->CheckInPlace()), HasSubstr("moved or removed"));
  WriteFile(directory.database(), "");
  EXPECT_THAT(DetailOf((*files)->CheckInPlace()), HasSubstr("replaced"));
  std::filesystem::rename(directory.File("away"), directory.database());
  EXPECT_TRUE((*files)->CheckInPlace().ok());
}

}  // namespace
}  // namespace gw
