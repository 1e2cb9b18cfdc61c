// Room: tests. C_SessionCancel.
#include "daemon/ops/sessions.h"

#include "daemon/ops/digest.h"
#include "daemon/ops/objects.h"
#include "tests/unit/ops/ops_fixture.h"

namespace gw {
namespace {

using SessionsTest = OpsTest;

TEST_F(SessionsTest, FlagsSayWhichOperationsEnd) {
  const auto scope = Session();
  AttributeList data;
  data.SetUlong(CKA_CLASS, CKO_DATA);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Run(ops::CreateObject(scope, data)));
  const auto begin = [&] {
    ASSERT_TRUE(ops::DigestInit(scope, Mechanism{CKM_SHA256, {}}));
    ASSERT_TRUE(ops::FindObjectsInit(scope, {}, 1));
  };
  const auto has = [&](OperationKind kind) { return scope.operations().Has(kind); };
  begin();
  ops::CancelOperations(scope, 0);
  ops::CancelOperations(scope, CKF_SIGN | CKF_GENERATE);
  EXPECT_TRUE(has(OperationKind::kDigest) && has(OperationKind::kFind));
  ops::CancelOperations(scope, CKF_DIGEST | CKF_SIGN);
  EXPECT_FALSE(has(OperationKind::kDigest));
  EXPECT_TRUE(has(OperationKind::kFind));
  ops::CancelOperations(scope, CKF_FIND_OBJECTS);
  EXPECT_FALSE(has(OperationKind::kFind));
  begin();
  ops::CancelOperations(scope, ~CK_FLAGS{0});
  EXPECT_FALSE(has(OperationKind::kDigest) || has(OperationKind::kFind));
}

}  // namespace
}  // namespace gw
