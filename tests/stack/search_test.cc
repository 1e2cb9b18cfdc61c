// Room: tests/stack. Searches among as many objects as an instance of the service may have
// (behaviour R246). Measured in processor time of daemon and application together, which others on
// the machine do not lengthen.
#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>
#include <iterator>
#include <sstream>
#include <thread>

#include "tests/stack/p11.h"
#include "tests/stack/stack.h"

namespace gw::stack {
namespace {

constexpr int kObjects = 20'000;
constexpr int kThreads = 16;  // changes that wait together share one sync
constexpr double kMostSeconds = 1;

// Of the daemon: fields 14 and 15 of proc(5)'s stat, behind a name that may hold anything.
double DaemonSeconds() {
  const std::string stat = ReadFile("/proc/" + std::to_string(DaemonPid()) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  const std::vector<std::string> all{std::istream_iterator<std::string>(fields), {}};
  EXPECT_GT(all.size(), 12u);
  return (std::stod(all.at(11)) + std::stod(all.at(12))) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

double SecondsUsed() {
  return DaemonSeconds() + static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void MakeObjects(int first, int step) {
  const Session session;
  for (int i = first; i < kObjects; i += step) {
    Attributes object;
    object.Number(CKA_CLASS, CKO_DATA).Bool(CKA_TOKEN, true).Bool(CKA_PRIVATE, false);
    object.Value(CKA_LABEL, "object " + std::to_string(i)).Value(CKA_APPLICATION, "search");
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    const auto list = object.list();
    GW_ASSERT_RV(P11().C_CreateObject(session.handle(), list.data(), list.size(), &handle), CKR_OK);
  }
}

void ExpectSearch(const Session& session, const Attributes& wanted, std::size_t hits) {
  const double before = SecondsUsed();
  EXPECT_EQ(Find(session.handle(), wanted).size(), hits);
  EXPECT_LT(SecondsUsed() - before, kMostSeconds);
}

TEST(SearchTest, AmongTwentyThousandObjectsStaysBelowASecond) {
  const Initialized initialized;
  std::vector<std::thread> makers;
  for (int i = 0; i < kThreads; ++i) makers.emplace_back(MakeObjects, i, kThreads);
  for (std::thread& maker : makers) maker.join();
  const Session session;
  ExpectSearch(session, Attributes().Value(CKA_APPLICATION, "search"), kObjects);
  ExpectSearch(session, Attributes().Value(CKA_LABEL, "object 12345"), 1);
  ExpectSearch(session, Attributes().Value(CKA_LABEL, "no such object"), 0);
  ExpectSearch(session, Attributes().Number(CKA_CLASS, CKO_PRIVATE_KEY), 0);
}

}  // namespace
}  // namespace gw::stack
