// Room: tests/unit/upstream. Names of requests.
#include "daemon/upstream/correlation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace gw {
namespace {

TEST(CorrelationIdsTest, AreUuidsOfVersion4) {
  CorrelationIds ids;
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(ids.Next(), testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]"
                                                  "{3}-[0-9a-f]{12}"));
  }
}

TEST(CorrelationIdsTest, NeverComeTwiceAlsoNotFromAnotherDaemon) {
  CorrelationIds ids;
  CorrelationIds others;
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(seen.insert(ids.Next()).second);
    EXPECT_TRUE(seen.insert(others.Next()).second);
  }
}

}  // namespace
}  // namespace gw
