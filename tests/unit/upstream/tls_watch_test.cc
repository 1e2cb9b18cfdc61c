// Room: tests/unit/upstream. Certificate files that change on disk.
#include "daemon/upstream/tls_watch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/captured_log.h"
#include "tests/support/certs.h"
#include "tests/support/temp_dir.h"

namespace gw {
namespace {

class TlsWatchTest : public testing::Test {
 protected:
  TlsWatchTest() {
    tls_.mutual = true;
    tls_.ca_file = dir_.Write("ca.pem", ca_.certificate());
    tls_.cert_file = dir_.Write("cert.pem", first_.certificate);
    tls_.key_file = dir_.Write("key.pem", first_.key);
  }

  const test::TempDir dir_;
  const test::TestCa ca_{"test CA"};
  const test::CertifiedKey first_ = ca_.Issue("first", {});
  const test::CertifiedKey second_ = ca_.Issue("second", {});
  TlsConfig tls_;
};

TEST_F(TlsWatchTest, FilesThatStayAreNotRead) {
  TlsWatch watch(tls_);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(watch.Look().has_value());
}

TEST_F(TlsWatchTest, ChangedFilesAreReadOnceWhenTheyAreStill) {
  TlsWatch watch(tls_);
  dir_.Write("cert.pem", second_.certificate);
  dir_.Write("key.pem", second_.key);
  EXPECT_FALSE(watch.Look().has_value()) << "the first look only sees that they change";
  const auto material = watch.Look();
  ASSERT_TRUE(material.has_value());
  EXPECT_EQ(material->certificates, second_.certificate);
  EXPECT_EQ(material->key.text(), second_.key);
  EXPECT_FALSE(watch.Look().has_value());
}

TEST_F(TlsWatchTest, AFileReplacedByRenameIsSeen) {
  TlsWatch watch(tls_);
  const std::string fresh = dir_.Write("fresh.pem", second_.certificate);
  const std::string fresh_key = dir_.Write("fresh.key", second_.key);
  std::filesystem::rename(fresh, tls_.cert_file);
  std::filesystem::rename(fresh_key, tls_.key_file);
  EXPECT_FALSE(watch.Look().has_value());
  EXPECT_TRUE(watch.Look().has_value());
}

TEST_F(TlsWatchTest, HalfOfAPairIsRefusedOnceAndTheOtherHalfMakesItGood) {
  TlsWatch watch(tls_);
  const test::CapturedLog log;
  dir_.Write("cert.pem", second_.certificate);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(watch.Look().has_value());
  const std::string said = log.text();
  EXPECT_NE(said.find("does not belong to"), std::string::npos);
  EXPECT_EQ(said.find("cannot be used"), said.rfind("cannot be used")) << "said once";
  dir_.Write("key.pem", second_.key);
  EXPECT_FALSE(watch.Look().has_value());
  EXPECT_TRUE(watch.Look().has_value());
}

TEST_F(TlsWatchTest, AFileThatGoesAndComesBackIsReadAgain) {
  TlsWatch watch(tls_);
  const test::CapturedLog log;
  std::filesystem::remove(tls_.ca_file);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(watch.Look().has_value());
  EXPECT_NE(log.text().find("ca.pem"), std::string::npos);
  dir_.Write("ca.pem", ca_.certificate());
  EXPECT_FALSE(watch.Look().has_value());
  EXPECT_TRUE(watch.Look().has_value());
}

TEST_F(TlsWatchTest, ASymbolicLinkThatPointsElsewhereIsAChange) {
  const std::string link =
      (std::filesystem::path(tls_.ca_file).parent_path() / "link.pem").string();
  std::filesystem::create_symlink(tls_.ca_file, link);
  tls_.ca_file = link;
  TlsWatch watch(tls_);
  const test::TestCa other("other CA");
  const std::string elsewhere = dir_.Write("other.pem", other.certificate());
  std::filesystem::remove(link);
  std::filesystem::create_symlink(elsewhere, link);
  EXPECT_FALSE(watch.Look().has_value());
  EXPECT_TRUE(watch.Look().has_value());
}

}  // namespace
}  // namespace gw
