// Room: tests/unit/upstream.
#include "daemon/upstream/tls_files.h"

#include <gtest/gtest.h>

#include "tests/support/certs.h"
#include "tests/support/temp_dir.h"

namespace gw {
namespace {

class TlsFilesTest : public testing::Test {
 protected:
  TlsFilesTest() {
    tls_.ca_file = dir_.Write("ca.pem", ca_.certificate());
    tls_.cert_file = dir_.Write("cert.pem", own_.certificate);
    tls_.key_file = dir_.Write("key.pem", own_.key);
    tls_.mutual = true;
  }
  // The complaint about tls_; it must name the file.
  std::string Complaint(const std::string& file) const {
    const auto material = LoadTlsMaterial(tls_);
    if (material.ok()) return "none";
    EXPECT_EQ(material.error().rv, CKR_ARGUMENTS_BAD);
    EXPECT_NE(material.error().detail.find(file), std::string::npos) << material.error().detail;
    return material.error().detail;
  }

  const test::TempDir dir_;
  const test::TestCa ca_{"test CA"};
  const test::CertifiedKey own_ = ca_.Issue("daemon", {});
  TlsConfig tls_;
};

TEST_F(TlsFilesTest, GoodFilesAreLoaded) {
  const auto material = LoadTlsMaterial(tls_);
  ASSERT_TRUE(material.ok()) << material.error().detail;
  EXPECT_EQ(material->roots, ca_.certificate());
  EXPECT_EQ(material->certificates, own_.certificate);
  EXPECT_EQ(material->key.text(), own_.key);
}

TEST_F(TlsFilesTest, WithoutMutualNoOwnCertificateIsRead) {
  tls_.mutual = false;
  tls_.key_file = "absent";
  const auto material = LoadTlsMaterial(tls_);
  ASSERT_TRUE(material.ok());
  EXPECT_TRUE(material->certificates.empty());
  EXPECT_TRUE(material->key.empty());
}

TEST_F(TlsFilesTest, WithoutCaFileTheSystemsStoreServes) {
  tls_.mutual = false;
  tls_.ca_file.clear();
  if (SystemRootsFile().empty()) GTEST_SKIP() << "no trust store on this host";
  EXPECT_TRUE(LoadTlsMaterial(tls_).ok());
}

TEST_F(TlsFilesTest, AMissingFileIsNamedWithTheReason) {
  tls_.ca_file = dir_.File("absent.pem");
  EXPECT_NE(Complaint("absent.pem").find("No such file"), std::string::npos);
}

TEST_F(TlsFilesTest, AnEmptyFileIsNamed) {
  tls_.cert_file = dir_.Write("empty.pem", "");
  Complaint("empty.pem");
}

TEST_F(TlsFilesTest, AFolderIsNoFile) {
  tls_.ca_file = dir_.path().string();
  EXPECT_NE(Complaint(dir_.path().string()), "none");
}

TEST_F(TlsFilesTest, AFileWithoutPemIsNamed) {
  tls_.ca_file = dir_.Write("junk.pem", "not PEM at all");
  EXPECT_NE(Complaint("junk.pem").find("no PEM certificate"), std::string::npos);
}

TEST_F(TlsFilesTest, AKeyThatDoesNotBelongToTheCertificateIsFound) {
  tls_.key_file = dir_.Write("other-key.pem", ca_.Issue("other", {}).key);
  EXPECT_NE(Complaint("other-key.pem").find("does not belong to"), std::string::npos);
}

TEST_F(TlsFilesTest, ACertificateInPlaceOfTheKeyIsFound) {
  tls_.key_file = tls_.cert_file;
  EXPECT_NE(Complaint("cert.pem").find("no unencrypted PEM key"), std::string::npos);
}

TEST(LoopbackTest, OnlyAddressesOfThisHostCount) {
  for (const char* address : {"localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const char* address : {"", "10.0.0.1", "localhost.example", "127.0.0.1.example", "::2"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace gw
