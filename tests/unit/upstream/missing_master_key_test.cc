// Room: tests/unit/upstream.
#include "daemon/upstream/missing_master_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/captured_log.h"

namespace gw {
namespace {

constexpr SteadyTime kStart = SteadyTime() + std::chrono::hours(1);

std::ptrdiff_t Lines(const test::CapturedLog& log) {
  const std::string text = log.text();
  return std::ranges::count(text, '\n');
}

TEST(MissingMasterKeyTest, IsSaidPlainlyAndOnceForManyRequests) {
  const test::CapturedLog log;
  MissingMasterKey missing;
  for (int i = 0; i < 3; ++i) missing.Note(CKR_IBM_WK_NOT_INITIALIZED, kStart);
  EXPECT_NE(log.text().find("the crypto unit has no master key"), std::string::npos);
  EXPECT_EQ(Lines(log), 1);
  missing.Note(CKR_IBM_WK_NOT_INITIALIZED, kStart + MissingMasterKey::kBetweenLines);
  EXPECT_EQ(Lines(log), 2);
}

TEST(MissingMasterKeyTest, NothingIsSaidOfAnotherMasterKey) {
  const test::CapturedLog log;
  MissingMasterKey().Note(CKR_IBM_WKID_MISMATCH, kStart);
  EXPECT_EQ(Lines(log), 0);
}

}  // namespace
}  // namespace gw
