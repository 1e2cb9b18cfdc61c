// The function lists and interfaces as applications find them.
#include <gmock/gmock.h>

#include <cstring>

#include "tests/shim/shim_fixture.h"

namespace gw::shim_test {
namespace {

using AbiTest = ShimTest;

// The pointers of a list, in order.
template <typename List>
std::vector<void*> Pointers(const List& list) {
  constexpr std::size_t kFirst = offsetof(List, C_Initialize);
  std::vector<void*> pointers((sizeof(List) - kFirst) / sizeof(void*));
  std::memcpy(pointers.data(), reinterpret_cast<const char*>(&list) + kFirst,
              sizeof(List) - kFirst);
  return pointers;
}

TEST_F(AbiTest, TheV240ListHasAllFunctionsInTheirPlaces) {
  EXPECT_EQ(p11_->version.major, 2);
  EXPECT_EQ(p11_->version.minor, 40);
  const std::vector<void*> pointers = Pointers(*p11_.v240());
  ASSERT_EQ(pointers.size(), 68u);
  for (std::size_t i = 0; i < pointers.size(); ++i) {
    EXPECT_NE(pointers[i], nullptr) << wire::kFunctions[i].name;
    EXPECT_EQ(pointers[i], p11_.Symbol(wire::kFunctions[i].name)) << wire::kFunctions[i].name;
  }
}

TEST_F(AbiTest, TheV30ListHasAllFunctionsInTheirPlaces) {
  EXPECT_EQ(p11_.v30()->version.major, 3);
  EXPECT_EQ(p11_.v30()->version.minor, 0);
  const std::vector<void*> pointers = Pointers(*p11_.v30());
  ASSERT_EQ(pointers.size(), 92u);
  for (std::size_t i = 0; i < pointers.size(); ++i) {
    EXPECT_NE(pointers[i], nullptr) << wire::kFunctions[i].name;
    EXPECT_EQ(pointers[i], p11_.Symbol(wire::kFunctions[i].name)) << wire::kFunctions[i].name;
  }
}

TEST_F(AbiTest, TheListStaysWhereItIs) {
  CK_FUNCTION_LIST* again = nullptr;
  EXPECT_EQ(p11_->C_GetFunctionList(&again), CKR_OK);
  EXPECT_EQ(again, p11_.v240());
  EXPECT_EQ(p11_->C_GetFunctionList(nullptr), CKR_ARGUMENTS_BAD);
}

TEST_F(AbiTest, TheInterfaceListHasBothVersionsTheNewerFirst) {
  CK_ULONG count = 0;
  EXPECT_EQ(p11_.v30()->C_GetInterfaceList(nullptr, nullptr), CKR_ARGUMENTS_BAD);
  EXPECT_EQ(p11_.v30()->C_GetInterfaceList(nullptr, &count), CKR_OK);
  EXPECT_EQ(count, 2u);
  CK_INTERFACE interfaces[2] = {};
  count = 1;
  EXPECT_EQ(p11_.v30()->C_GetInterfaceList(interfaces, &count), CKR_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(interfaces[0].pFunctionList, nullptr);
  EXPECT_EQ(p11_.v30()->C_GetInterfaceList(interfaces, &count), CKR_OK);
  EXPECT_STREQ(interfaces[0].pInterfaceName, "PKCS 11");
  EXPECT_STREQ(interfaces[1].pInterfaceName, "PKCS 11");
  EXPECT_EQ(interfaces[0].pFunctionList, p11_.v30());
  EXPECT_EQ(interfaces[1].pFunctionList, p11_.v240());
  EXPECT_EQ(interfaces[0].flags, CKF_INTERFACE_FORK_SAFE);
  EXPECT_EQ(interfaces[1].flags, CKF_INTERFACE_FORK_SAFE);
}

TEST_F(AbiTest, AnInterfaceIsFoundByNameAndVersion) {
  struct {
    const char* name;
    CK_VERSION* version;
    CK_FLAGS flags;
    CK_RV result;
    void* list;
  } rows[9];
  CK_VERSION v240 = {2, 40};
  CK_VERSION v30 = {3, 0};
  CK_VERSION v31 = {3, 1};
  rows[0] = {nullptr, nullptr, 0, CKR_OK, p11_.v30()};
  rows[1] = {"PKCS 11", nullptr, 0, CKR_OK, p11_.v30()};
  rows[2] = {"PKCS 11", &v30, 0, CKR_OK, p11_.v30()};
  rows[3] = {"PKCS 11", &v240, 0, CKR_OK, p11_.v240()};
  rows[4] = {nullptr, &v240, 0, CKR_OK, p11_.v240()};
  rows[5] = {"PKCS 11", &v31, 0, CKR_FUNCTION_FAILED, nullptr};
  rows[6] = {"Vendor of things", nullptr, 0, CKR_FUNCTION_FAILED, nullptr};
  rows[7] = {nullptr, nullptr, CKF_INTERFACE_FORK_SAFE, CKR_OK, p11_.v30()};
  rows[8] = {nullptr, nullptr, 2 | CKF_INTERFACE_FORK_SAFE, CKR_FUNCTION_FAILED, nullptr};
  for (const auto& row : rows) {
    std::string name = row.name == nullptr ? "" : row.name;
    CK_INTERFACE* found = nullptr;
    EXPECT_EQ(p11_.v30()->C_GetInterface(row.name == nullptr ? nullptr : Ptr(name), row.version,
                                         &found, row.flags),
              row.result);
    EXPECT_EQ(found == nullptr ? nullptr : found->pFunctionList, row.list);
  }
  EXPECT_EQ(p11_.v30()->C_GetInterface(nullptr, nullptr, nullptr, 0), CKR_ARGUMENTS_BAD);
}

}  // namespace
}  // namespace gw::shim_test
