// The conformance map has a row for each operation of each mechanism that is offered, and no other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "daemon/mechanism/mechanism_table.h"

namespace gw {
namespace {

struct Operation {
  CK_FLAGS flag;
  const char* name;
};
constexpr Operation kOperations[] = {
    {CKF_ENCRYPT, "encrypt"}, {CKF_DECRYPT, "decrypt"},   {CKF_DIGEST, "digest"},
    {CKF_SIGN, "sign"},       {CKF_VERIFY, "verify"},     {CKF_WRAP, "wrap"},
    {CKF_UNWRAP, "unwrap"},   {CKF_GENERATE, "generate"}, {CKF_GENERATE_KEY_PAIR, "pair"},
    {CKF_DERIVE, "derive"},
};

// The ids of rows "CKM_... operation".
std::set<std::string> RowsOfMap() {
  std::ifstream map(GW_CONFORMANCE_MAP);
  std::set<std::string> rows;
  for (std::string line; std::getline(map, line);) {
    if (line.starts_with("CKM_")) rows.insert(line.substr(0, line.find('\t')));
  }
  return rows;
}

TEST(ConformanceMapTest, HasEveryOperationOfEveryMechanism) {
  std::set<std::string> offered;
  for (const MechanismRow& row : AllMechanisms()) {
    for (const Operation& operation : kOperations) {
      if ((row.flags & operation.flag) == 0) continue;
      offered.insert(std::string(NameOfMechanism(row.type)) + " " + operation.name);
    }
  }
  EXPECT_THAT(RowsOfMap(), testing::ContainerEq(offered)) << "in " << GW_CONFORMANCE_MAP;
}

}  // namespace
}  // namespace gw
