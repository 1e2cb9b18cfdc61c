// Tests of core/result.h and its macros.
#include "daemon/core/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace gw {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

Result<int> Half(int number) {
  if (number % 2 != 0) return CallerError(CKR_DATA_INVALID, "odd");
  return number / 2;
}

Result<int> Quarter(int number) {
  GW_TRY(half, Half(number));
  GW_TRY(quarter, Half(half));
  return quarter;
}

Status CheckQuarter(int number) {
  GW_TRY_VOID(Quarter(number));
  return Ok();
}

Result<std::unique_ptr<int>> Boxed(int number) {
  GW_TRY(half, Half(number));
  return std::make_unique<int>(half);
}

Result<int> Unboxed(int number) {
  GW_TRY(box, Boxed(number));
  const std::unique_ptr<int> mine = std::move(box);
  return *mine;
}

TEST(ResultTest, HoldsAValue) {
  const Result<int> result = Half(8);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(*result, 4);
}

TEST(ResultTest, HoldsAnError) {
  const Result<int> result = Half(7);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().rv, CKR_DATA_INVALID);
  EXPECT_EQ(result.error().detail, "odd");
}

TEST(ResultTest, TryBindsValues) {
  const Result<int> result = Quarter(8);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(*result, 2);
}

TEST(ResultTest, TryLeavesWithTheFirstError) {
  EXPECT_EQ(Quarter(7).error().rv, CKR_DATA_INVALID);
  EXPECT_EQ(Quarter(6).error().rv, CKR_DATA_INVALID);
}

TEST(ResultTest, TryKeepsWhereTheErrorWasBorn) {
  EXPECT_EQ(Quarter(7).error().where.line(), Half(7).error().where.line());
}

TEST(ResultTest, TryVoidPassesErrorsOnAndDropsValues) {
  EXPECT_TRUE(CheckQuarter(8).ok());
  EXPECT_EQ(CheckQuarter(6).error().rv, CKR_DATA_INVALID);
}

TEST(ResultTest, TryWorksWithTypesThatOnlyMove) {
  EXPECT_EQ(*Unboxed(6), 3);
  EXPECT_FALSE(Unboxed(5).ok());
}

TEST(ErrorTest, MakersSetTheKind) {
  EXPECT_EQ(CallerError(CKR_ARGUMENTS_BAD).kind, ErrorKind::kCaller);
  EXPECT_EQ(StateError(CKR_OPERATION_NOT_INITIALIZED).kind, ErrorKind::kState);
  EXPECT_EQ(UpstreamError(CKR_DEVICE_ERROR, "gone").kind, ErrorKind::kUpstream);
  EXPECT_EQ(InternalError("bug").kind, ErrorKind::kInternal);
  EXPECT_EQ(InternalError("bug").rv, CKR_GENERAL_ERROR);
}

TEST(ErrorTest, OnlyUpstreamErrorsSayThatTheyMayBeTriedAgain) {
  EXPECT_TRUE(UpstreamError(CKR_DEVICE_ERROR, "busy", true).retryable);
  EXPECT_FALSE(UpstreamError(CKR_DEVICE_ERROR, "busy").retryable);
  EXPECT_FALSE(CallerError(CKR_ARGUMENTS_BAD).retryable);
}

TEST(ErrorTest, DescriptionNamesCodeDetailAndPlace) {
  const std::string text = Describe(CallerError(CKR_DATA_INVALID, "odd"));
  EXPECT_THAT(text, MatchesRegex("CKR_DATA_INVALID: odd \\(result_test\\.cc:[0-9]+\\)"));
  EXPECT_THAT(Describe(CallerError(CKR_DATA_INVALID)), HasSubstr("CKR_DATA_INVALID ("));
}

}  // namespace
}  // namespace gw
