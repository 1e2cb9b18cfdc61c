// Room: tests/unit/upstream.
#include "daemon/upstream/iam_reply.h"

#include <gtest/gtest.h>

#include "tests/support/fake_iam.h"

namespace gw {
namespace {

using namespace std::chrono_literals;

const auto kNow = std::chrono::system_clock::time_point(1'700'000'000s);

Result<IamToken> Parse(unsigned status, std::string_view body) {
  return ParseIamReply(status, body, "iam.example", kNow);
}
CK_RV RvOf(unsigned status, std::string_view body) {
  const auto result = Parse(status, body);
  return result.ok() ? CKR_OK : result.error().rv;
}

TEST(IamReplyTest, AGoodReplyGivesTokenLifeAndName) {
  const auto token = Parse(200, test::TokenBody("iam-ServiceId-7", 3600));
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->lifetime, 3600s);
  EXPECT_EQ(token->iam_id, "iam-ServiceId-7");
  EXPECT_TRUE(token->access_token.text().ends_with(".signature"));
}

TEST(IamReplyTest, TheExpirationServesWhereTheLifetimeIsMissing) {
  const auto token = Parse(200, R"({"access_token":"abc","expiration":1700000120})");
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->lifetime, 120s);
  EXPECT_EQ(RvOf(200, R"({"access_token":"abc","expiration":1600000000})"), CKR_DEVICE_ERROR);
}

TEST(IamReplyTest, ALifetimeOfYearsIsCutShort) {
  EXPECT_EQ(Parse(200, R"({"access_token":"abc","expires_in":999999999999})")->lifetime, 24h);
}

TEST(IamReplyTest, ATokenThatIsNoJwtHasNoName) {
  for (const char* token : {"abc", "a.b", "a.b.c", "a.!!!!.c", "a.bnVsbA.c", "a..c"}) {
    const auto parsed =
        Parse(200, R"({"expires_in":60,"access_token":")" + std::string(token) + "\"}");
    ASSERT_TRUE(parsed.ok()) << token;
    EXPECT_EQ(parsed->iam_id, "") << token;
  }
}

TEST(IamReplyTest, RefusalsOfTheKeyAreIncorrectPins) {
  const char* body =
      R"({"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found."})";
  for (const unsigned status : {400u, 401u, 403u}) {
    const auto result = Parse(status, body);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().rv, CKR_PIN_INCORRECT);
    EXPECT_NE(result.error().detail.find("BXNIM0415E Provided API key"), std::string::npos);
  }
}

TEST(IamReplyTest, TheOtherFormOfErrorsIsReadToo) {
  const auto result = Parse(
      401, R"({"trace":"1","errors":[{"code":"denied","message":"Go away"}],"status_code":401})");
  EXPECT_NE(result.error().detail.find("denied Go away"), std::string::npos);
}

TEST(IamReplyTest, ALockedOrDisabledKeyIsALockedPin) {
  EXPECT_EQ(RvOf(400, R"({"errorCode":"X","errorMessage":"The API key is Locked"})"),
            CKR_PIN_LOCKED);
  EXPECT_EQ(RvOf(403, R"({"errors":[{"code":"Y","message":"service id disabled"}]})"),
            CKR_PIN_LOCKED);
}

TEST(IamReplyTest, OtherStatusesAreDeviceErrors) {
  for (const unsigned status : {204u, 301u, 404u, 429u, 500u, 503u}) {
    const auto result = Parse(status, "{}");
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().rv, CKR_DEVICE_ERROR) << status;
    EXPECT_EQ(result.error().retryable, status == 429 || status >= 500) << status;
  }
}

TEST(IamReplyTest, GarbageIsADeviceErrorAndNoCrash) {
  const std::string deep = std::string(50'000, '[');
  const std::string deep_objects = [] {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += R"({"a":)";
    return text;
  }();
  const std::string bodies[] = {
      "",
      "null",
      "[]",
      "<html>",
      "{",
      deep,
      deep_objects,
      R"({"access_token":7,"expires_in":60})",
      R"({"access_token":"","expires_in":60})",
      R"({"access_token":"a b","expires_in":60})",
      R"({"access_token":"a\nb","expires_in":60})",
      R"({"access_token":"ab"})",
      R"({"access_token":"ab","expires_in":"60"})",
      R"({"access_token":"ab","expires_in":-1})",
      R"({"access_token":"ab","expires_in":1e999})",
      R"({"expires_in":60,"access_token":")" + std::string(20'000, 'a') + "\"}"};
  for (const std::string& body : bodies) {
    EXPECT_EQ(RvOf(200, body), CKR_DEVICE_ERROR) << body.substr(0, 60);
    EXPECT_EQ(RvOf(400, body), CKR_PIN_INCORRECT) << body.substr(0, 60);
  }
}

TEST(IamReplyTest, TextOfTheOtherSideCannotForgeLogLines) {
  const auto result = Parse(401, R"({"errorCode":"a\nb","errorMessage":"c\u001b[31m"})");
  EXPECT_EQ(result.error().detail.find_first_of("\n\x1b"), std::string::npos);
}

}  // namespace
}  // namespace gw
