// Collecting, sorting and wording of complaints.
#include "daemon/config/problems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Describe(const std::vector<ConfigProblem>& problems) {
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : problems) lines.push_back(gw::Describe(problem));
  return lines;
}

TEST(ProblemsTest, AreSortedByLineAndKeepTheirOrderWithinOne) {
  Problems problems("f");
  problems.Error({"b", 2}, "second");
  problems.Error({"a", 1}, "first");
  problems.Error({"c", 2}, "third");
  EXPECT_THAT(Describe(problems.TakeErrors()),
              ElementsAre("f:1: a: first", "f:2: b: second", "f:2: c: third"));
}

TEST(ProblemsTest, AboutOneNodeOneThingIsSaidOnce) {
  const int shared = 0;
  const int other = 0;
  Problems problems("f");
  problems.Error({"template.endpoint", 3, false, &shared}, "wrong");
  problems.Error({"users.0.endpoint", 3, false, &shared}, "wrong");
  problems.Error({"users.1.endpoint", 3, false, &other}, "wrong");
  problems.Error({"users.2.endpoint", 3}, "wrong");
  EXPECT_THAT(Describe(problems.TakeErrors()),
              ElementsAre("f:3: template.endpoint: wrong", "f:3: users.1.endpoint: wrong",
                          "f:3: users.2.endpoint: wrong"));
}

TEST(ProblemsTest, TheWholeFileHasNoLine) {
  Problems problems("f");
  problems.Warning({}, "odd");
  EXPECT_FALSE(problems.HasErrors());
  EXPECT_THAT(Describe(problems.TakeWarnings()), ElementsAre("f: odd"));
}

TEST(PrintableTest, ControlCharactersAndLongTextsAreTamed) {
  EXPECT_EQ(Printable("a\nb\x1b[31m\xff"), "a?b?[31m?");
  EXPECT_EQ(Printable(std::string(61, 'x')), std::string(60, 'x') + "...");
}

TEST(NearestTest, FindsWhatWasMeant) {
  const std::vector<std::string_view> known = {"address", "port", "metrics_listen", "limits"};
  EXPECT_EQ(Nearest("adress", known), "address");
  EXPECT_EQ(Nearest("Port", known), "port");
  EXPECT_EQ(Nearest("metrics-listen", known), "metrics_listen");
  EXPECT_EQ(Nearest("limit", known), "limits");
}

TEST(NearestTest, SaysNothingWhenNothingIsNear) {
  const std::vector<std::string_view> known = {"address", "port"};
  EXPECT_EQ(Nearest("colour", known), "");
  EXPECT_EQ(Nearest("x", known), "");
  EXPECT_EQ(Nearest(std::string(100'000, 'a'), known), "");
}

}  // namespace
}  // namespace gw
