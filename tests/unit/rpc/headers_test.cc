// Room: tests/unit/rpc.
#include "daemon/rpc/headers.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

using namespace std::chrono_literals;

TEST(TimeoutTextTest, IsRoundedUpAndHasAtMostEightDigits) {
  EXPECT_EQ(TimeoutText(1us).text(), "1u");
  EXPECT_EQ(TimeoutText(1001ns).text(), "2u");
  EXPECT_EQ(TimeoutText(99'999'999us).text(), "99999999u");
  EXPECT_EQ(TimeoutText(100s).text(), "100000m");
  EXPECT_EQ(TimeoutText(100'000'000ms + 1ns).text(), "100001S");
  EXPECT_EQ(TimeoutText(std::chrono::nanoseconds::max()).text(), "2562048H");
}

TEST(TimeoutTextTest, TimeThatIsUpIsTheLeastThatCanBeSaid) {
  EXPECT_EQ(TimeoutText(0s).text(), "1u");
  EXPECT_EQ(TimeoutText(-5s).text(), "1u");
}

TEST(StatusCodeTest, NumbersAreCodesAndNothingElseIs) {
  EXPECT_EQ(ParseStatusCode("0"), RpcCode::kOk);
  EXPECT_EQ(ParseStatusCode("16"), RpcCode::kUnauthenticated);
  EXPECT_EQ(ParseStatusCode("17"), RpcCode::kUnknown);
  EXPECT_EQ(ParseStatusCode("4294967295"), RpcCode::kUnknown);
  for (const char* text : {"", "-1", "1x", " 1", "99999999999999999999", "OK"}) {
    EXPECT_EQ(ParseStatusCode(text), std::nullopt) << text;
  }
}

TEST(PercentTest, DecodesWhatIsEncodedAndKeepsTheRest) {
  EXPECT_EQ(PercentDecoded("no%20key%0a"), "no key\n");
  EXPECT_EQ(PercentDecoded("%e2%82%AC"), "\xe2\x82\xac");
  EXPECT_EQ(PercentDecoded("100% of %zz and %4"), "100% of %zz and %4");
  EXPECT_EQ(PercentDecoded("%"), "%");
  EXPECT_EQ(PercentDecoded("%41"), "A");
}

// RFC 4648 section 10, with and without padding.
TEST(Base64Test, DecodesTheVectorsOfTheStandard) {
  EXPECT_EQ(Base64Decoded(""), "");
  EXPECT_EQ(Base64Decoded("Zg=="), "f");
  EXPECT_EQ(Base64Decoded("Zg"), "f");
  EXPECT_EQ(Base64Decoded("Zm8="), "fo");
  EXPECT_EQ(Base64Decoded("Zm9v"), "foo");
  EXPECT_EQ(Base64Decoded("Zm9vYg"), "foob");
  EXPECT_EQ(Base64Decoded("Zm9vYmE="), "fooba");
  EXPECT_EQ(Base64Decoded("Zm9vYmFy"), "foobar");
}

TEST(Base64Test, RefusesWhatIsNone) {
  for (const char* text : {"Z", "Zm9vY", "Zm 9v", "Zm=9", "Zm9v\n", "-_-_"}) {
    EXPECT_EQ(Base64Decoded(text), std::nullopt) << text;
  }
}

TEST(ForeignStatusTest, HttpAndStreamErrorsHaveTheirCodes) {
  EXPECT_EQ(CodeOfHttpStatus(401), RpcCode::kUnauthenticated);
  EXPECT_EQ(CodeOfHttpStatus(503), RpcCode::kUnavailable);
  EXPECT_EQ(CodeOfHttpStatus(200), RpcCode::kUnknown);
  EXPECT_EQ(CodeOfHttpStatus(0), RpcCode::kUnknown);
  EXPECT_EQ(CodeOfStreamError(7), RpcCode::kUnavailable);
  EXPECT_EQ(CodeOfStreamError(8), RpcCode::kCancelled);
  EXPECT_EQ(CodeOfStreamError(11), RpcCode::kResourceExhausted);
  EXPECT_EQ(CodeOfStreamError(13), RpcCode::kInternal);
  EXPECT_EQ(CodeOfStreamError(0xffffffff), RpcCode::kInternal);
}

}  // namespace
}  // namespace gw
