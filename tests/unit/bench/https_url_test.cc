// Text work for the IAM request.
#include <gtest/gtest.h>

#include "bench/grep11/iam_token.h"

namespace gw::bench {
namespace {

TEST(HttpsUrlTest, PartsAreFound) {
  const auto url = ParseHttpsUrl("https://iam.example.com:8443/some/path");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "iam.example.com");
  EXPECT_EQ(url->port, "8443");
  EXPECT_EQ(url->path, "/some/path");
}

TEST(HttpsUrlTest, PortAndPathHaveDefaults) {
  for (const char* text : {"https://iam.example.com", "https://iam.example.com/"}) {
    const auto url = ParseHttpsUrl(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->port, "443");
    EXPECT_EQ(url->path, "/identity/token");
  }
}

TEST(HttpsUrlTest, LiteralAddressesOfBothKinds) {
  EXPECT_EQ(ParseHttpsUrl("https://127.0.0.1:9")->host, "127.0.0.1");
  EXPECT_EQ(ParseHttpsUrl("https://[::1]:9")->host, "::1");
  EXPECT_EQ(ParseHttpsUrl("https://[::1]:9")->port, "9");
  EXPECT_EQ(ParseHttpsUrl("https://[::1]")->port, "443");
}

TEST(HttpsUrlTest, WhatIsNoHttpsUrlIsRefused) {
  for (const char* text :
       {"", "http://iam.example.com", "iam.example.com", "https://", "https://:1", "https://h:"}) {
    const auto url = ParseHttpsUrl(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().rv, CKR_ARGUMENTS_BAD);
  }
}

TEST(PercentEncodeTest, OnlyUnreservedCharactersStay) {
  EXPECT_EQ(PercentEncode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(PercentEncode("a b+c&d=e%"), "a%20b%2Bc%26d%3De%25");
  EXPECT_EQ(PercentEncode("\xff"), "%FF");
}

}  // namespace
}  // namespace gw::bench
