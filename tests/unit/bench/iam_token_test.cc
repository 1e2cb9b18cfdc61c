// The IAM request against a real TLS server in this process.
#include "bench/grep11/iam_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/bench/tls_peer.h"

namespace gw::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Http(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

SecretBytes ApiKey() { return SecretBytes(ViewOf("a key&with=signs")); }

TEST(IamTokenTest, TheTokenIsTakenFromTheReply) {
  TlsPeer peer(Http("200 OK", R"({"access_token":"abc.def","expires_in":3600})"));
  const auto token = FetchIamToken(peer.Url(), peer.ca_file(), ApiKey());
  ASSERT_TRUE(token) << token.error().detail;
  EXPECT_EQ(*token, "abc.def");
  EXPECT_THAT(peer.Request(), StartsWith("POST /identity/token HTTP/1.1\r\n"));
  EXPECT_THAT(peer.Request(), HasSubstr("Content-Type: application/x-www-form-urlencoded\r\n"));
  EXPECT_THAT(peer.Request(),
              HasSubstr("grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey="
                        "a%20key%26with%3Dsigns"));
}

TEST(IamTokenTest, ARefusedKeyIsAWrongPinAndIsNotRepeated) {
  const TlsPeer peer(Http("400 Bad Request", R"({"errorCode":"BXNIM0415E"})"));
  const auto token = FetchIamToken(peer.Url(), peer.ca_file(), ApiKey());
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().rv, CKR_PIN_INCORRECT);
  EXPECT_THAT(token.error().detail, Not(HasSubstr("key&with")));
}

TEST(IamTokenTest, OtherStatusIsADeviceError) {
  const TlsPeer peer(Http("503 Service Unavailable", ""));
  EXPECT_EQ(FetchIamToken(peer.Url(), peer.ca_file(), ApiKey()).error().rv, CKR_DEVICE_ERROR);
}

TEST(IamTokenTest, AReplyWithoutATokenIsADeviceError) {
  for (const char* body : {"", "[]", "{}", R"({"access_token":5})", "{"}) {
    const TlsPeer peer(Http("200 OK", body));
    EXPECT_EQ(FetchIamToken(peer.Url(), peer.ca_file(), ApiKey()).error().rv, CKR_DEVICE_ERROR)
        << body;
  }
}

TEST(IamTokenTest, AConnectionThatBreaksIsADeviceError) {
  const TlsPeer peer("");
  EXPECT_EQ(FetchIamToken(peer.Url(), peer.ca_file(), ApiKey()).error().rv, CKR_DEVICE_ERROR);
}

TEST(IamTokenTest, ACertificateThatIsNotTrustedIsADeviceError) {
  const TlsPeer peer(Http("200 OK", R"({"access_token":"abc"})"));
  const TlsPeer other("");
  const auto token = FetchIamToken(peer.Url(), other.ca_file(), ApiKey());
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().rv, CKR_DEVICE_ERROR);
  EXPECT_THAT(token.error().detail, HasSubstr("TLS"));
}

TEST(IamTokenTest, AnotherNameInTheCertificateIsADeviceError) {
  const TlsPeer peer(Http("200 OK", R"({"access_token":"abc"})"));
  std::string url = peer.Url();
  url.replace(url.find("localhost"), 9, "127.0.0.1");
  const auto token = FetchIamToken(url, peer.ca_file(), ApiKey());
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().rv, CKR_DEVICE_ERROR);
  EXPECT_THAT(token.error().detail, HasSubstr("TLS"));
}

TEST(IamTokenTest, AMissingCaFileIsABadArgument) {
  EXPECT_EQ(FetchIamToken("https://localhost:1", "/nonexistent/ca.pem", ApiKey()).error().rv,
            CKR_ARGUMENTS_BAD);
}

}  // namespace
}  // namespace gw::bench
