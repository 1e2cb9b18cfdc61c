// The function table: rows are complete and agree with each other.
#include "proto/wire/functions.h"

#include <gmock/gmock.h>

#include <set>
#include <string>

namespace gw::wire {
namespace {

TEST(FunctionsTest, NamesAndNumbersAreUnique) {
  std::set<std::string> names;
  std::set<unsigned> numbers;
  for (const FunctionRow& row : kFunctions) {
    EXPECT_THAT(row.name, testing::StartsWith("C_"));
    names.insert(row.name);
    numbers.insert(row.number);
  }
  EXPECT_EQ(names.size(), kFunctionCount);
  EXPECT_EQ(numbers.size(), kFunctionCount);
}

TEST(FunctionsTest, ARowIsFoundByItsFunction) {
  EXPECT_STREQ(RowOf(Function::C_Initialize).name, "C_Initialize");
  EXPECT_STREQ(RowOf(Function::C_Sign).name, "C_Sign");
  EXPECT_STREQ(RowOf(Function::C_MessageVerifyFinal).name, "C_MessageVerifyFinal");
}

TEST(FunctionsTest, TheNumberOfAttachIsNoFunctions) {
  EXPECT_GE(static_cast<unsigned>(Function::kAttach), kFunctionCount);
}

TEST(FunctionsTest, EveryRowNamesItsSectionAndAnAnswerWithoutADaemon) {
  for (const FunctionRow& row : kFunctions) {
    EXPECT_STRNE(row.section, "") << row.name;
    const bool v30 = row.number >= kFunctionCountV240;
    EXPECT_EQ(std::string(row.section).starts_with("v3.0"), v30) << row.name;
    if (row.carried == Carried::kCarried && row.number != 1) {
      EXPECT_NE(row.no_daemon, CKR_OK) << row.name;
    }
  }
}

}  // namespace
}  // namespace gw::wire
